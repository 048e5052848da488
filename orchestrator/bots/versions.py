"""Which version of a strategy a bot runs: chosen when it is made, changed by roll-outs alone, told in the bot's events.
Session first; nothing here commits.

A bot that trades on the timeframe that its version says goes on with what the next one says: FreqTrade's configuration,
which has the bot's timeframe, overrides a strategy. One that its user gave another timeframe keeps it.
"""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots import repository
from orchestrator.bots.models import BotEventModel, BotModel
from orchestrator.errors import InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.strategies import pinning, service
from orchestrator.strategies import repository as strategies
from orchestrator.strategies.models import number_of
from orchestrator.templates.spec import TIMEFRAMES, BotSpec
from pool.contract.events import EventType

_ORIGIN = "control"
"""Of events that no pool told."""


async def check(session: AsyncSession, spec: BotSpec, *, lock: bool = True) -> None:
    """That a new bot may run its version still, in a session that reaches what its owner may run; with `lock` the
    strategy is neither archived nor taken back until the end of the transaction. Raises InvalidSpec (fields
    `strategy.id`, `strategy.version`, `trading_mode`), StrategyNotReady."""
    if spec.strategy_id is None or spec.strategy_version_id is None:
        return
    try:
        await service.find(session, spec.strategy_id, lock=lock)
        pin = await pinning.pin(session, spec.strategy_id, number_of(spec.strategy_version_id))
    except NotFound as error:
        raise not_there(error) from None
    pinning.check_mode(pin.facts, spec.trading_mode, "trading_mode")


def not_there(error: NotFound) -> InvalidSpec:
    """What was named of a strategy is a field of a new bot, not a path."""
    field = "strategy.version" if error.params.get("field") == "version" else "strategy.id"
    return InvalidSpec(error.message, field=field)


@dataclass(frozen=True, slots=True)
class Pinned:
    """A bot that was given a version."""

    bot: BotModel
    former_timeframe: str


async def pin(
    session: AsyncSession,
    bot_id: str,
    version_id: str,
    rollout_id: str,
    by: By,
    *,
    back: bool = False,
    why: str = "",
    timeframe: str | None = None,
) -> Pinned | None:
    """The bot is to run that version from now on, with a new generation; None where it is gone, or about to be.
    `timeframe` is what it traded on with that version, where it goes back."""
    found = await repository.find(session, bot_id, None, lock=True)
    if found is None or found.bot.desired_state == "deleted":
        return None
    bot = found.bot
    former = None if bot.strategy_version_id is None else number_of(bot.strategy_version_id)
    before: dict[str, Any] = {"version": former, "timeframe": bot.timeframe, "generation": bot.generation}
    bot.timeframe = await _timeframe(session, bot, version_id, timeframe)
    bot.strategy_version_id = version_id
    bot.generation += 1
    bot.updated_at = utc_now()
    session.add(bot)
    after = {"version": number_of(version_id), "timeframe": bot.timeframe, "generation": bot.generation}
    verb = "bot.strategy_back" if back else "bot.strategy"
    audit.record(session, by.actor, verb, audit.bot(bot.id), why or by.why, before, after, tenant=bot.owner_id)
    data: dict[str, Any] = {
        "rollout_id": rollout_id,
        "version": after["version"],
        "from_version": before["version"],
        "back": back,
        "why": why,
    }
    await _tell(session, bot.id, rollout_id, data)
    return Pinned(bot, before["timeframe"])


async def _timeframe(session: AsyncSession, bot: BotModel, version_id: str, former: str | None) -> str:
    """What the bot trades on with that version."""
    known = bot.strategy_version_id or ""
    says = await strategies.timeframes(session, {known, version_id})
    if bot.timeframe != says.get(known):
        return bot.timeframe
    wanted = former or says.get(version_id)
    return wanted if wanted in TIMEFRAMES else bot.timeframe


async def _tell(session: AsyncSession, bot_id: str, rollout_id: str, data: dict[str, Any]) -> None:
    model = BotEventModel
    query = select(func.count()).where(
        col(model.bot_id) == bot_id, col(model.run_id) == rollout_id, col(model.origin) == _ORIGIN
    )
    number = (await session.exec(query)).one()
    session.add(
        model(
            bot_id=bot_id,
            run_id=rollout_id,
            origin=_ORIGIN,
            seq=number + 1,
            at=utc_now(),
            type=EventType.STRATEGY.value,
            data=data,
        )
    )
    await session.flush()
