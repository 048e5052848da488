"""Whether an exchange is asked at all: its pauses and bans, and the circuit breakers of its endpoints. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pool.contract.market import Priority
from pool.exchange.gateway.breaker import JITTER, LONGEST_OPEN, LONGEST_WITHOUT_PRICE, TRY_SECONDS, Breaker

_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 120.0
_FIRST_BAN, _LONGEST_BAN = 120.0, 3_600.0
_STRAIGHT_TRY_SECONDS = 10.0
"""One that nobody tells of has been made by then."""
_RECENT_SECONDS = 300.0
_MOST_ENDPOINTS = 500
_SEVERAL = 3
_TOGETHER_SECONDS = 10.0
"""Accounts that were too much within so long may have used up the same limit."""

ALWAYS: frozenset[Priority] = frozenset(("exit", "cancel"))
_PRICES: frozenset[Priority] = frozenset(("urgent", "price"))
"""Held back by a ban alone."""
Account = tuple[str, str, str]
"""Peer, tenant, bot."""


@dataclass
class Pause:
    """After a 429."""

    until: float = 0.0
    length: float = 0.0
    """Of the last one without a length of its own: the next is twice that."""
    _at: float = 0.0

    def refused(self, retry_after: float | None, sent_at: float, now: float, spread: float) -> None:
        if retry_after is None:
            if sent_at >= self._at:
                self.length = min(self.length * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)
            retry_after = self.length or _FIRST_PAUSE
        if sent_at >= self._at or retry_after + now > self.until:
            self._at = now
            self.until = max(self.until, now + retry_after * spread)


@dataclass
class Standing:
    """Of one authority: what it said of us, and which of its endpoints fail."""

    jitter: Callable[[], float]
    banned_until: float = 0.0
    banned_at: float = 0.0
    _pause: Pause = field(default_factory=Pause)
    """Of all but exits, cancels, and prices of other endpoints than the one that was too much."""
    _prices_until: float = 0.0
    """Of these, too, but for crossed stops': the exchange said how long it wants to be left in peace."""
    _pauses: dict[str | Account, Pause] = field(default_factory=dict)
    """Of prices by endpoint, and of accounts: of what is signed, where the address is not what was too much. A tenant's
    is the account without a bot."""
    _too_much: dict[Account, float] = field(default_factory=dict)
    """Accounts of which it was said of late, and when."""
    _ban: float = 0.0
    returning: bool = False
    """After a ban one request tries before others go."""
    _trying_until: float = 0.0
    _permitted_until: float = 0.0
    _worked_at: float = 0.0
    _breakers: dict[str, Breaker] = field(default_factory=dict)

    @property
    def paused_until(self) -> float:
        return self._pause.until

    def refused(
        self,
        status: int,
        retry_after: float | None,
        sent_at: float,
        now: float,
        endpoint: str | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """429 or 418; `alone` where the exchange limits that endpoint by itself. Exchanges that say it otherwise (403
        of a network in between, a phrase in a body) are answered as they answer: what such a refusal means is nowhere
        told for certain, and ccxt in the bot understands it."""
        if status == 418:
            self._banned(retry_after, sent_at, now)
            return
        spread = 1 + JITTER * self.jitter()
        self._pause.refused(retry_after, sent_at, now, spread)
        if endpoint is not None:
            self._pause_of(endpoint, now).refused(retry_after, sent_at, now, spread)
        if retry_after is not None and not alone:
            self._prices_until = max(self._prices_until, now + retry_after * spread)

    def refused_account(self, account: Account, retry_after: float | None, sent_at: float, now: float) -> bool:
        """429 of what one account did (orders in ten seconds): nobody else's affair, but its tenant's where it is said
        of several of that one's. Whether it is said of several tenants: they have this address alone in common."""
        recent = {one: at for one, at in self._too_much.items() if now - at <= _TOGETHER_SECONDS}
        self._too_much = dict(list(recent.items())[1 - _MOST_ENDPOINTS :]) | {account: now}
        tenants = [one[:2] for one in self._too_much]
        several = tenants.count(account[:2]) > 1
        for paused in (account, (*account[:2], "")) if several else (account,):
            self._pause_of(paused, now).refused(retry_after, sent_at, now, 1 + JITTER * self.jitter())
        return len(set(tenants)) > 1

    def _pause_of(self, whose: str | Account, now: float) -> Pause:
        """One that is over for long is forgotten."""
        if whose not in self._pauses or now - self._pauses[whose].until > _LONGEST_PAUSE:
            kept = {one: pause for one, pause in self._pauses.items() if now - pause.until <= _LONGEST_PAUSE}
            self._pauses = dict(list(kept.items())[1 - _MOST_ENDPOINTS :])
            self._pauses[whose] = Pause()
        return self._pauses[whose]

    def _banned(self, retry_after: float | None, sent_at: float, now: float) -> None:
        if retry_after is None:
            if sent_at >= self.banned_at:
                self._ban = min(self._ban * 2 or _FIRST_BAN, _LONGEST_BAN)
            retry_after = self._ban or _FIRST_BAN
        if now >= self.banned_until:
            self.banned_at = now
        self.banned_until = max(
            self.banned_until, now + retry_after + 1.0 + min(5.0, retry_after * JITTER) * self.jitter()
        )
        self.returning, self._trying_until, self._permitted_until = True, 0.0, 0.0

    def answered(self, endpoint: str, worked: bool, sent_at: float, now: float) -> None:
        """An answer that is neither 429 nor 418, or none."""
        self.breaker(endpoint).ended(worked, sent_at, now)
        if worked:
            self._worked_at = now
        if sent_at < self.banned_until:
            return
        self._trying_until = 0.0
        if worked:
            self.returning = False
            if sent_at >= self.paused_until:
                self._pause.length = 0.0

    def withdrawn(self, endpoint: str) -> None:
        self.breaker(endpoint).withdrawn()
        self._trying_until = 0.0

    def banned(self, now: float) -> float:
        """Seconds in which nothing is sent."""
        return max(0.0, self.banned_until - now)

    def probing(self, priority: Priority, now: float) -> bool:
        """The first request after a ban is under way, and others wait for what comes of it."""
        return self.returning and now < self._trying_until and priority not in ALWAYS

    def permitted(self, now: float) -> None:
        """Somebody asks himself, and tells nothing of what comes of it. After a ban he is the one who tries; when he
        has had his time and nobody heard of another ban, it is over."""
        if not self.returning:
            return
        if 0 < self._permitted_until <= now:
            self.returning = False
        elif self._permitted_until == 0:
            self._permitted_until = now + _STRAIGHT_TRY_SECONDS

    def tried_straight(self, priority: Priority, now: float) -> float:
        """Seconds in which others who would ask themselves have to wait after a ban."""
        if not self.returning or priority in ALWAYS:
            return 0.0
        return max(0.0, max(self._permitted_until, min(self._trying_until, now + 1.0)) - now)

    def paused(self, priority: Priority, endpoint: str, account: Account, now: float) -> float:
        if priority in ALWAYS:
            return 0.0
        if priority in _PRICES:
            return max(0.0, self._paused_of(endpoint) - now, self._prices_until - now if priority == "price" else 0.0)
        until = 0.0 if priority == "data" else max(self._paused_of(account), self._paused_of((*account[:2], "")))
        return max(0.0, max(until, self._pause.until) - now)

    def _paused_of(self, whose: str | Account) -> float:
        pause = self._pauses.get(whose)
        return 0.0 if pause is None else pause.until

    def opened(self, endpoint: str, priority: Priority, now: float) -> float:
        if priority in ALWAYS or endpoint not in self._breakers:
            return 0.0
        longest = LONGEST_WITHOUT_PRICE if priority in _PRICES else LONGEST_OPEN
        return self._breakers[endpoint].wait(now, longest)

    def sent(self, endpoint: str, now: float) -> None:
        self.breaker(endpoint).trying(now)
        if self.returning:
            self._trying_until = now + TRY_SECONDS

    def breaker(self, endpoint: str) -> Breaker:
        if endpoint not in self._breakers and len(self._breakers) >= _MOST_ENDPOINTS:
            oldest = min(self._breakers, key=lambda name: self._breakers[name].last_at)
            del self._breakers[oldest]
        return self._breakers.setdefault(endpoint, Breaker(self.jitter))

    def failing(self, now: float) -> tuple[list[str], int]:
        """Endpoints whose breaker is not closed, and how many were asked of late."""
        recent = {name: one for name, one in self._breakers.items() if now - one.last_at < _RECENT_SECONDS}
        return sorted(name for name, one in recent.items() if one.open_until is not None), len(recent)

    def gone(self, now: float) -> bool:
        """Nothing answers: all that was asked of late fails, or several in a row did and none worked since."""
        failing, recent = self.failing(now)
        since = sum(1 for one in self._breakers.values() if one.last_at > self._worked_at)
        return bool(failing) and (len(failing) == recent or since >= _SEVERAL)

    def to_json(self) -> dict[str, Any]:
        return {
            "banned_until": self.banned_until,
            "paused_until": self._pause.until,
            "pause": self._pause.length,
            "ban": self._ban,
            "returning": self.returning,
            "prices_until": self._prices_until,
            "pauses": [[whose, one.until, one.length] for whose, one in self._pauses.items()],
            "breakers": {name: one.to_json() for name, one in self._breakers.items() if one.open_until is not None},
        }

    def of_json(self, value: dict[str, Any], shift: float) -> None:
        """Times are `shift`ed."""
        self.banned_until = float(value["banned_until"]) + shift
        self._pause = Pause(float(value["paused_until"]) + shift, float(value["pause"]))
        self._ban = float(value["ban"])
        self.returning = bool(value["returning"])
        self._prices_until = float(value.get("prices_until", 0.0)) + shift
        for whose, until, length in value.get("pauses", ()):
            self._pauses[whose if isinstance(whose, str) else _account(whose)] = Pause(until + shift, length)
        for name, one in value["breakers"].items():
            self.breaker(str(name)).of_json(one, shift)


def _account(told: Any) -> Account:
    peer, tenant, bot = told
    return str(peer), str(tenant), str(bot)
