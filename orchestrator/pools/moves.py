"""Moving a bot to another pool: a state machine whose state is one row of `moves`, and the bot's assignment.

- `stopping`: the source is told `stopped` under epoch N+1, until its slot is seen at rest. From then on it refuses
  whatever is still on its way under epoch N.
- `copying`: the source marks the directory with N+1 and streams it; the target keeps it, marked with N+2.
- `refused`: from there, where the source cannot hand the directory over as it is, and never will. Whoever asked for the
  move ends it: a roll-out its own, `reconcile.steering` all others.
- `assigning`: the copy is complete and verified.
- `cleaning`: the bot belongs to the target under N+2 (one transaction with this phase); the source's slot is deleted,
  which archives its directory.

Each step may be repeated by any control plane, at any time: whatever it finds, it leads on. Until `cleaning` the bot
belongs to the source, and a move that is abandoned leaves nothing to undo: the reconciler finds the slot under N+1 and
assigns the bot anew above that. From `cleaning` on there is only forward. Session first; nothing here commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.db import locks
from orchestrator.errors import Conflict, InvalidSpec, NoCapacity, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.pools import assignments, provision, repository, service
from orchestrator.pools.assignments import Assigned
from orchestrator.pools.models import REMOVED, MoveModel, PoolModel
from orchestrator.pools.placement import Capacity, admits, place
from orchestrator.pools.policy import PoolPolicy

STOPPING: Final = "stopping"
COPYING: Final = "copying"
ASSIGNING: Final = "assigning"
CLEANING: Final = "cleaning"
REFUSED: Final = "refused"
Reason = Literal["move", "drain", "rebalance", "rollout"]
_PROBLEM_LENGTH = 500


class Movable(service.Assignable, Protocol):
    """The columns of a bot that a finished copy looks at."""

    desired_state: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveKey:
    """Which move is meant: a later one of the same bot differs."""

    bot_id: str
    source_pool_id: str
    target_pool_id: str
    epoch: int
    started_at: datetime

    @classmethod
    def of(cls, move: MoveModel) -> "MoveKey":
        return cls(move.bot_id, move.source_pool_id, move.target_pool_id, move.epoch, move.started_at)

    @property
    def source_epoch(self) -> int:
        """What the source is fenced with."""
        return self.epoch + 1

    @property
    def target_epoch(self) -> int:
        return self.epoch + 2


async def list_(session: AsyncSession) -> Sequence[MoveModel]:
    """All moves under way, the oldest first; there are few."""
    return await repository.moves(session)


async def get(session: AsyncSession, bot_id: str) -> MoveModel | None:
    """The bot's move; None where it is not being moved."""
    return await repository.move(session, bot_id)


async def locked(session: AsyncSession, bot_id: str) -> MoveModel | None:
    """The same, locked as everybody locks who wants both: places, then the bot, then its move. Raises NotFound."""
    await locks.hold(await session.connection(), locks.PLACEMENT)
    await assignments.of(session, bot_id)
    return await repository.move(session, bot_id)


async def request(
    session: AsyncSession,
    bot_id: str,
    target_pool_id: str | None,
    reason: Reason,
    policy: PoolPolicy | None = None,
) -> MoveModel:
    """Has the bot moved to the target; None: to where placement puts it, a new pool if need be. The move that is under
    way already where it is the same. Raises NotFound, Conflict (it is being deleted or moved elsewhere, has no pool,
    the target takes no bots), InvalidSpec (field `target_pool_id`: unknown, its own, or another tenant's),
    NoCapacity."""
    policy = policy or PoolPolicy()
    await locks.hold(await session.connection(), locks.PLACEMENT)  # in this order, see `locked`
    bot = await assignments.of(session, bot_id)
    if bot.deleting:
        raise Conflict("The bot is being deleted; it cannot be moved.", bot_id=bot_id)
    if bot.pool_id is None:
        raise Conflict("The bot was never started and belongs to no pool yet; there is nothing to move.", bot_id=bot_id)
    under_way = await repository.move(session, bot_id)
    if under_way is not None:
        if target_pool_id in (None, under_way.target_pool_id):
            return under_way
        raise Conflict(f"The bot is being moved to {under_way.target_pool_id} already; wait, or abandon that move.")
    target = await _target(session, bot, bot.pool_id, target_pool_id, policy)
    move = MoveModel(
        bot_id=bot_id,
        source_pool_id=bot.pool_id,
        target_pool_id=target.id,
        epoch=bot.epoch,
        phase=STOPPING,
        reason=reason,
        started_at=utc_now(),
    )
    session.add(move)
    await session.flush()
    return move


async def abandon(session: AsyncSession, bot_id: str) -> None:
    """The bot stays where it is, and goes on there as its user wants. Where it belongs to the target already, that is
    the target, and what is left in a source that cannot be reached is left there, fenced. Raises NotFound where it is
    not being moved, Conflict where the move has all but ended."""
    move = await repository.move(session, bot_id)
    if move is None:
        raise NotFound("The bot is not being moved.", bot_id=bot_id[:80])
    if move.phase == CLEANING and move.problem is None:
        raise Conflict(f"The bot belongs to {move.target_pool_id} already; move it back instead.", bot_id=bot_id)
    await session.delete(move)
    await session.flush()


async def _target(
    session: AsyncSession, bot: Assigned, source_pool_id: str, wanted: str | None, policy: PoolPolicy
) -> PoolModel:
    pools = await repository.every(session)
    others = [pool for pool in pools if pool.id != source_pool_id]
    found = provision.offers(others, await assignments.every(session), await repository.moves(session), policy)
    if wanted is not None:
        return await _checked(session, bot, source_pool_id, wanted, found, policy)
    placement = place([policy.homeless(bot)], found, policy.placement)
    if placement.placed:
        return await _locked(session, placement.placed[bot.bot_id])
    return await provision.make(session, next(iter(placement.wanting)), policy, f"{bot.bot_id} is moved")


async def _checked(
    session: AsyncSession,
    bot: Assigned,
    source_pool_id: str,
    wanted: str,
    found: Sequence[Capacity],
    policy: PoolPolicy,
) -> PoolModel:
    if wanted == source_pool_id:
        raise InvalidSpec("The bot is in this pool already.", field="target_pool_id", pool_id=wanted[:80])
    target = await repository.find(session, wanted, lock=True)
    if target is None:
        raise InvalidSpec("There is no such pool; list the pools.", field="target_pool_id", pool_id=wanted[:80])
    if not admits(target.tenant_id, policy.homeless(bot)):
        raise InvalidSpec(
            "The pool belongs to another user, or is shared and the bot's template is not allowed in shared pools.",
            field="target_pool_id",
            pool_id=wanted,
        )
    if not provision.takes_bots(target):
        raise Conflict("The pool takes no bots: it is stopped, cordoned or being drained.", pool_id=wanted)
    if not any(offer.pool_id == wanted and offer.places > 0 for offer in found):
        raise NoCapacity("The pool has no room: its slots are taken, or its memory is in use.", pool_id=wanted)
    return target


async def _locked(session: AsyncSession, pool_id: str) -> PoolModel:
    pool = await repository.find(session, pool_id, lock=True)
    if pool is None or not provision.takes_bots(pool):
        raise Conflict("The pools changed meanwhile; try again.", pool_id=pool_id)
    return pool


# ---- the steps, for the reconciler


async def enter(session: AsyncSession, key: MoveKey, phase: Literal["copying", "assigning"]) -> bool:
    """False where that move is not under way any more, or beyond the phase."""
    move = await _same(session, key)
    if move is None or move.phase == REFUSED:
        return False
    move.phase = phase
    session.add(move)
    await session.flush()
    return True


async def refuse(session: AsyncSession, key: MoveKey, why: str) -> None:
    """The source does not hand the bot's directory over: too large, or what cannot be read. It is the bot's own fault,
    whatever pool it is to go to, and trying again does not help."""
    move = await _same(session, key)
    if move is not None:
        move.phase, move.problem = REFUSED, why[:_PROBLEM_LENGTH]
        session.add(move)
        await session.flush()


async def arrive(session: AsyncSession, key: MoveKey, bot: Movable) -> bool:
    """The copy is complete: the bot belongs to the target from now on. `bot` must be locked. False where something
    changed meanwhile, so that it stays; what the user wants of the bot is none of that, but for its deletion."""
    move = await _same(session, key)
    target = await repository.find(session, key.target_pool_id, lock=True)
    as_it_was = (bot.pool_id, bot.epoch) == (key.source_pool_id, key.epoch)
    if move is None or target is None or target.desired_state == REMOVED or not as_it_was or _is_going(bot):
        return False
    service.assign(session, bot, target, above=key.source_epoch)
    move.phase, move.problem = CLEANING, None
    session.add(move)
    audit.record(
        session,
        audit.SYSTEM,
        "bot.moved",
        audit.bot(key.bot_id),
        move.reason,
        before={"pool_id": key.source_pool_id, "epoch": key.epoch},
        after={"pool_id": target.id, "epoch": bot.epoch},
    )
    await session.flush()
    return True


async def end(session: AsyncSession, key: MoveKey, why: str = "") -> None:
    """The move is over. `why`, in a sentence, where its bot did not arrive."""
    move = await repository.move(session, key.bot_id)
    if move is None or MoveKey.of(move) != key:
        return
    if move.phase != CLEANING:
        _record_abandoned(session, move, why)
    await session.delete(move)
    await session.flush()


async def give_up(session: AsyncSession, key: MoveKey, why: str) -> bool:
    """The bot goes on in its source. False where that move has ended, or the bot belongs to the target already."""
    move = await _same(session, key)
    if move is None:
        return False
    _record_abandoned(session, move, why)
    await session.delete(move)
    await session.flush()
    return True


async def tell_problem(session: AsyncSession, key: MoveKey, problem: str | None) -> None:
    """Why the move does not get on, in a sentence; None where it does."""
    move = await repository.move(session, key.bot_id)
    if move is not None and MoveKey.of(move) == key:
        move.problem = None if problem is None else problem[:_PROBLEM_LENGTH]
        session.add(move)
        await session.flush()


def _record_abandoned(session: AsyncSession, move: MoveModel, why: str) -> None:
    before = {"from": move.source_pool_id, "to": move.target_pool_id, "phase": move.phase}
    audit.record(session, audit.SYSTEM, "bot.move_abandon", audit.bot(move.bot_id), why, before, None)


async def _same(session: AsyncSession, key: MoveKey) -> MoveModel | None:
    move = await repository.move(session, key.bot_id)
    return move if move is not None and MoveKey.of(move) == key and move.phase != CLEANING else None


def _is_going(bot: Movable) -> bool:
    return bot.deleted_at is not None or bot.desired_state == "deleted"
