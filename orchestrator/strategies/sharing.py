"""With whom a strategy is shared. Session first; nothing here commits.

By reference: its receiver sees new versions as they come and pins those that he wants. Whoever takes a share back takes
no bot down, since a bot runs the version that it pins, whatever becomes of the share.
"""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.errors import InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.strategies import repository, service
from orchestrator.strategies.models import USE, VIEW, StrategyShareModel
from orchestrator.users import repository as users


async def share(session: AsyncSession, strategy_id: str, username: str, level: str, by: By) -> StrategyShareModel:
    """Lets another user read it (`view`), or read and run it (`use`). Raises NotFound, InvalidSpec (`username`)."""
    strategy = await service.find(session, strategy_id, lock=True)
    user = await users.find_by_username(session, username)
    if user is None or user.deactivated_at is not None:
        raise InvalidSpec("There is no such user; ask for the exact name.", field="username")
    if user.id == strategy.owner_id:
        raise InvalidSpec("It is yours already.", field="username")
    found = await session.get(StrategyShareModel, (strategy_id, user.id))
    before = None if found is None else {"level": found.level}
    found = found or StrategyShareModel(strategy_id=strategy_id, user_id=user.id, level=level, created_at=utc_now())
    found.level = USE if level == USE else VIEW
    session.add(found)
    service.tell(session, by, "share", strategy, before, {"user": user.id, "level": found.level})
    await session.flush()
    return found


async def unshare(session: AsyncSession, strategy_id: str, username: str, by: By) -> None:
    """Bots that run it already go on with the versions that they have. Raises NotFound."""
    strategy = await service.find(session, strategy_id, lock=True)
    user = await users.find_by_username(session, username)
    found = None if user is None else await session.get(StrategyShareModel, (strategy_id, user.id))
    if found is None:
        raise NotFound("It is not shared with that user.", field="username")
    service.tell(session, by, "unshare", strategy, {"user": found.user_id, "level": found.level}, None)
    await session.delete(found)
    await session.flush()


async def shares(session: AsyncSession, strategy_id: str) -> Sequence[tuple[StrategyShareModel, str]]:
    """With the users' names. Raises NotFound."""
    await service.find(session, strategy_id)
    found = await repository.shares(session, strategy_id)
    names = await users.names(session, [one.user_id for one in found])
    return [(one, names.get(one.user_id, one.user_id)) for one in found]
