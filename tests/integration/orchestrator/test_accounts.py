"""Accounts where several act at once, on both databases: somebody always administrates, an invitation is for one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.db.engine import Database
from orchestrator.errors import Conflict, Error, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.retention import forget_tokens
from orchestrator.users import api_tokens, invitations, service, sessions, sharing
from orchestrator.users.models import UserModel
from orchestrator.users.sessions import Origin, TokenPolicy

NAMES = ("ann", "bob", "cat")
BY = By("user-root")
Act = Callable[[AsyncSession], Awaitable[object]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """With three administrators."""
    opened = Database(database_url)
    async with opened.unit_of_work() as session:
        for name in NAMES:
            await service.create(session, BY, name, "admin", "")
    yield opened
    await opened.close()


async def by_ann(session: AsyncSession) -> By:
    return By((await service.find(session, "ann")).id)


async def at_once(database: Database, acts: Sequence[Act]) -> list[object]:
    """What each came to, in a transaction of its own."""

    async def one(act: Act) -> object:
        try:
            async with database.unit_of_work() as session:
                return await act(session)
        except Error as error:
            return error

    return await asyncio.gather(*(one(act) for act in acts))


async def test_administrators_who_turn_on_each_other_leave_one(database: Database) -> None:
    acts: list[Act] = []
    for name in NAMES:
        acts.append(lambda session, name=name: service.change(session, BY, name, {"role": "trader"}))
        acts.append(lambda session, name=name: service.deactivate(session, BY, name))
    outcomes = await at_once(database, acts)
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, Error)} == {Conflict}
    async with database.read() as session:
        users = (await service.list_(session, limit=10)).items
    assert [user.role for user in users if user.deactivated_at is None].count("admin") == 1


async def test_an_invitation_makes_one_account(database: Database) -> None:
    async with database.unit_of_work() as session:
        _, token = await invitations.create(session, await by_ann(session), "trader")
    names = [f"guest{number}" for number in range(5)]
    outcomes = await at_once(
        database, [lambda session, name=name: invitations.accept(session, token, name, "") for name in names]
    )
    (made,) = [outcome for outcome in outcomes if isinstance(outcome, UserModel)]
    assert [type(outcome) for outcome in outcomes].count(NotFound) == 4
    async with database.read() as session:
        assert await invitations.open_ones(session) == []
        users = (await service.list_(session, limit=20)).items
    assert [user.username for user in users if user.username.startswith("guest")] == [made.username]


@pytest.mark.parametrize("dismissal", ["deactivated", "demoted"])
async def test_the_invitations_of_a_dismissed_administrator_open_nothing(database: Database, dismissal: str) -> None:
    async with database.unit_of_work() as session:
        _, token = await invitations.create(session, await by_ann(session), "admin")
        await invitations.check(session, token)
        if dismissal == "deactivated":
            await service.deactivate(session, BY, "ann")
        else:
            await service.change(session, BY, "ann", {"role": "trader"})
    async with database.unit_of_work() as session:
        assert await invitations.open_ones(session) == []
        with pytest.raises(NotFound):
            await invitations.check(session, token)
        with pytest.raises(NotFound):
            await invitations.accept(session, token, "guest", "")


async def test_one_name_and_one_share_are_made_once(database: Database) -> None:
    outcomes = await at_once(database, [lambda session: service.create(session, BY, "dan", "viewer", "")] * 4)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 3
    async with database.read() as session:
        ann = await service.find(session, "ann")
    shares = await at_once(database, [lambda session: sharing.give(session, ann.id, "bob", "portfolio", "view")] * 4)
    assert [type(outcome) for outcome in shares].count(Conflict) == 3


async def test_what_ended_long_ago_is_forgotten_and_what_lives_is_kept(database: Database) -> None:
    async with database.unit_of_work() as session:
        ann = await service.find(session, "ann")
        ended, kept = [await sessions.start(session, ann, TokenPolicy(), Origin()) for _ in range(2)]
        await sessions.end(session, ended.session_id, "logout")
        old, _ = await api_tokens.create(session, ann.id, "old", ["read"], None, None)
        new, _ = await api_tokens.create(session, ann.id, "new", ["read"], None, None)
        await api_tokens.revoke(session, ann.id, old.id, ann.id)
        gone, _ = await invitations.create(session, BY, "trader")
        await invitations.revoke(session, BY, gone.id)
        await invitations.create(session, By(ann.id), "viewer")
    await forget_tokens(database, utc_now() + timedelta(seconds=1))
    async with database.read() as session:
        assert await session.get(sessions.SessionModel, ended.session_id) is None
        assert await session.get(api_tokens.ApiTokenModel, old.id) is None
        assert await session.get(invitations.InvitationModel, gone.id) is None
        assert [row.id for row in await sessions.living(session, ann.id)] == [kept.session_id]
        assert [row.id for row in await api_tokens.living(session, ann.id)] == [new.id]
        assert [row.role for row in await invitations.open_ones(session)] == ["viewer"]
