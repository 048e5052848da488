"""Roll-outs of versions as rows: started and aborted here at a user's wish, carried out by `reconcile.versions`.
Session first; nothing here commits."""

from collections.abc import Collection, Sequence

from sqlalchemy import literal, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.db import locks
from orchestrator.db.types import UtcDateTime
from orchestrator.errors import Conflict, InvalidSpec, NotFound, StrategyNotReady
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.strategies import pinning, repository, usage
from orchestrator.strategies.models import USE, WAITING, StrategyRolloutModel, StrategyShareModel, number_of
from orchestrator.strategies.pinning import Pin
from orchestrator.strategies.rollout import ABORT, Leg, Progress, State, VersionFacts

_PROBLEM_LENGTH = 500


async def start(
    session: AsyncSession,
    owner_id: str,
    strategy_id: str,
    ref: str | int,
    by: By,
    bot_ids: Collection[str] | None = None,
) -> StrategyRolloutModel:
    """Brings this user's bots of the strategy to a version: those named, or all that run another one. The one that is
    under way already where it is to the same version. Raises NotFound, StrategyNotReady, InvalidSpec (fields `bots`,
    `version`), Conflict while another one is under way."""
    pin = await pinning.pin(session, strategy_id, ref)
    await locks.hold(await session.connection(), locks.ROLLOUTS)
    chosen = await _chosen(session, pin, owner_id, bot_ids)
    under_way = await _active_of(session, owner_id, strategy_id)
    if under_way is not None:
        if under_way.version_id == pin.version_id and {leg.bot_id for leg in legs_of(under_way)} >= set(chosen):
            return under_way
        raise Conflict(
            f"The roll-out {under_way.id} of this strategy is under way; wait until it has ended, or abort it.",
            rollout_id=under_way.id,
        )
    now = utc_now()
    rollout = StrategyRolloutModel(
        id=new_id("rollout"),
        owner_id=owner_id,
        strategy_id=strategy_id,
        version_id=pin.version_id,
        state=State.RUNNING,
        legs=[Leg(bot_id=bot_id).model_dump(mode="json") for bot_id in chosen],
        actor=by.actor,
        why=by.why[:_PROBLEM_LENGTH],
        created_at=now,
        updated_at=now,
    )
    session.add(rollout)
    told = {"version": pin.number, "bots": list(chosen)}
    audit.record(session, by.actor, "strategy.rollout", _subject(rollout), by.why, None, told, tenant=owner_id)
    await session.flush()
    return rollout


async def abort(session: AsyncSession, rollout_id: str, by: By) -> StrategyRolloutModel:
    """The bot under way goes back, the others keep what they have. Raises NotFound, Conflict where it has ended."""
    rollout = await get(session, rollout_id, lock=True)
    if rollout.state == State.RUNNING and rollout.wish != ABORT:
        rollout.wish, rollout.updated_at = ABORT, utc_now()
        session.add(rollout)
        audit.record(
            session,
            by.actor,
            "strategy.abort",
            _subject(rollout),
            by.why,
            None,
            {"wish": ABORT},
            tenant=rollout.owner_id,
        )
        await session.flush()
    elif rollout.state not in (State.RUNNING, State.ABORTED):
        raise Conflict("The roll-out has ended; roll the former version out instead.", rollout_id=rollout_id)
    return rollout


async def get(session: AsyncSession, rollout_id: str, *, lock: bool = False) -> StrategyRolloutModel:
    """Raises NotFound."""
    query = select(StrategyRolloutModel).where(col(StrategyRolloutModel.id) == rollout_id)
    rollout = (await session.exec(query.with_for_update() if lock else query)).first()
    if rollout is None:
        raise NotFound("There is no such roll-out; list them to see which there are.", field="rollout_id")
    return rollout


async def list_(
    session: AsyncSession, strategy_id: str, *, limit: int, after: str | None
) -> Page[StrategyRolloutModel]:
    """Newest first. Raises InvalidSpec (field `after`)."""
    model = StrategyRolloutModel
    query = select(model).where(col(model.strategy_id) == strategy_id)
    if after is not None:
        created_at, rollout_id = decode_cursor(after, [str, str])
        position = tuple_(literal(instant_of(created_at), UtcDateTime()), literal(rollout_id))
        query = query.where(tuple_(col(model.created_at), col(model.id)) < position)
    query = query.order_by(col(model.created_at).desc(), col(model.id).desc()).limit(limit + 1)
    rows = (await session.exec(query)).all()
    return page_of(rows, limit, lambda row: (row.created_at.isoformat(), row.id))


async def active(session: AsyncSession) -> Sequence[str]:
    """Ids of all that are under way, oldest first."""
    query = select(StrategyRolloutModel.id).where(col(StrategyRolloutModel.state) == State.RUNNING)
    return (await session.exec(query.order_by(col(StrategyRolloutModel.created_at)))).all()


async def version_facts(session: AsyncSession, rollout: StrategyRolloutModel) -> VersionFacts:
    """Whether its version may still be given to bots, as if it were asked for now; the strategy stays as it is until
    the end of the transaction."""
    strategy = await repository.find(session, rollout.strategy_id, lock=True)
    if strategy is None:
        return VersionFacts(refused="The strategy was archived meanwhile.")
    if strategy.owner_id != rollout.owner_id:
        share = await session.get(StrategyShareModel, (strategy.id, rollout.owner_id), populate_existing=True)
        if share is None or share.level != USE:
            return VersionFacts(refused="The strategy is not shared for use any more: ask its owner.")
    number = number_of(rollout.version_id)
    view = await repository.version(session, strategy.id, number)
    if view is None:
        return VersionFacts(refused=f"There is no version {number} any more.")
    if view.content.check_state == WAITING:
        return VersionFacts(is_checked=False)
    try:
        pinning.facts_of(view)
    except StrategyNotReady as error:
        return VersionFacts(refused=error.message)
    return VersionFacts()


def legs_of(rollout: StrategyRolloutModel) -> list[Leg]:
    return [Leg.model_validate(leg) for leg in rollout.legs]


def progress_of(rollout: StrategyRolloutModel) -> Progress:
    return Progress(State(rollout.state), rollout.version_id, legs_of(rollout), rollout.problem, rollout.wish)


async def save(session: AsyncSession, rollout: StrategyRolloutModel, progress: Progress) -> None:
    """Writes how far it has come; an end is audited."""
    before, now = rollout.state, utc_now()
    rollout.state, rollout.wish = progress.state, progress.wish
    rollout.legs = [leg.model_dump(mode="json") for leg in progress.legs]
    rollout.problem = None if progress.problem is None else progress.problem[:_PROBLEM_LENGTH]
    rollout.updated_at = now
    rollout.ended_at = None if progress.state == State.RUNNING else rollout.ended_at or now
    if before != progress.state:
        told = {"state": progress.state, "problem": rollout.problem}
        audit.record(
            session,
            audit.SYSTEM,
            "strategy.rollout_end",
            _subject(rollout),
            rollout.why,
            {"state": before},
            told,
            tenant=rollout.owner_id,
        )
    session.add(rollout)
    await session.flush()


async def _chosen(session: AsyncSession, pin: Pin, owner_id: str, bot_ids: Collection[str] | None) -> list[str]:
    bots = {bot.id: bot for bot in await usage.bots_of(session, pin.strategy_id, owner_id)}
    foreign = sorted(set(bot_ids or ()) - bots.keys())
    if foreign:
        raise InvalidSpec(f"{foreign[0][:63]} is no bot of yours that runs this strategy.", field="bots")
    wanted = [bot for bot in bots.values() if bot_ids is None or bot.id in bot_ids]
    others = [bot for bot in wanted if bot.version_id != pin.version_id]
    if not others:
        told = f"No bot of yours runs another version than {pin.number}." if wanted else "No bot of yours runs it."
        raise InvalidSpec(told, field="version")
    says = await repository.timeframes(session, {bot.version_id for bot in others})
    for bot in others:
        pinning.check_mode(pin.facts, bot.trading_mode, "version")
        if bot.timeframe == says.get(bot.version_id):
            pinning.check_timeframe(pin.facts, "version")
    return [bot.id for bot in others]


async def _active_of(session: AsyncSession, owner_id: str, strategy_id: str) -> StrategyRolloutModel | None:
    model = StrategyRolloutModel
    query = select(model).where(
        col(model.owner_id) == owner_id, col(model.strategy_id) == strategy_id, col(model.state) == State.RUNNING
    )
    return (await session.exec(query)).first()


def _subject(rollout: StrategyRolloutModel) -> str:
    return f"strategy/{rollout.strategy_id}"
