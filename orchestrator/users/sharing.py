"""Shares: what somebody lets somebody else see or steer.

A share is of one bot or of the whole portfolio, to look or to operate. What it opens is decided by the criteria of
`bots.models.reachable`, in each query anew, so that a share that is taken away counts for whatever begins afterwards.
Whether the bot is the giver's own is for who calls: users know nothing of bots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, InvalidSpec, NotAllowed, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users import repository
from orchestrator.users.models import PORTFOLIO, ShareModel, UserModel

ShareLevel = Literal["view", "operate"]
MOST_PER_USER = 500
"""Given by one user."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with the names of both."""

    row: ShareModel
    owner: str
    grantee: str


async def give(session: AsyncSession, owner_id: str, grantee: str, what: str, level: ShareLevel) -> Share:
    """A new share, to the user of that name. Raises InvalidSpec (field `user`), Conflict where there is one of it, or
    too many."""
    to = await repository.find_by_username(session, grantee)
    if to is None or to.deactivated_at is not None:
        raise InvalidSpec("There is no user of that name; check its spelling.", field="user")
    if to.id == owner_id:
        raise InvalidSpec("This is yourself; share with somebody else.", field="user")
    if len(await _given(session, owner_id)) >= MOST_PER_USER:
        raise Conflict(f"You share {MOST_PER_USER} things, which is the most; remove one first.", field="user")
    row = ShareModel(
        id=new_id("share"), owner_id=owner_id, grantee_id=to.id, what=what, level=level, created_at=utc_now()
    )
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError:
        raise Conflict("You share this with that user already; change that share.", field="user") from None
    _audit(session, owner_id, "share.create", row, None, level)
    return await _named(session, row)


async def list_(session: AsyncSession, user_id: str) -> list[Share]:
    """What he gave and what he got, newest first."""
    query = select(ShareModel).where((col(ShareModel.owner_id) == user_id) | (col(ShareModel.grantee_id) == user_id))
    rows = (await session.exec(query.order_by(col(ShareModel.created_at).desc(), col(ShareModel.id)))).all()
    names = await repository.names(session, {one for row in rows for one in (row.owner_id, row.grantee_id)})
    return [Share(row, names[row.owner_id], names[row.grantee_id]) for row in rows]


async def change(session: AsyncSession, actor: str, share_id: str, level: ShareLevel) -> Share:
    """Another level, by who gave it. Raises NotFound, NotAllowed."""
    row = await _locked(session, share_id)
    if row.owner_id != actor:
        raise NotAllowed("Only who shares something changes how; ask its owner.", field="share_id")
    before, row.level = row.level, level
    if before != level:
        session.add(row)
        _audit(session, actor, "share.change", row, before, level)
        await session.flush()
    return await _named(session, row)


async def remove(session: AsyncSession, actor: str, share_id: str) -> None:
    """Takes it away, by who gave it, or by who got it and does not want it. Raises NotFound, also for others' ones,
    which only who reaches everybody's finds."""
    row = await _locked(session, share_id)
    _audit(session, actor, "share.remove", row, row.level, None)
    await session.delete(row)
    await session.flush()


async def forget(session: AsyncSession, what: str) -> None:
    """Every share of a bot that is no more."""
    await session.exec(delete(ShareModel).where(col(ShareModel.what) == what))


async def levels(session: AsyncSession, grantee_id: str) -> dict[str, str]:
    """What was shared with him, by bot id, or by owner's id where it is a whole portfolio."""
    query = select(ShareModel).where(col(ShareModel.grantee_id) == grantee_id)
    rows = (await session.exec(query)).all()
    return {row.owner_id if row.what == PORTFOLIO else row.what: row.level for row in rows}


async def portfolio_owner(session: AsyncSession, viewer_id: str, name: str, *, everybody: bool) -> UserModel:
    """The user of this id or name, where his whole portfolio is shared with the viewer, or the viewer reaches
    everybody's. Raises NotFound, for users who do not exist just so."""
    user = await repository.find_by_id(session, name) or await repository.find_by_username(session, name)
    if user is not None and (everybody or user.id == viewer_id or user.id in await portfolios_of(session, viewer_id)):
        return user
    raise NotFound("No such portfolio is shared with you; list the shares to see which are.", field="user")


async def portfolios_of(session: AsyncSession, grantee_id: str) -> set[str]:
    """Ids of those whose whole portfolio is shared with him."""
    query = select(ShareModel.owner_id).where(
        col(ShareModel.grantee_id) == grantee_id, col(ShareModel.what) == PORTFOLIO
    )
    return set((await session.exec(query)).all())


async def _given(session: AsyncSession, owner_id: str) -> Sequence[str]:
    query = select(ShareModel.id).where(col(ShareModel.owner_id) == owner_id).limit(MOST_PER_USER)
    return (await session.exec(query)).all()


async def _locked(session: AsyncSession, share_id: str) -> ShareModel:
    query = select(ShareModel).where(col(ShareModel.id) == share_id).with_for_update()
    row = (await session.exec(query)).first()
    if row is None:
        raise NotFound("There is no such share; list them to see which there are.", field="share_id")
    return row


async def _named(session: AsyncSession, row: ShareModel) -> Share:
    names = await repository.names(session, [row.owner_id, row.grantee_id])
    return Share(row, names[row.owner_id], names[row.grantee_id])


def _audit(
    session: AsyncSession, actor: str, action: str, row: ShareModel, before: str | None, after: str | None
) -> None:
    subject = audit.user(row.owner_id) if row.what == PORTFOLIO else audit.bot(row.what)
    told = {"id": row.id, "what": row.what, "with": row.grantee_id}
    audit.record(
        session,
        actor,
        action,
        subject,
        "",
        None if before is None else {**told, "level": before},
        None if after is None else {**told, "level": after},
        tenant=row.owner_id,
    )
