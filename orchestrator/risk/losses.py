"""Loss limits: measured every two seconds, answered with a halt.

What is measured are the portfolio's own figures, dry and live bots apart. The spells that losses are counted from are
kept in memory and stored every ten seconds where they changed, at each new day and with each halt, so that a restart
forgets no loss. Every limit binds once; when it is released, the spell of its response begins anew.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Context, Decimal

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.audit.service import By
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.policies import service as policies
from orchestrator.portfolio.service import PortfolioService
from orchestrator.portfolio.views import BotPosition, Portfolio
from orchestrator.risk import halts, spells
from orchestrator.risk.board import Board, LossUse, World
from orchestrator.risk.bonds import bond_of, demanded_bond_of
from orchestrator.risk.halts import Cause, Target
from orchestrator.risk.models import HaltModel
from orchestrator.risk.spells import SpellKey
from pool.contract.policy import LossLimit, PolicyDocument
from pool.rules import losses as rules
from pool.rules.losses import Member, Spell

EVERY_SECONDS = 2.0
_WRITE_SECONDS = 10.0
_STALE = timedelta(minutes=10)
"""A spell in which nothing changed is stored again, lest it look as if nobody had measured."""
_LOOK_BACK = timedelta(days=14)
_WIDE = Context(prec=100)
"""A loss of next to nothing has many digits."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """One limit, and the spell that it looks at."""

    key: SpellKey
    target: Target
    limit: LossLimit
    zone: str
    currency: str
    members: Mapping[str, Member]

    @property
    def rule(self) -> str:
        return f"{self.limit.scope}.{self.limit.window}.{self.limit.response}"


class Losses:
    """Run `run` as a task; `measure` is one look."""

    def __init__(
        self,
        database: Database,
        board: Board,
        portfolio: PortfolioService,
        leading: Callable[[], bool],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._board = board
        self._portfolio = portfolio
        self._leading = leading
        self._clock = clock
        self._spells: dict[SpellKey, spells.Kept] | None = None
        self._stored: dict[SpellKey, spells.Kept] = {}
        self._idle: set[str] = set()
        """Users without bots, whose spells stay."""
        self._written_at = float("-inf")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if self._leading() and self._board.sure():
                try:
                    await self.measure()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("losses cannot be measured without the database: {}", error)
                except Exception:  # a task's boundary: the next measurement must come
                    logger.exception("losses cannot be measured")
            await asyncio.sleep(EVERY_SECONDS)

    async def measure(self) -> None:
        """Moves all spells on and answers what was exceeded. Raises SQLAlchemyError, OSError or NotLeading."""
        world = self._board.world
        concerned = [owner for owner in world.owners() if _has_loss_limits(world, owner)]
        if not concerned:
            self._board.losses = {}
            return
        now = self._clock()
        async with self._database.read() as session:
            if self._spells is None:
                self._spells = await spells.load(session)
                self._stored = dict(self._spells)
            released = await halts.released_since(session, now - _LOOK_BACK, ["loss_limit"])
        figures = await self._portfolio.portfolios(concerned)
        by_owner = {owner: _watched(world, owner, portfolio) for owner, portfolio in figures.items()}
        watched = [one for found in by_owner.values() for one in found]
        urgent = self._advance(watched, released, now, world.bots.keys())
        self._board.losses = {
            owner: [_use(one, self._spells[one.key].spell) for one in found] for owner, found in by_owner.items()
        }
        exceeded = [one for one in watched if rules.exceeded(one.limit, self._spells[one.key].spell)]
        in_force = {(halt.scope, halt.subject, halt.rule, halt.trading) for halt in _of_limits(world.halts)}
        fresh = [one for one in exceeded if _named(one) not in in_force]
        if fresh:
            await self._bind(fresh, now)
        if urgent or time.monotonic() - self._written_at >= _WRITE_SECONDS:
            await self._store(world, now)

    def _advance(
        self, watched: Sequence[_Watched], released: Iterable[HaltModel], now: datetime, bots: Collection[str]
    ) -> bool:
        """True where a spell began: that is stored at once. Of those who left, whoever is not among `bots` does not
        come back, and is forgotten."""
        assert self._spells is not None
        ends, limited = _ends(released), {one.key for one in watched}
        began = False
        for key, one in _followed(watched).items():
            kept = self._spells.get(key)
            before = kept.spell if kept is not None and kept.currency == one.currency else None
            spell = rules.advance(before, key.window, one.members, now, one.zone)
            end = _end_of(key, ends, own=key in limited)
            if end is not None and end > spell.begun_at:
                spell = rules.released(spell, end)
            members = {name: profit for name, profit in spell.members.items() if name in bots or name in one.members}
            spell = replace(spell, members=members)
            began |= before is None or spell.begun_at != before.begun_at
            self._spells[key] = spells.Kept(spell, one.currency)
        return began

    async def _bind(self, exceeded: Sequence[_Watched], now: datetime) -> None:
        """With the spells that say why, before all others are stored."""
        assert self._spells is not None
        async with self._database.unit_of_work() as session:
            demanded = await policies.demanded_losses(session)
            for one in exceeded:
                spell = self._spells[one.key].spell
                why, zones = _sentence(one, spell), (spell.zone, one.zone)
                guarded = one.target.scope == "user" and one.key.window in demanded
                how = demanded_bond_of if guarded else bond_of
                bond = how(one.limit, now, zones, one.key.trading)
                cause = Cause("loss_limit", one.rule, admins_only=guarded)
                await halts.halt(session, By(why=why), one.target, bond, cause)
                logger.warning("loss limit {} of {}: {}", one.rule, one.target.subject, why)
            saying = {one.key: self._spells[one.key] for one in exceeded}
            await spells.store(session, saying)
        self._stored |= saying
        self._board.due.set()

    async def _store(self, world: World, now: datetime) -> None:
        assert self._spells is not None
        subjects = world.bots.keys() | set(world.owners())
        absent = {key.subject for key in self._spells if key.subject not in subjects} - self._idle
        changed = {key: kept for key, kept in self._spells.items() if _differs(self._stored.get(key), kept, now)}
        if changed or absent:
            async with self._database.unit_of_work() as session:
                gone = await spells.forget(session, absent)
                await spells.store(session, {key: kept for key, kept in changed.items() if key.subject not in gone})
            self._idle = (self._idle | absent) - set(gone)
            self._spells = {key: kept for key, kept in self._spells.items() if key.subject not in gone}
            changed = {key: kept for key, kept in changed.items() if key.subject not in gone}
        self._stored |= changed
        self._written_at = time.monotonic()


def _differs(stored: spells.Kept | None, kept: spells.Kept, now: datetime) -> bool:
    if stored is None or now - stored.spell.measured_at >= _STALE:
        return True
    spell = replace(kept.spell, measured_at=stored.spell.measured_at)
    return (stored.spell, stored.currency) != (spell, kept.currency)


def _watched(world: World, owner: str, portfolio: Portfolio) -> list[_Watched]:
    """All loss limits of a user and of his bots."""
    found = []
    members = {
        trading: {bot.id: member for bot in portfolio.bots if bot.mode == trading and (member := _member(bot))}
        for trading in ("dry", "live")
    }
    own = _document(world, owner)
    for limit in own.loss_limits if own is not None else ():
        for trading, bots in members.items():
            if limit.scope == "user" and own is not None and bots:
                key = SpellKey(owner, trading, limit.window, limit.response)
                found.append(_Watched(key, Target("user", owner), limit, own.time_zone, portfolio.currency, bots))
    for bot in portfolio.bots:
        document = _document(world, bot.id)
        for limit in document.loss_limits if document is not None else ():
            member = _own_member(bot)
            if limit.scope == "bot" and document is not None and member is not None:
                key = SpellKey(bot.id, bot.mode, limit.window, limit.response)
                own_members = {bot.id: member}
                found.append(_Watched(key, Target("bot", bot.id), limit, document.time_zone, bot.currency, own_members))
    return found


def _followed(watched: Iterable[_Watched]) -> dict[SpellKey, _Watched]:
    """Of each window that a limit looks at the spells of all responses, whether or not there is a limit of each now:
    whoever changes the response of a limit does not begin anew."""
    return {replace(one.key, response=response): one for one in watched for response in rules.RESPONSES}


def _use(one: _Watched, spell: Spell) -> LossUse:
    loss = max(Decimal(0), rules.loss_of(spell)).quantize(Decimal("0.0001"), context=_WIDE)
    return LossUse(f"loss_limits.{one.rule}", one.target.subject, one.key.trading, loss, one.limit.ratio)


def _member(bot: BotPosition) -> Member | None:
    """In the reporting currency; None where its rate is not known."""
    own = _own_member(bot)
    if bot.conversion is None or own is None:
        return None
    rate = bot.conversion.rate
    return Member(own.profit * rate, own.equity * rate)


def _own_member(bot: BotPosition) -> Member | None:
    """In its stake currency; None before its first report."""
    return None if bot.as_of is None else Member(bot.equity - bot.starting_capital, bot.equity)


def _document(world: World, subject: str) -> PolicyDocument | None:
    policy = world.policies.get(subject)
    return None if policy is None else policy.document


def _has_loss_limits(world: World, owner: str) -> bool:
    subjects = [owner, *(bot.bot_id for bot in world.bots.values() if bot.owner_id == owner)]
    return any((document := _document(world, subject)) is not None and document.loss_limits for subject in subjects)


def _of_limits(binding: Iterable[HaltModel]) -> Iterable[HaltModel]:
    return (halt for halt in binding if halt.source == "loss_limit")


def _named(one: _Watched) -> tuple[str, str, str, str | None]:
    return one.target.scope, one.target.subject, one.rule, one.key.trading


def _ends(released: Iterable[HaltModel]) -> dict[SpellKey, datetime]:
    """When a limit of each spell was released last."""
    ends: dict[SpellKey, datetime] = {}
    for halt in released:
        named = halt.rule.split(".")
        if len(named) != 3 or halt.released_at is None or halt.trading is None:
            continue
        for window in (one for one in rules.WINDOWS if one == named[1]):
            for response in (one for one in rules.RESPONSES if one == named[2]):
                key = SpellKey(halt.subject, halt.trading, window, response)
                ends[key] = max(ends.get(key, halt.released_at), halt.released_at)
    return ends


def _end_of(key: SpellKey, ends: Mapping[SpellKey, datetime], *, own: bool) -> datetime | None:
    """When the spell was released last: with a limit of its response by that alone, else with any other one."""
    responses = (key.response,) if own else rules.RESPONSES
    return max((end for one in responses if (end := ends.get(replace(key, response=one)))), default=None)


def _sentence(one: _Watched, spell: Spell) -> str:
    loss = rules.loss_of(spell)
    of = {"daily": "today", "weekly": "this week", "drawdown": "from the peak"}[one.limit.window]
    whose = "This bot" if one.limit.scope == "bot" else f"All {one.key.trading} bots together"
    lost = (spell.best - spell.gain) if one.limit.window == "drawdown" else -spell.gain
    return f"{whose} lost {_percent(loss)} ({lost:.2f} {one.currency}) {of}; the limit is {_percent(one.limit.ratio)}."


def _percent(ratio: Decimal) -> str:
    return f"{ratio:.2%}"
