"""What one bot holds: its open trades as it told last, and what is reserved for orders that it has not told of yet.

A reservation lives from the grant on. It may be given up only when nothing can come of it any more, or what came of it
is told: a bot trades a pair once at a time, so a trade of the same pair and side takes a reservation in.

- granted, and never heard of again: given up by the first snapshot taken after it expired that shows no order of the
  pair under way
- sent: kept as long as the bot shows the pair with open orders; given up when it shows it without, or not at all for a
  while
- filled: kept until a snapshot taken after the fill shows the trade, or does not show it for a while (closed again)
- released: given up at once
- whatever its state: kept as long as the bot tells that its order rests, or may be on its way (`BotSnapshot.entering`)

What a bot tells there of reservations that are not known here (a former leader granted them) counts beside its trades.

A snapshot counts as taken after what the bot told before only if it is another one than was known then, and arrived
`MARGIN_SECONDS` later: it may have been on its way. Pure but for its own state; time is passed in, monotonic.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pool.contract.risk import ReserveRequest, Settlement
from pool.contract.snapshots import BotSnapshot, Entering, OpenTrade
from pool.rules.limits import Exposure

VALID_SECONDS = 10.0
"""How long a grant may be used, from when the bot asked."""
MARGIN_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
"""Bots tell at least every 5 s; a trade that two snapshots do not show is not there."""

State = Literal["granted", "sent", "filled"]
Rate = Callable[[str], Decimal | None]
"""What one unit of a currency is worth in the reporting currency; None while unknown."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room that is kept for one order."""

    request: ReserveRequest
    state: State
    exposure: Decimal
    """In the stake currency."""
    changed_at: float
    expires_at: float
    seen: datetime | None
    """`as_of` of the bot's newest snapshot when the state changed."""
    trade_id: int | None = None

    @property
    def key(self) -> tuple[str, bool]:
        return self.request.pair, self.request.is_short

    @property
    def adds(self) -> bool:
        """It adds to a trade that there is already."""
        return self.request.purpose == "adjust"


@dataclass(slots=True)
class Account:
    """One bot. `live` tells which book it belongs to: what it told of the other one does not count."""

    bot_id: str
    live: bool
    snapshot: BotSnapshot | None = None
    heard_at: float | None = None
    """When its last new snapshot arrived here, in monotonic seconds."""
    reservations: dict[str, Reservation] = field(default_factory=dict)
    _run_id: str | None = None
    """Which run told it; None where that is not known, as of one that was stored."""
    _known: tuple[Rate, list[Exposure]] | None = None
    """Its exposures at these rates; forgotten with every change."""

    def equity(self, rate: Rate) -> Decimal | None:
        """In the reporting currency; None before its first report: what it was given is not there until it shows it."""
        return None if self.snapshot is None else _worth(self.snapshot.equity, rate(self.snapshot.stake_currency))

    def exposures(self, rate: Rate) -> list[Exposure]:
        """Positions and reservations merged by pair and side; computed once for the same object of rates."""
        if self._known is None or self._known[0] is not rate:
            self._known = (rate, self.exposures_with(rate, self.reservations.values()))
        return self._known[1]

    def exposures_with(self, rate: Rate, own: Collection[Reservation]) -> list[Exposure]:
        """The same with these reservations instead of the bot's own."""
        entering: dict[tuple[str, bool], Decimal | None] = {}
        adding: dict[tuple[str, bool], list[Decimal | None]] = defaultdict(list)
        assets: dict[tuple[str, bool], str] = {}
        for one in own:
            assets[one.key] = one.request.asset
            value = _worth(one.exposure, rate(one.request.stake_currency))
            if one.adds:
                adding[one.key].append(value)
            else:
                entering[one.key] = _larger(entering.get(one.key, _ZERO), value)
        positions: dict[tuple[str, bool], Decimal | None] = {}
        if self.snapshot is not None:
            worth = rate(self.snapshot.stake_currency)
            told = self.snapshot.entering
            for trade in self.snapshot.open_trades:
                key = (trade.pair, trade.is_short)
                assets[key] = trade.base_currency
                held = _gross(trade) if told is None else abs(trade.amount * trade.current_rate)
                positions[key] = _sum([positions.get(key, _ZERO), _worth(held, worth)])
            adds = {one.request.request_id: one.adds for one in own}
            for order in told or ():
                key, value = (order.pair, order.is_short), _worth(max(order.exposure, _ZERO), worth)
                assets[key] = order.base_currency
                if order.reservation not in adds:
                    adding[key].append(value)
                elif not adds[order.reservation]:
                    positions[key] = _sum([positions.get(key, _ZERO), value])
        found = []
        for key in sorted(assets):
            value = _larger(positions.get(key, _ZERO), entering.get(key, _ZERO))
            value = _sum([value, *adding.get(key, [])])
            found.append(Exposure(self.bot_id, assets[key], key[1], value))
        return found

    def keep_book(self, live: bool) -> bool:
        """The bot is a dry or a live one (now). True where that took away what it had told; reservations stay."""
        self.live = live
        if self.snapshot is None or _is_live(self.snapshot) == live:
            return False
        self.snapshot = self.heard_at = self._run_id = self._known = None
        return True

    def take_snapshot(self, snapshot: BotSnapshot, now: float, run_id: str | None = None) -> None:
        """The bot told how it stands. The same one told again is no news, nor is an older one of another run: one and
        the same run may tell of an earlier time, where somebody set the machine's clock."""
        if _is_live(snapshot) != self.live:
            return
        before = self.snapshot
        if before is not None and before.as_of == snapshot.as_of:
            return
        same_run = self._run_id is None or self._run_id == run_id
        if before is not None and snapshot.as_of < before.as_of and not same_run:
            return
        self.snapshot, self.heard_at, self._run_id, self._known = snapshot, now, run_id, None
        shown = {(trade.pair, trade.is_short): trade for trade in snapshot.open_trades}
        under_way = {order.reservation for order in self._entering()}
        self.reservations = {
            request_id: one
            for request_id, one in self.reservations.items()
            if request_id in under_way or not _over(one, shown.get(one.key), snapshot, now)
        }

    def grant(self, reservation: Reservation) -> None:
        self._known = None
        self.reservations[reservation.request.request_id] = reservation

    def granted(self, request: ReserveRequest, now: float) -> Reservation:
        """What granting the request would keep. Of a replaced order it takes the place of the former reservation, adds
        to a trade only if that one did (or nobody here knows), and never keeps less: the former order rests until it is
        cancelled, and what was filled of it stays."""
        before = self.reservations.get(request.request_id)
        rests = [order.exposure for order in self._entering() if order.reservation == request.request_id]
        exposure = max([request.exposure, *rests] if before is None else [request.exposure, before.exposure])
        if request.purpose == "replace" and (before is None or before.adds):
            request = request.model_copy(update={"purpose": "adjust"})
        return Reservation(request, "granted", exposure, now, now + VALID_SECONDS, self.as_of)

    def settle(self, settlement: Settlement, now: float) -> bool:
        """False for a reservation that is not known (any more)."""
        before = self.reservations.get(settlement.request_id)
        if before is None:
            return False
        self._known = None
        if settlement.outcome == "released":
            del self.reservations[settlement.request_id]
            return True
        if before.state == "filled" and settlement.outcome == "sent":
            return True  # told late
        exposure = before.exposure if settlement.exposure is None else max(settlement.exposure, _ZERO)
        if settlement.outcome == "sent":
            exposure = max(exposure, before.exposure)
        self.reservations[settlement.request_id] = replace(
            before,
            state=settlement.outcome,
            exposure=exposure,
            changed_at=now,
            seen=self.as_of,
            trade_id=settlement.trade_id if settlement.trade_id is not None else before.trade_id,
        )
        return True

    @property
    def as_of(self) -> datetime | None:
        return self.snapshot.as_of if self.snapshot is not None else None

    def _entering(self) -> list[Entering]:
        return (self.snapshot.entering if self.snapshot is not None else None) or []


def _over(one: Reservation, trade: OpenTrade | None, snapshot: BotSnapshot, now: float) -> bool:
    """Whether the snapshot ends the reservation; see above."""
    since = now - one.changed_at
    if snapshot.as_of == one.seen or since < MARGIN_SECONDS:
        return False
    under_way = trade is not None and trade.has_open_orders
    match one.state:
        case "granted":
            return now >= one.expires_at + MARGIN_SECONDS and not under_way
        case "sent":
            return not under_way and (trade is not None or since >= PATIENCE_SECONDS)
        case "filled":
            return trade is not None or since >= PATIENCE_SECONDS


def _is_live(snapshot: BotSnapshot) -> bool:
    return snapshot.mode == "live"


def _gross(trade: OpenTrade) -> Decimal:
    """Of a bot that does not tell what rests: market value, and at least what was staked where anything does, leverage
    included."""
    value = abs(trade.amount * trade.current_rate)
    return max(value, trade.stake_amount * trade.leverage) if trade.has_open_orders else value


def _worth(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else amount * rate


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = _ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _larger(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else max(one, other)
