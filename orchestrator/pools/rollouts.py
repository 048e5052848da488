"""Roll-outs as rows: started, aborted and rolled back here, at an administrator's wish; carried out by
`reconcile.rollouts`. Session first; nothing here commits."""

from collections.abc import Sequence

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.db import locks
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page, decode_cursor, instant_of, page_of
from orchestrator.pools import service
from orchestrator.pools.models import PoolModel, RolloutModel
from orchestrator.pools.rollout_facts import ABORT, ACTIVE, ROLL_BACK, Leg, Progress, State

_PROBLEM_LENGTH = 500
_ACTIVE = or_(col(RolloutModel.state).in_(ACTIVE), col(RolloutModel.wish).is_not(None))


async def start(
    session: AsyncSession, by: By, image: str | None, pool_ids: Sequence[str] | None = None
) -> RolloutModel:
    """A roll-out to these pools, or to all that run; the one that is under way already where it is the same. Raises
    InvalidSpec (fields `image`, `pools`), Conflict while another one is under way."""
    pools = await _chosen(session, pool_ids)
    if image is None and any(pool.driver != "process" for pool in pools):
        raise InvalidSpec("These pools are containers: name the image that they shall run.", field="image")
    if image is not None and any(pool.driver == "process" for pool in pools):
        raise InvalidSpec("These pools are local processes and have no image; leave it out.", field="image")
    await locks.hold(await session.connection(), locks.ROLLOUTS)
    under_way = await active(session)
    if under_way is not None:
        legs = legs_of(under_way)
        same = {leg.source_pool_id for leg in legs} == {pool.id for pool in pools} and under_way.image == image
        if same and under_way.state == State.RUNNING:
            return under_way
        raise Conflict(
            f"The roll-out {under_way.id} is under way; wait until it has ended, or abort it.", rollout_id=under_way.id
        )
    now = utc_now()
    made = [Leg(source_pool_id=pool.id, source_image=pool.image_id or pool.image, target_image=image) for pool in pools]
    rollout = RolloutModel(
        id=new_id("rollout"),
        image=image,
        state=State.RUNNING,
        legs=[leg.model_dump(mode="json") for leg in made],
        actor=by.actor,
        why=by.why[:500],
        created_at=now,
        updated_at=now,
    )
    session.add(rollout)
    before = {pool.id: pool.image for pool in pools}
    audit.record(session, by.actor, "rollout.start", audit.rollout(rollout.id), by.why, before, {"image": image})
    await session.flush()
    return rollout


async def wish(session: AsyncSession, by: By, rollout_id: str, what: str) -> RolloutModel:
    """Has it aborted or rolled back (`rollout_facts.ABORT`, `ROLL_BACK`); what it is doing already changes nothing.
    Raises NotFound, Conflict where it has ended (abort), was rolled back, or another one is under way."""
    await locks.hold(await session.connection(), locks.ROLLOUTS)
    rollout = await get(session, rollout_id, lock=True)
    state = State(rollout.state)
    if rollout.wish == what or (what == ROLL_BACK and state == State.ROLLING_BACK):
        return rollout
    if what == ABORT and state not in (State.RUNNING, State.ROLLING_BACK):
        if state in (State.STOPPING, State.ABORTED):
            return rollout
        raise Conflict("The roll-out has ended; roll it back instead.", rollout_id=rollout_id)
    if what == ROLL_BACK:
        if state == State.ROLLED_BACK:
            raise Conflict("The roll-out was rolled back already; start a new one.", rollout_id=rollout_id)
        other = await active(session)
        if other is not None and other.id != rollout_id:
            raise Conflict(f"The roll-out {other.id} is under way; abort it first.", rollout_id=other.id)
    rollout.wish, rollout.updated_at = what, utc_now()
    session.add(rollout)
    audit.record(
        session, by.actor, f"rollout.{what}", audit.rollout(rollout_id), by.why, {"state": state}, {"wish": what}
    )
    await session.flush()
    return rollout


async def get(session: AsyncSession, rollout_id: str, *, lock: bool = False) -> RolloutModel:
    """Raises NotFound."""
    query = select(RolloutModel).where(col(RolloutModel.id) == rollout_id)
    rollout = (await session.exec(query.with_for_update() if lock else query)).first()
    if rollout is None:
        raise NotFound("There is no such roll-out; list them to see which there are.", rollout_id=rollout_id[:80])
    return rollout


async def list_(session: AsyncSession, *, limit: int, after: str | None = None) -> Page[RolloutModel]:
    """Newest first. Raises InvalidSpec (field `after`) for a foreign cursor."""
    query = select(RolloutModel)
    if after is not None:
        created_at, rollout_id = decode_cursor(after, [str, str])
        at = instant_of(created_at)
        older = col(RolloutModel.created_at) < at
        query = query.where(or_(older, (col(RolloutModel.created_at) == at) & (col(RolloutModel.id) < rollout_id)))
    query = query.order_by(col(RolloutModel.created_at).desc(), col(RolloutModel.id).desc()).limit(limit + 1)
    rows = (await session.exec(query)).all()
    return page_of(rows, limit, lambda row: (row.created_at.isoformat(), row.id))


async def is_active(session: AsyncSession) -> bool:
    """Whether one is under way, or about to be rolled back."""
    return (await session.exec(select(RolloutModel.id).where(_ACTIVE).limit(1))).first() is not None


async def active(session: AsyncSession) -> RolloutModel | None:
    """The one that is under way, or about to be rolled back; locked until the unit of work ends."""
    query = select(RolloutModel).where(_ACTIVE)
    return (await session.exec(query.order_by(col(RolloutModel.created_at)).limit(1).with_for_update())).first()


async def looked_after(session: AsyncSession) -> set[str]:
    """Bots whose move is the roll-out's own matter just now: it waits for them, and decides what becomes of them."""
    under_way = (await session.exec(select(RolloutModel).where(col(RolloutModel.state).in_(ACTIVE)))).all()
    trials = [leg.trial for rollout in under_way for leg in legs_of(rollout)]
    return {trial.bot_id for trial in trials if trial is not None}


def legs_of(rollout: RolloutModel) -> list[Leg]:
    return [Leg.model_validate(leg) for leg in rollout.legs]


def progress_of(rollout: RolloutModel) -> Progress:
    return Progress(State(rollout.state), legs_of(rollout), rollout.problem, rollout.wish)


async def save(session: AsyncSession, rollout: RolloutModel, progress: Progress) -> None:
    """Writes how far it has come; an end is audited."""
    before, now = rollout.state, utc_now()
    rollout.state, rollout.wish = progress.state, progress.wish
    rollout.legs = [leg.model_dump(mode="json") for leg in progress.legs]
    rollout.problem = None if progress.problem is None else progress.problem[:_PROBLEM_LENGTH]
    rollout.updated_at = now
    rollout.ended_at = None if progress.state in ACTIVE else rollout.ended_at or now
    if before != progress.state:
        told = {"state": progress.state, "problem": rollout.problem}
        audit.record(
            session, audit.SYSTEM, "rollout.state", audit.rollout(rollout.id), rollout.why, {"state": before}, told
        )
    session.add(rollout)
    await session.flush()


async def _chosen(session: AsyncSession, pool_ids: Sequence[str] | None) -> list[PoolModel]:
    running = [pool for pool in await service.every(session) if pool.desired_state == "running"]
    if pool_ids is None:
        if not running:
            raise InvalidSpec("There is no pool to roll out to; bots make pools when they need them.", field="pools")
        return running
    known = {pool.id: pool for pool in running}
    for pool_id in pool_ids:
        if pool_id not in known:
            raise InvalidSpec(f"There is no running pool {pool_id[:80]!r}; list the pools.", field="pools")
    return [known[pool_id] for pool_id in dict.fromkeys(pool_ids)]
