"""The look at the database every second, and at once when told that halts changed: what binds, what is ordered, which
limits hold. It is the second way down of a halt, beside the message that asked for the look."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.bots.announce import announce_alert
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus, SubscriberTooSlow
from orchestrator.findings import service as findings
from orchestrator.kit.clock import utc_now
from orchestrator.policies.book import PolicyBook
from orchestrator.push import outbox
from orchestrator.risk import facts, halts
from orchestrator.risk.board import Board, World
from orchestrator.risk.correlations import Correlations
from orchestrator.risk.engine import BotFacts, UserFacts
from orchestrator.risk.facts import BotRow
from orchestrator.risk.models import HaltModel
from orchestrator.risk.modes import Order
from orchestrator.risk.ungoverned import Ungoverned
from pool.contract.policy import PolicyInForce
from pool.contract.risk import Mode
from pool.contract.snapshots import BotSnapshot
from pool.rules.limits import Refused

EVERY_SECONDS = 1.0
_MOST_ALERTS = 20
NO_LEAVE = Refused(
    "live", "An administrator took the leave to trade with real money away: nothing is opened, exits go on."
)
NO_OWNER = Refused(
    "live",
    "Its owner was deactivated: nothing new is ordered with real money, exits go on. An administrator lets him in "
    "again, or stops the bot.",
)


class Watch:
    """Run `run` and `follow_hints` as tasks. `look` is one look."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        board: Board,
        correlations: Correlations,
        leading: Callable[[], bool],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._bus = bus
        self._board = board
        self._correlations = correlations
        self._leading = leading
        self._clock = clock
        self._policies = PolicyBook()
        self._ungoverned = Ungoverned(database, bus, board)
        self._stored: Mapping[str, BotSnapshot] = {}
        self._ran_before: frozenset[str] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._board.due.clear()
            if self._leading():
                try:
                    await self.look()
                    await self._ungoverned.tell()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("risk cannot use the database, nothing is granted until it can: {}", error)
                except Exception:  # a task's boundary: the next look must come
                    logger.exception("a look at halts failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):
                    await self._board.due.wait()

    async def follow_hints(self) -> None:
        """Looks at once when somebody says so."""
        while True:
            subscription = self._bus.subscribe(halts.TOPIC)
            try:
                async for _ in subscription:
                    self._board.due.set()
            except SubscriberTooSlow:
                self._board.due.set()
            finally:
                await subscription.aclose()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Raises SQLAlchemyError, OSError or NotLeading."""
        began, clocks = time.monotonic(), self._board.clocks()
        async with self._database.read() as session:
            bots = {bot.bot_id: bot for bot in await facts.bots(session)}
            binding = await halts.in_force(session)
            known = await facts.orders(session, bots)
            asked = [(bot.bot_id, bot.owner_id) for bot in bots.values()]
            asked += [(owner, owner) for owner in {bot.owner_id for bot in bots.values()}]
            policies = await self._policies.read(session, asked)
            blocked = await findings.blocked_bots(session)
            if self._ran_before is None:
                self._stored = await facts.snapshots(session)
                self._ran_before = frozenset(await facts.running(session))
        now = self._clock()
        if any(_is_over(halt, bots, now) for halt in binding):
            binding = await self._release_due()
        orders, changed = await self._order(bots, binding, known)
        self._teach(bots, orders, policies, blocked)
        self._board.take(World(bots, binding, orders, policies, began, clocks))
        await self._tell([(bots[bot_id], orders[bot_id]) for bot_id in changed])

    async def _release_due(self) -> list[HaltModel]:
        async with self._database.unit_of_work() as session:
            released = await halts.release_due(session, self._clock())
            binding = await halts.in_force(session)
        for halt in released:
            logger.info("halt {} of {} {} ended: {}", halt.id, halt.scope, halt.subject, halt.released_why)
        return binding

    async def _order(
        self, bots: Mapping[str, BotRow], binding: list[HaltModel], known: Mapping[str, Order]
    ) -> tuple[Mapping[str, Order], list[str]]:
        """What is ordered now, and the bots whose mode changed with it."""
        told = self._board.told(bots)
        if not facts.changed_orders(known, bots.values(), binding, told):
            return known, []
        async with self._database.unit_of_work() as session:
            locked = await facts.orders(session, bots, lock=True)
            changed = facts.changed_orders(locked, bots.values(), binding, told)
            await facts.store_orders(session, changed)
            modes = {bot_id: order.mode for bot_id, order in locked.items()}
            others = [bot_id for bot_id, order in changed.items() if modes.get(bot_id, Mode.ACTIVE) is not order.mode]
            alerts = _alerts([(bots[bot_id], changed[bot_id]) for bot_id in others])
            await outbox.queue(session, [outbox.of_alert(*alert) for alert in alerts])
        return {**locked, **changed}, others

    async def _tell(self, ordered: Sequence[tuple[BotRow, Order]]) -> None:
        for bot, order in ordered:
            logger.warning("bot {} is ordered {} (number {}): {}", bot.bot_id, order.mode, order.number, order.why)
        for alert in _alerts(ordered):
            await announce_alert(self._bus, *alert)

    def _teach(
        self,
        bots: Mapping[str, BotRow],
        orders: Mapping[str, Order],
        policies: Mapping[str, PolicyInForce],
        blocked: Mapping[str, str],
    ) -> None:
        users: dict[str, UserFacts] = {}
        taught: dict[str, BotFacts] = {}
        for bot in bots.values():
            if bot.owner_id not in users:
                policy = policies.get(bot.owner_id)
                limits = policy.document.limits if policy is not None else None
                correlate = self._correlations.of(limits.group_exposure if limits is not None else None)
                together = policy is not None and any(one.scope == "user" for one in policy.document.loss_limits)
                readable = bot.owner_id not in self._policies.unreadable
                users[bot.owner_id] = UserFacts(bot.owner_id, bot.currency, limits, correlate, readable, together)
            order = orders[bot.bot_id]
            taught[bot.bot_id] = BotFacts(
                bot_id=bot.bot_id,
                owner_id=bot.owner_id,
                live=bot.live,
                mode=order.mode,
                why=order.why,
                ran_before=bot.bot_id in (self._ran_before or ()),
                snapshot=self._stored.get(bot.bot_id),
                pool_id=bot.pool_id,
                epoch=bot.epoch,
                blocked=_blocked(bot, blocked.get(bot.bot_id)),
            )
        self._board.engine.learn(users, taught)
        self._stored = {}  # known to the engine from now on


def _blocked(bot: BotRow, found: str | None) -> Refused | None:
    """`found` is what findings say."""
    if bot.live and not bot.owner_signs_in:
        return NO_OWNER
    if bot.live and not bot.may_trade_live:
        return NO_LEAVE
    return None if found is None else Refused("findings", found)


def _alerts(ordered: Sequence[tuple[BotRow, Order]]) -> list[tuple[str, str, str, str, str]]:
    """Owner, bot's id and name, type, message: bot by bot, or in one sentence where that would be a flood."""
    alike: dict[tuple[str, str, str], list[BotRow]] = {}
    for bot, order in ordered:
        alike.setdefault((bot.owner_id, order.mode, order.why), []).append(bot)
    told = []
    for (owner, mode, why), group in alike.items():
        if len(group) > _MOST_ALERTS:
            told.append((owner, "", "", f"mode.{mode}", f"{len(group)} bots: {why or 'They may open trades again.'}"))
        else:
            text = why or "It may open trades again."
            told += [(owner, bot.bot_id, bot.name, f"mode.{mode}", text) for bot in group]
    return told


def _is_over(halt: HaltModel, bots: Mapping[str, BotRow], now: datetime) -> bool:
    """Its time is up, or its bot was deleted."""
    due = halt.release_at is not None and halt.release_at <= now
    return due or (halt.scope == "bot" and halt.subject not in bots)
