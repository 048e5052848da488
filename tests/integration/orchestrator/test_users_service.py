"""Users at their seam: the first admin, refresh tokens under reuse, and what is kept of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlmodel import select

from orchestrator.audit.models import AuditModel
from orchestrator.db.engine import Database
from orchestrator.errors import Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.users import service, sessions
from orchestrator.users.models import RefreshTokenModel, UserModel
from orchestrator.users.passwords import Passwords
from orchestrator.users.sessions import Issued, Origin, Refusal, Reused, TokenPolicy

PASSWORD = "correct horse"
STRICT = TokenPolicy(grace=timedelta(0))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """On SQLite, and again on PostgreSQL."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def admin(database: Database) -> UserModel:
    async with database.unit_of_work() as session:
        made = await service.create_first_admin(session, Passwords(), PASSWORD)
    assert made is not None
    return made


async def authenticate(database: Database, passwords: Passwords, username: str, password: str) -> UserModel:
    async with database.read() as session:
        claimed = await service.claimed(session, username)
    return await service.authenticate(passwords, claimed, password)


async def start(database: Database, user: UserModel, policy: TokenPolicy = STRICT) -> Issued:
    async with database.unit_of_work() as session:
        return await sessions.start(session, user, policy, Origin())


async def rotate(database: Database, token: str, policy: TokenPolicy = STRICT) -> Issued | Refusal | Reused:
    async with database.unit_of_work() as session:
        return await sessions.rotate(session, token, policy)


async def rotated(database: Database, token: str, policy: TokenPolicy = STRICT) -> Issued:
    outcome = await rotate(database, token, policy)
    assert isinstance(outcome, Issued), outcome
    return outcome


async def test_the_first_admin_is_made_once(database: Database, admin: UserModel) -> None:
    async with database.unit_of_work() as session:
        assert await service.create_first_admin(session, Passwords(), "another") is None
    assert (await authenticate(database, Passwords(), "admin", PASSWORD)).id == admin.id
    assert PASSWORD not in admin.password_hash
    async with database.read() as session:
        (made,) = (await session.exec(select(AuditModel).where(AuditModel.action == "user.create"))).all()
    assert (made.actor, made.subject, made.after) == (
        "system",
        f"user/{admin.id}",
        {"username": "admin", "role": "admin", "may_trade_live": False},
    )


@pytest.mark.parametrize(("username", "password"), [("admin", "wrong"), ("Admin", PASSWORD), ("nobody", PASSWORD)])
async def test_wrong_credentials(database: Database, admin: UserModel, username: str, password: str) -> None:
    with pytest.raises(Unauthenticated):
        await authenticate(database, Passwords(), username, password)


async def test_an_unknown_user_costs_a_hash_too(
    database: Database, admin: UserModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    passwords = Passwords()
    matches = passwords.matches

    async def watched(password: str, password_hash: str | None) -> bool:
        asked.append(password_hash is None)
        return await matches(password, password_hash)

    monkeypatch.setattr(passwords, "matches", watched)
    for username in ("admin", "nobody"):
        with pytest.raises(Unauthenticated):
            await authenticate(database, passwords, username, "wrong")
    assert asked == [False, True]


async def test_only_hashes_of_tokens_are_kept(database: Database, admin: UserModel) -> None:
    issued = await start(database, admin)
    async with database.read() as session:
        rows = (await session.exec(select(RefreshTokenModel))).all()
    assert [issued.token in str(row.model_dump()) for row in rows] == [False]


async def test_reuse_revokes_the_family_and_no_other(database: Database, admin: UserModel) -> None:
    stolen, other = await start(database, admin), await start(database, admin)
    newest = await rotated(database, (await rotated(database, stolen.token)).token)
    assert await rotate(database, stolen.token) == Reused(admin.id, stolen.session_id)
    assert await rotate(database, newest.token) is Refusal.REVOKED
    assert (await rotated(database, other.token)).session_id == other.session_id


async def test_within_the_grace_a_spent_token_gets_a_sibling(database: Database, admin: UserModel) -> None:
    lenient = TokenPolicy(grace=timedelta(seconds=60))
    first = await start(database, admin)
    siblings = await asyncio.gather(*(rotated(database, first.token, lenient) for _ in range(4)))
    assert len({sibling.token for sibling in siblings}) == 4
    assert {sibling.session_id for sibling in siblings} == {first.session_id}


async def test_the_grace_runs_from_the_first_use(database: Database, admin: UserModel) -> None:
    lenient = TokenPolicy(grace=timedelta(seconds=60))
    first = await start(database, admin)
    await rotated(database, first.token, lenient)
    async with database.unit_of_work() as session:
        spent = next(one for one in (await session.exec(select(RefreshTokenModel))).all() if one.spent_at)
        spent.spent_at = utc_now() - timedelta(seconds=61)
        session.add(spent)
    assert await rotate(database, first.token, lenient) == Reused(admin.id, first.session_id)


async def test_expired_unknown_and_orphaned_tokens(database: Database, admin: UserModel) -> None:
    expired = await start(database, admin, TokenPolicy(lifetime=timedelta(0)))
    assert await rotate(database, expired.token) is Refusal.EXPIRED
    assert await rotate(database, "never issued") is Refusal.UNKNOWN
    kept = await start(database, admin)
    assert await rotate(database, expired.token) is Refusal.UNKNOWN  # a sign-in sweeps what expired
    async with database.unit_of_work() as session:
        (await session.get_one(UserModel, admin.id)).deactivated_at = utc_now()
    assert await rotate(database, kept.token) is Refusal.USER_DEACTIVATED


async def test_ending_sessions(database: Database, admin: UserModel) -> None:
    one, other, kept = [await start(database, admin) for _ in range(3)]
    async with database.unit_of_work() as session:
        await sessions.end(session, one.session_id, "logout")
        await sessions.end(session, "never begun", "logout")
    assert await rotate(database, one.token) is Refusal.REVOKED
    renewed = await rotated(database, other.token)
    async with database.unit_of_work() as session:
        assert await sessions.end_all(session, admin.id, "ended", but=kept.session_id) == [other.session_id]
    assert await rotate(database, renewed.token) is Refusal.REVOKED
    await rotated(database, kept.token)
    async with database.read() as session:
        assert [row.id for row in await sessions.living(session, admin.id)] == [kept.session_id]


async def test_however_many_sessions_there_are_all_end(
    database: Database, admin: UserModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, *others = [await start(database, admin) for _ in range(4)]
    monkeypatch.setattr(sessions, "MOST", 2)
    async with database.unit_of_work() as session:
        ended = await sessions.end_all(session, admin.id, "ended", but=kept.session_id)
    assert set(ended) == {one.session_id for one in others}
    assert {await rotate(database, one.token) for one in others} == {Refusal.REVOKED}
    await rotated(database, kept.token)


async def test_one_sign_in_too_many_ends_the_oldest(
    database: Database, admin: UserModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    oldest, *others = [await start(database, admin) for _ in range(3)]
    assert await rotate(database, oldest.token) is Refusal.REVOKED
    async with database.read() as session:
        ended = (await session.exec(select(AuditModel).where(AuditModel.action == "session.end"))).all()
    assert [one.after for one in ended] == [{"id": oldest.session_id}]
    for one in others:
        await rotated(database, one.token)
