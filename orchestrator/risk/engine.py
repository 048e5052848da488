"""The fleet's risk engine: judges and books in one step, in the leader's memory.

Nothing here waits, so between a judgement and its booking nobody else is judged: caps hold even when fifty bots ask at
once. Dry and live bots of a user have a book each: play money neither takes room from real money nor makes any.

After a start or a take-over the engine knows nothing of what its predecessor granted. For `LEASE_SECONDS` nothing is
granted to users whose bots ran before, unless each of those bots has reported since all former grants lapsed: by then
what came of them is told, and bots of pools that cannot be reached have no lease any more.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orchestrator.portfolio.aggregate import is_plausible, known_rates
from orchestrator.risk.book import MARGIN_SECONDS, VALID_SECONDS, Account, Rate, Reservation
from pool.contract.policy import Limits
from pool.contract.risk import LEASE_SECONDS, Grant, Mode, ReserveRequest, Settlement
from pool.contract.snapshots import BotSnapshot
from pool.rules import limits as rules
from pool.rules.correlation import Correlate, unknown
from pool.rules.limits import Exposure, Refused, Use

FACTS_SECONDS = 10.0
"""Without an answer of the database for so long nothing is granted."""
_NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class BotFacts:
    """What the database says of a bot."""

    bot_id: str
    owner_id: str
    live: bool
    mode: Mode
    why: str
    ran_before: bool = False
    """It had a process, or may have had one, when this term began."""
    snapshot: BotSnapshot | None = None
    """The last one that was stored; for a bot that has not reported here yet."""
    pool_id: str | None = None
    epoch: int = 0
    blocked: Refused | None = None
    """Why it opens nothing: its exchange account and the books differ, or its owner may not trade live."""


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What the database says of a user."""

    user_id: str
    currency: str
    limits: Limits | None = None
    correlate: Correlate = unknown
    readable: bool = True
    """False where the limits are those of a newer Flotilla: an unknown limit is no missing one."""
    counts_losses: bool = False
    """There is a limit of what his bots may lose together: one whose rate is not known would lose beside it."""


@dataclass(slots=True)
class _Fleet:
    users: Mapping[str, UserFacts] = field(default_factory=dict)
    bots: Mapping[str, BotFacts] = field(default_factory=dict)
    learned_at: float | None = None


class Engine:
    """One per term. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_at = clock()
        self._fleet = _Fleet()
        self._accounts: dict[str, Account] = {}
        self._warm: set[str] = set()
        self._rates: dict[str, Rate] = {}
        """By user; forgotten when a rate that his bots told changed."""
        self.refused: Counter[str] = Counter()
        """By limit, since the term began."""
        self.granted = 0

    # ---- what is told to it

    def learn(self, users: Mapping[str, UserFacts], bots: Mapping[str, BotFacts]) -> None:
        """What the database says now. Bots that are not in it any more are forgotten."""
        before = self._fleet
        self._fleet = _Fleet(dict(users), dict(bots), self._clock())
        if before.bots.keys() != bots.keys() or _currencies(before.users) != _currencies(users):
            self._rates.clear()
        for bot_id in self._accounts.keys() - bots.keys():
            del self._accounts[bot_id]
        for bot in bots.values():
            account = self._accounts.get(bot.bot_id)
            if account is None:
                stored = bot.snapshot if bot.snapshot is not None and is_plausible(bot.snapshot) else None
                account = self._accounts[bot.bot_id] = Account(bot.bot_id, bot.live, stored)
            if account.keep_book(bot.live):
                self._rates.pop(bot.owner_id, None)

    def snapshot(self, bot_id: str, snapshot: BotSnapshot, run_id: str | None = None) -> None:
        """A bot reported. What no account holds is passed over."""
        account = self._accounts.get(bot_id)
        if account is None or not is_plausible(snapshot):
            return
        if account.snapshot is None or _told_rate(account.snapshot) != _told_rate(snapshot):
            self._rates.pop(self._fleet.bots[bot_id].owner_id, None)
        account.take_snapshot(snapshot, self._clock(), run_id)

    def is_assigned(self, bot_id: str, pool_id: str, epoch: int | None) -> bool:
        """Whether the bot belongs into this pool, and its slot there is not of a former assignment; `epoch` None where
        that is not known."""
        bot = self._fleet.bots.get(bot_id)
        return bot is not None and bot.pool_id == pool_id and (epoch is None or epoch >= bot.epoch)

    def reserve(self, bot_id: str, request: ReserveRequest) -> Grant:
        """The answer; a grant is booked when this returns."""
        refused = self._refusal(bot_id, request)
        if refused is not None:
            self.refused[refused.limit] += 1
            return Grant(
                bot_id=bot_id,
                request_id=request.request_id,
                granted=False,
                limit=refused.limit,
                message=refused.message,
            )
        account = self._accounts[bot_id]
        account.grant(account.granted(request, self._clock()))
        self.granted += 1
        return Grant(bot_id=bot_id, request_id=request.request_id, granted=True, valid_seconds=VALID_SECONDS)

    def settle(self, bot_id: str, settlement: Settlement) -> None:
        """What became of a reservation."""
        account = self._accounts.get(bot_id)
        if account is not None:
            account.settle(settlement, self._clock())

    # ---- what it knows

    def warming(self, user_id: str) -> bool:
        """Whether it still waits for what came of grants that somebody else gave; see above."""
        if user_id in self._warm:
            return False
        now = self._clock()
        settled = self._began_at + VALID_SECONDS + MARGIN_SECONDS
        if now < self._began_at + LEASE_SECONDS and not all(
            (heard := self._accounts[bot.bot_id].heard_at) is not None and heard >= settled
            for bot in self._fleet.bots.values()
            if bot.owner_id == user_id and bot.ran_before
        ):
            return True
        self._warm.add(user_id)
        return False

    def uses(self, user_id: str, *, live: bool) -> list[Use]:
        """How far each limit of the user is used by his dry or his live bots."""
        user = self._fleet.users.get(user_id)
        if user is None or user.limits is None:
            return []
        rate = self._rate(user)
        held = self._held(user_id, live, rate)
        return rules.uses(rules.merged(held), user.limits, self._account(user, live, rate), user.correlate)

    def held(self, user_id: str) -> list[Exposure]:
        """Positions and reservations of all his bots, dry and live."""
        user = self._fleet.users.get(user_id)
        if user is None:
            return []
        rate = self._rate(user)
        return [*self._held(user_id, False, rate), *self._held(user_id, True, rate)]

    def reservations(self, user_id: str) -> list[tuple[str, Reservation]]:
        """Those of his bots, by bot."""
        return [
            (bot_id, one)
            for bot_id, account in sorted(self._accounts.items())
            if self._fleet.bots[bot_id].owner_id == user_id
            for one in account.reservations.values()
        ]

    def blocked(self, bot_id: str) -> str | None:
        """Why the bot opens nothing, whatever its mode and the limits."""
        bot = self._fleet.bots.get(bot_id)
        return bot.blocked.message if bot is not None and bot.blocked is not None else None

    def reserved(self) -> int:
        """How many reservations there are."""
        return sum(len(account.reservations) for account in self._accounts.values())

    def knows(self) -> bool:
        """Whether the database answered lately."""
        learned_at = self._fleet.learned_at
        return learned_at is not None and self._clock() - learned_at <= FACTS_SECONDS

    # ---- judging

    def _refusal(self, bot_id: str, request: ReserveRequest) -> Refused | None:
        if not self.knows():
            return Refused("lease", "The control plane has no word of its database; nothing is granted until then.")
        bot = self._fleet.bots.get(bot_id)
        user = self._fleet.users.get(bot.owner_id) if bot is not None else None
        if bot is None or user is None:
            return Refused("lease", "The control plane does not know this bot yet; it will be asked again.")
        if bot.mode is not Mode.ACTIVE:
            return Refused("mode", bot.why or f"The bot is {bot.mode}.")
        if bot.blocked is not None:
            return bot.blocked
        if not user.readable:
            return Refused(
                "limits", "Your policy cannot be read by this Flotilla: put another one; nothing is granted before."
            )
        if self.warming(user.user_id):
            return Refused(
                "warming", "The control plane has just begun and waits for reports of all bots; seconds remain."
            )
        if not request.exposure > 0:
            return Refused("limits", "An order that adds risk has an exposure above 0.")
        if user.counts_losses and self._rate(user)(request.stake_currency) is None:
            return Refused(
                "loss_limits",
                f"No rate from {request.stake_currency} into {user.currency} is known, so losses would not count; "
                "nothing is added until it is.",
            )
        return self._judge(bot, user, request)

    def _judge(self, bot: BotFacts, user: UserFacts, request: ReserveRequest) -> Refused | None:
        limits = user.limits or _NO_LIMITS
        rate = self._rate(user)
        account = self._accounts[bot.bot_id]
        others = self._held(user.user_id, bot.live, rate, but=bot.bot_id)
        asking = account.granted(request, self._clock())
        before = account.exposures(rate)
        after = account.exposures_with(rate, [*_without(account, request.request_id), asking])
        asked = _difference(before, after, request, bot.bot_id)
        return rules.judge(
            asked, rules.merged([*others, *before]), limits, self._account(user, bot.live, rate), user.correlate
        )

    def _account(self, user: UserFacts, live: bool, rate: Rate) -> rules.Account:
        """A bot that has not reported yet, or whose rate is not known, adds nothing: equity is then too low rather than
        too high."""
        known = [
            value for account in self._accounts_of(user.user_id, live) if (value := account.equity(rate)) is not None
        ]
        return rules.Account(sum(known, Decimal(0)) if known else None, user.currency)

    def _held(self, user_id: str, live: bool, rate: Rate, but: str | None = None) -> list[Exposure]:
        return [
            one
            for account in self._accounts_of(user_id, live)
            if account.bot_id != but
            for one in account.exposures(rate)
        ]

    def _accounts_of(self, user_id: str, live: bool) -> list[Account]:
        bots = self._fleet.bots
        return [
            account
            for bot_id, account in self._accounts.items()
            if account.live == live and bots[bot_id].owner_id == user_id
        ]

    def _rate(self, user: UserFacts) -> Rate:
        known = self._rates.get(user.user_id)
        if known is None:
            bots = self._fleet.bots
            told = (one.snapshot for bot_id, one in self._accounts.items() if bots[bot_id].owner_id == user.user_id)
            rates = {source: rate.rate for source, rate in known_rates(told, user.currency).items()}
            rates[user.currency] = Decimal(1)
            known = self._rates[user.user_id] = rates.get
        return known


def _currencies(users: Mapping[str, UserFacts]) -> dict[str, str]:
    return {user_id: user.currency for user_id, user in users.items()}


def _told_rate(snapshot: BotSnapshot) -> tuple[str, str, Decimal] | None:
    told = snapshot.conversion
    return None if told is None else (told.source, told.target, told.rate)


def _without(account: Account, request_id: str) -> list[Reservation]:
    return [one for known, one in account.reservations.items() if known != request_id]


def _difference(before: list[Exposure], after: list[Exposure], request: ReserveRequest, bot_id: str) -> Exposure:
    """What the request adds to what the bot holds already: for a replaced order only what is more, and no trade."""

    def one(held: list[Exposure]) -> list[Exposure]:
        return [each for each in held if each.asset == request.asset and each.is_short == request.is_short]

    was, will = one(before), one(after)
    worth, now = rules.gross(will), rules.gross(was)
    value = None if worth is None or now is None else max(Decimal(0), worth - now)
    trades = sum(each.trades for each in will) - sum(each.trades for each in was)
    return Exposure(bot_id, request.asset, request.is_short, value, max(0, trades))
