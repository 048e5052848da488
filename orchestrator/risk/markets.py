"""Market emergencies: each user's reference pair, looked at every five seconds, answered with a halt.

A price that nobody can tell, of an exchange that is away or of a pair that it does not have, is no calm: it is told
once, and shown as a use that is not known, for as long as it lasts.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.audit.service import By
from orchestrator.bots.announce import announce_alert
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchanges.candles import Candles
from orchestrator.kit.clock import utc_now
from orchestrator.push import outbox
from orchestrator.risk import halts
from orchestrator.risk.board import Board, LossUse, World
from orchestrator.risk.bonds import bond_of
from orchestrator.risk.halts import Cause, Target
from pool.contract.policy import MarketEmergency
from pool.rules import losses as rules

EVERY_SECONDS = 5.0
_UNKNOWN_SECONDS = 60.0
"""So long a price may be missing before it is told."""
_AT_ONCE = 4
_MOST_CANDLES = 1000
_PLACES = Decimal("0.0001")


class Markets:
    """Run `run` as a task; `look` is one look."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        board: Board,
        candles: Candles,
        leading: Callable[[], bool],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._bus = bus
        self._board = board
        self._candles = candles
        self._leading = leading
        self._clock = clock
        self._unknown_since: dict[tuple[str, str], float] = {}
        """By user and pair."""
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self._leading() and self._board.sure():
                try:
                    await self.look()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("markets cannot be watched without the database: {}", error)
                except Exception:  # a task's boundary: the next look must come
                    logger.exception("markets cannot be watched")
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Raises SQLAlchemyError, OSError or NotLeading, once all users were looked at."""
        world = self._board.world
        watched = {owner: found for owner in world.owners() if (found := _emergency(world, owner)) is not None}
        limit = asyncio.Semaphore(_AT_ONCE)
        uses: dict[str, Sequence[LossUse]] = {}

        async def watch(owner: str, emergency: MarketEmergency, zone: str) -> None:
            async with limit:
                fall = await self._watch(world, owner, emergency, zone)
                books = sorted({"live" if bot.live else "dry" for bot in world.bots.values() if bot.owner_id == owner})
                uses[owner] = [LossUse("emergency", emergency.pair, book, fall, emergency.ratio) for book in books]
                await self._tell(owner, emergency, known=fall is not None)

        outcomes = await asyncio.gather(
            *(watch(owner, emergency, zone) for owner, (emergency, zone) in watched.items()),
            return_exceptions=True,  # one user's exchange keeps nobody else's from being watched
        )
        self._board.emergencies = uses
        wanted = {(owner, emergency.pair) for owner, (emergency, _) in watched.items()}
        self._unknown_since = {key: at for key, at in self._unknown_since.items() if key in wanted}
        self._told &= wanted
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _watch(self, world: World, owner: str, emergency: MarketEmergency, zone: str) -> Decimal | None:
        """How far it fell; None where that is not known."""
        closes = await self._closes(world, owner, emergency)
        now = self._clock()
        async with self._database.read() as session:
            ended = await halts.released_since(session, now - timedelta(minutes=emergency.minutes), ["emergency"])
        since = max((one.released_at for one in ended if one.subject == owner and one.released_at), default=None)
        fall = rules.market_fall(closes, emergency.minutes, now)
        anew = rules.market_fall([one for one in closes if since is None or one[0] > since], emergency.minutes, now)
        if anew is not None and anew >= emergency.ratio and not _bound(world, owner):
            await self._halt(owner, emergency, zone, anew, now)
        return None if fall is None else max(fall, Decimal(0)).quantize(_PLACES)

    async def _halt(self, owner: str, emergency: MarketEmergency, zone: str, fall: Decimal, now: datetime) -> None:
        why = (
            f"{emergency.pair} fell by {fall:.2%} within {emergency.minutes} minutes; "
            f"the limit is {emergency.ratio:.2%}."
        )
        bond = bond_of(emergency, now, (zone,), None)
        async with self._database.unit_of_work() as session:
            await halts.halt(session, By(why=why), Target("user", owner), bond, Cause("emergency", "emergency"))
        logger.warning("market emergency of {}: {}", owner, why)
        self._board.due.set()

    async def _closes(self, world: World, owner: str, emergency: MarketEmergency) -> list[tuple[datetime, float]]:
        """From the first of the user's exchanges that tells them; each with the end of its candle, or now."""
        timeframe, minutes = ("1m", 1) if emergency.minutes < _MOST_CANDLES - 1 else ("5m", 5)
        count = min(_MOST_CANDLES, emergency.minutes // minutes + 2)
        for exchange in sorted({bot.exchange for bot in world.bots.values() if bot.owner_id == owner}):
            closes = await self._candles.closes(exchange, emergency.pair, timeframe, count)
            if closes:
                now, span = self._clock(), timedelta(minutes=minutes)
                opened = {datetime.fromtimestamp(at / 1000, UTC): close for at, close in closes.items()}
                return [(min(at + span, max(at, now)), close) for at, close in opened.items()]
        return []

    async def _tell(self, owner: str, emergency: MarketEmergency, *, known: bool) -> None:
        key = (owner, emergency.pair)
        if known:
            self._unknown_since.pop(key, None)
            self._told.discard(key)
            return
        since = self._unknown_since.setdefault(key, time.monotonic())
        if key in self._told or time.monotonic() - since < _UNKNOWN_SECONDS:
            return
        text = (
            f"The price of {emergency.pair} is not known on any exchange of your bots: a market emergency would not be "
            "noticed. Choose a pair that one of them has."
        )
        async with self._database.unit_of_work() as session:
            await outbox.queue(session, [outbox.of_alert(owner, "", "", "emergency", text)])
        self._told.add(key)
        logger.warning("emergency of {}: {}", owner, text)
        await announce_alert(self._bus, owner, "", "", "emergency", text)


def _emergency(world: World, owner: str) -> tuple[MarketEmergency, str] | None:
    policy = world.policies.get(owner)
    if policy is None or policy.document.emergency is None:
        return None
    return policy.document.emergency, policy.document.time_zone


def _bound(world: World, owner: str) -> bool:
    return any((one.source, one.scope, one.subject) == ("emergency", "user", owner) for one in world.halts)
