"""Portfolios of users: one aggregation that GET, streams and history share.

`PortfolioService` keeps, per user, the high-water marks and the snapshots it has parsed already, so that an aggregation
is one query and a pure computation. Snapshots that this process itself stored are handed to it (`heard`).
`portfolio.task` computes on its own and has the marks stored.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from loguru import logger
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import service as bots
from orchestrator.bots.announce import user_topic
from orchestrator.db.engine import Database
from orchestrator.errors import NotFound
from orchestrator.events.bus import Bus, Subscription
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pace import Pace, in_steps
from orchestrator.portfolio import bot_history, history, repository, sparklines
from orchestrator.portfolio.aggregate import BotReading, Part, aggregating, is_plausible
from orchestrator.portfolio.bot_history import BotHistory
from orchestrator.portfolio.history import History, Range
from orchestrator.portfolio.peaks import Peak
from orchestrator.portfolio.repository import Marks, StandingRow
from orchestrator.portfolio.sparklines import Sparklines, SparkRange
from orchestrator.portfolio.views import Mode, Portfolio
from pool.contract.slots import ObservedState
from pool.contract.snapshots import BotSnapshot

RECENT_SECONDS = 1.5
"""Longer than from one reckoning of `PortfolioTask` to the next: where that works, whoever asks has its last one."""
_HEARD_FOR = timedelta(seconds=30)
"""Whoever has bots has a portfolio reckoned every two seconds; what nobody asked for by then is of bots that went."""

_Snapshot = tuple[datetime | None, BotSnapshot | None]
"""When the last one arrived, and what holds since: itself, or the one before where it cannot be believed."""


@dataclass(slots=True)
class _Memory:
    """What is kept of one user between aggregations."""

    currency: str
    peaks: dict[str, Peak]
    bot_peaks: dict[str, tuple[str, Decimal]]
    snapshots: dict[str, _Snapshot] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    marks_changed: bool = True
    last: Portfolio | None = None
    wanted: dict[str, datetime] = field(default_factory=dict)
    """The bots in `last`, and when a user changed each of them."""
    last_computed: float = 0.0
    reading: int = 0
    """Number of the reading that `last` was computed from."""


class PortfolioService:
    """One per process. `clock` answers the time of day, `monotonic` seconds, `keeps_marks` whether this process is the
    one that moves the high-water marks; the others read them each time."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        keeps_marks: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._monotonic = monotonic
        self._keeps_marks = keeps_marks
        self._memories: dict[str, _Memory] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._reckoning: dict[str, asyncio.Lock] = {}
        self._heard: dict[str, tuple[datetime, BotSnapshot]] = {}
        self._readings = count(1)

    async def portfolio(self, user_id: str) -> Portfolio:
        """The user's portfolio now. Raises NotFound for an unknown user."""
        return _of(await self.portfolios([user_id]), user_id)

    async def recent(self, user_id: str) -> Portfolio:
        """The same, `RECENT_SECONDS` old at most, and no older than what was published before it was asked for: however
        many streams open at once, it is computed once or twice. The same object as long as it was not computed anew.
        Raises NotFound."""
        asked = next(self._readings)
        async with self._locks.setdefault(user_id, asyncio.Lock()):
            memory = self._memories.get(user_id)
            if memory and memory.last and (memory.reading > asked or (self._keeps_marks() and self._is_recent(memory))):
                return memory.last  # whoever keeps the marks publishes what he computed
            return await self.portfolio(user_id)

    async def at_hand(self, user_id: str) -> Portfolio:
        """The same; what bots tell may be `RECENT_SECONDS` old in it, what users changed of their bots may not.
        Raises NotFound."""
        memory = self._memories.get(user_id)
        if memory and memory.last and self._is_recent(memory):
            last, wanted = memory.last, memory.wanted
            async with self._database.read() as session:
                currencies = await repository.currencies(session, [user_id])
                if currencies.get(user_id) == last.currency and await repository.wanted(session, user_id) == wanted:
                    return last
        return await self.portfolio(user_id)

    def _is_recent(self, memory: _Memory) -> bool:
        return self._monotonic() - memory.last_computed < RECENT_SECONDS

    async def portfolios(self, user_ids: Collection[str]) -> dict[str, Portfolio]:
        """Portfolios of several users from one reading; users that do not exist are missing."""
        reading = next(self._readings)
        async with self._database.read() as session:
            currencies = await repository.currencies(session, user_ids)
            rows = await repository.standings(session, currencies)
            memories = {
                user_id: await self._remember(session, user_id, currency) for user_id, currency in currencies.items()
            }
            every = [row for user_id in memories for row in rows.get(user_id, [])]
            known, changed = self._known(memories, every)
            told = await repository.snapshots(session, [row.id for row in changed if row.observed_state])
        read = await _parse(known, changed, told)
        computed: dict[str, Portfolio] = {}
        for user_id, memory in memories.items():
            try:
                async with self._reckoning.setdefault(user_id, asyncio.Lock()):
                    newer = self._memories.get(user_id, memory)
                    if newer.reading > reading and newer.last is not None:
                        computed[user_id] = newer.last  # whose rows were read after all that this one was asked about
                    else:
                        computed[user_id] = await self._compute(memory, reading, rows.get(user_id, []), read)
            except (ArithmeticError, ValueError):  # one user's figures must not take the others' portfolios away
                if len(user_ids) == 1:
                    raise
                logger.exception("the portfolio of {} cannot be computed", user_id)
        return computed

    async def owners(self) -> set[str]:
        """Ids of all users who have bots."""
        async with self._database.read() as session:
            return await repository.owners(session)

    async def history(self, user_id: str, span: Range) -> History:
        """Equity over time, in the user's present reporting currency. Raises NotFound."""
        async with self._database.read() as session:
            currency = (await repository.currencies(session, [user_id])).get(user_id)
            if currency is None:
                raise _unknown(user_id)
            return await history.read(session, user_id, currency, span, self._clock())

    async def bot_history(self, owner_id: str | None, bot_id: str, span: Range) -> BotHistory:
        """A bot's equity over time, in its present stake currency; `owner_id` None for a bot of any owner. Raises
        NotFound."""
        async with self._database.read() as session:
            bot = (await bots.get(session, owner_id, bot_id)).bot
            return await bot_history.read(session, bot.id, bot.stake_currency, span, self._clock())

    async def sparklines(self, owner_id: str, span: SparkRange) -> Sparklines:
        """A short series of each of the user's bots."""
        async with self._database.read() as session:
            return await sparklines.read(session, owner_id, span, self._clock())

    async def subscribe(self, user_id: str, after: str | None) -> tuple[Subscription, str]:
        """What follows `after` on the user's topic (None: from now on), and the cursor of the newest message now."""
        topic = user_topic(user_id)
        newest = await self._bus.latest_cursor(topic)
        return self._bus.subscribe(topic, newest if after is None else after), newest

    def heard(self, snapshots: Mapping[str, BotSnapshot], at: datetime) -> None:
        """What was just stored as the last that these bots told, arrived `at`: it is not read from there again."""
        self._heard = {bot_id: one for bot_id, one in self._heard.items() if at - one[0] < _HEARD_FOR}
        self._heard |= {bot_id: (at, snapshot) for bot_id, snapshot in snapshots.items()}

    def take_marks(self) -> list[tuple[str, str, Marks]]:
        """High-water marks that moved since the last time: user, currency, marks. For the one portfolio task."""
        taken = []
        for user_id, memory in self._memories.items():
            if memory.marks_changed:
                memory.marks_changed = False
                taken.append((user_id, memory.currency, Marks(memory.peaks, memory.bot_peaks)))
        return taken

    def return_marks(self, user_ids: Iterable[str]) -> None:
        """What was taken could not be stored: it is given out again."""
        for user_id in user_ids:
            self._memories[user_id].marks_changed = True

    def forget_marks(self) -> None:
        """Has them read again: another process may have kept them meanwhile."""
        self._memories.clear()

    async def _remember(self, session: AsyncSession, user_id: str, currency: str) -> _Memory:
        memory = self._memories.get(user_id)
        if memory is not None and memory.currency == currency and not self._keeps_marks():
            marks = await repository.load_marks(session, user_id, currency)
            memory.peaks, memory.bot_peaks = marks.peaks, marks.bot_peaks
        elif memory is None or memory.currency != currency:
            marks = await repository.load_marks(session, user_id, currency)
            fresh = _Memory(currency, marks.peaks, marks.bot_peaks)
            if self._memories.get(user_id) is memory:  # nobody else was faster
                self._memories[user_id] = fresh
            return self._memories.get(user_id, fresh)
        return memory

    def _known(
        self, memories: Mapping[str, _Memory], rows: Sequence[StandingRow]
    ) -> tuple[dict[str, _Snapshot], list[StandingRow]]:
        """The bots' last ones that need not be read, since each is read and parsed once; and whose are to be read."""
        known = {row.id: memories[row.owner_id].snapshots.get(row.id, (None, None)) for row in rows}
        changed = {row.id: row for row in rows if row.snapshot_at is None or row.snapshot_at != known[row.id][0]}
        for bot_id, row in list(changed.items()):
            heard = self._heard.get(bot_id)
            if heard is not None and heard[0] == row.snapshot_at:
                known[bot_id] = (row.snapshot_at, _believed(bot_id, heard[1], known[bot_id][1]))
                del changed[bot_id], self._heard[bot_id]
        return known, list(changed.values())

    async def _compute(
        self, memory: _Memory, reading: int, rows: Sequence[StandingRow], read: Mapping[str, _Snapshot]
    ) -> Portfolio:
        """One at a time of each user: it goes on from what the one before left."""
        readings = [_reading(row, read[row.id][1], memory) for row in rows]
        result = await in_steps(
            aggregating(readings, currency=memory.currency, now=self._clock(), peaks=memory.peaks, parts=memory.parts)
        )
        own = {bot.id: (bot.currency, result.bot_peaks[bot.id]) for bot in result.portfolio.bots}
        memory.marks_changed |= memory.peaks != result.peaks or memory.bot_peaks != own
        memory.peaks, memory.bot_peaks = dict(result.peaks), own
        memory.snapshots, memory.parts = {row.id: read[row.id] for row in rows}, result.parts
        memory.wanted = {row.id: row.updated_at for row in rows}
        memory.last, memory.last_computed, memory.reading = result.portfolio, self._monotonic(), reading
        return result.portfolio


def _reading(row: StandingRow, snapshot: BotSnapshot | None, memory: _Memory) -> BotReading:
    mode: Mode = "dry" if row.dry_run else "live"
    if snapshot is not None and snapshot.mode != mode:  # play money is no money: it has not told of the other yet
        snapshot = None
    currency, peak = memory.bot_peaks.get(row.id, (None, None))
    return BotReading(
        id=row.id,
        name=row.name,
        mode=mode,
        desired_state=row.desired_state,
        observed_state=row.observed_state or ObservedState.PENDING.value,
        trader_state=row.trader_state,
        stake_currency=row.stake_currency,
        starting_balance=row.starting_balance,
        snapshot=snapshot,
        snapshot_at=row.snapshot_at if snapshot else None,
        expected_since=row.updated_at,
        pss_bytes=None if row.pss_bytes is None else int(row.pss_bytes),
        peak_profit=peak if currency == (snapshot.stake_currency if snapshot else row.stake_currency) else None,
    )


async def _parse(
    known: dict[str, _Snapshot], changed: Sequence[StandingRow], told: Mapping[str, Mapping[str, Any] | None]
) -> dict[str, _Snapshot]:
    pace = Pace()
    for row in changed:
        known[row.id] = (row.snapshot_at, _parsed(row.id, told.get(row.id), known[row.id][1]))
        await pace.breathe()
    return known


def _parsed(bot_id: str, told: Mapping[str, Any] | None, known: BotSnapshot | None) -> BotSnapshot | None:
    if told is None:
        return None
    try:
        parsed = BotSnapshot.model_validate(told)
    except ValidationError as error:
        logger.warning("snapshot of {} is not one: {} errors", bot_id, error.error_count())
        return known
    return _believed(bot_id, parsed, known)


def _believed(bot_id: str, told: BotSnapshot, known: BotSnapshot | None) -> BotSnapshot | None:
    """One that cannot be believed is passed over for the one before."""
    if is_plausible(told):
        return told
    logger.warning("snapshot of {} tells amounts that no account holds; passed over", bot_id)
    return known


def _of(portfolios: dict[str, Portfolio], user_id: str) -> Portfolio:
    found = portfolios.get(user_id)
    if found is None:
        raise _unknown(user_id)
    return found


def _unknown(user_id: str) -> NotFound:
    return NotFound(f"There is no user {user_id}; sign in again.", id=user_id)
