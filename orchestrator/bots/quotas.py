"""What one user may have: so many bots, and so much memory.

Memory is what the user's bots were last measured to use by themselves (PSS, which counts what they share once), with
the usual price for those that have no process yet; a stopped bot takes none. What a pool takes beside its bots is not
the user's doing and not counted here; that his pools' limits together stay within the quota is `pools.provision`'s
matter.
"""

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import QuotaExceeded
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES
from orchestrator.users.models import UserModel
from pool.contract.slots import DesiredState

_MB = 2**20


async def check(session: AsyncSession, owner_id: str) -> None:
    """That the user may have one more bot. Requests of one user wait for each other here, so that they exceed nothing
    together. Raises QuotaExceeded, naming the limit in `params["limit"]`."""
    user = (await session.exec(select(UserModel).where(UserModel.id == owner_id).with_for_update())).first()
    if user is None:
        return
    if user.max_bots is not None:
        count = (await session.exec(select(func.count()).select_from(BotModel).where(*_alive(owner_id)))).one()
        if count >= user.max_bots:
            raise QuotaExceeded(
                f"You have {count} bots and may have {user.max_bots}: delete one, or ask an administrator for more.",
                limit="max_bots",
                allowed=user.max_bots,
                used=count,
            )
    if user.max_memory_bytes is not None:
        used = await _memory(session, owner_id)
        if used + MEMORY_OF_A_BOT_BYTES > user.max_memory_bytes:
            raise QuotaExceeded(
                f"Your bots use {used // _MB} MB and may use {user.max_memory_bytes // _MB} MB; another one takes "
                f"{MEMORY_OF_A_BOT_BYTES // _MB} MB. Stop or delete one, or ask an administrator for more.",
                limit="max_memory_bytes",
                allowed=user.max_memory_bytes,
                used=used,
            )


async def _memory(session: AsyncSession, owner_id: str) -> int:
    query = (
        select(BotModel.desired_state, BotStatusModel.slot)
        .join(BotStatusModel, col(BotStatusModel.bot_id) == col(BotModel.id))
        .where(*_alive(owner_id))
    )
    used = 0
    for desired, slot in (await session.exec(query)).all():
        memory = (slot or {}).get("memory")
        if isinstance(memory, dict):
            used += int(memory["pss_bytes"])
        elif desired in (DesiredState.RUNNING, DesiredState.PAUSED):
            used += MEMORY_OF_A_BOT_BYTES
    return used


def _alive(owner_id: str) -> tuple[ColumnElement[bool], ...]:
    return col(BotModel.owner_id) == owner_id, col(BotModel.deleted_at).is_(None)
