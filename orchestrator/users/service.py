"""Users: their accounts, and who may sign in with a password. Sessions are `users.sessions`.

Somebody who administrates is always left: whoever takes that from a user, by another role or by deactivation, holds the
rows of all active administrators meanwhile, so that two who do it to each other at once do not both succeed. What a
user is, is looked up at each of his calls (`api.auth.principals`), so a change counts at once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, NotFound, Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page
from orchestrator.users import api_tokens, repository, sessions
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import Passwords
from pool.contract.policy import check_time_zone

ADMIN, TRADER, VIEWER = ROLES = ("admin", "trader", "viewer")
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_LIKE_AN_ID = "user-"
_CURRENCY = re.compile(r"[A-Z0-9]{2,16}")


@dataclass(frozen=True, slots=True)
class Ended:
    """Whose sessions were ended, and which."""

    user: UserModel
    session_ids: Sequence[str]


async def create_first_admin(
    session: AsyncSession, passwords: Passwords, password: str, *, username: str = "admin"
) -> UserModel | None:
    """Creates the admin where there is no user at all; None where there is one. Writes `users`."""
    if await repository.count(session):
        return None
    admin = await create(session, By(why="The first start."), username, ADMIN, await passwords.hash(password))
    admin.password_generated = True
    session.add(admin)
    await session.flush()
    return admin


async def is_first_run(session: AsyncSession) -> bool:
    """Whether there is nobody but the first admin, who neither changed his password nor was set up."""
    users = await repository.some(session, 2)
    return len(users) == 1 and users[0].password_generated and users[0].set_up_at is None


async def claimed(session: AsyncSession, username: str) -> UserModel | None:
    """The active user of that name, for `authenticate`."""
    user = await repository.find_by_username(session, username)
    return None if user is None or user.deactivated_at is not None else user


async def authenticate(passwords: Passwords, user: UserModel | None, password: str) -> UserModel:
    """The user, where that is his password. Takes as long for None; waits for its turn, so that no transaction may be
    open meanwhile. Raises Unauthenticated, TooManyRequests."""
    matched = await passwords.matches(password, user.password_hash if user else None)
    if user is None or not matched:
        raise Unauthenticated("User name or password is wrong; check both and sign in again.")
    return user


async def get(session: AsyncSession, user_id: str) -> UserModel:
    """An active user. Raises Unauthenticated: the only caller is somebody who claims to be that user."""
    user = await repository.find_by_id(session, user_id)
    if user is None or user.deactivated_at is not None:
        raise Unauthenticated("This account is not active any more; sign in with another one.")
    return user


async def hold(session: AsyncSession, user_id: str) -> UserModel:
    """An active user as he is now, held until the transaction ends; who refers to him by a foreign key does not wait.
    Raises Unauthenticated."""
    user = await session.get(UserModel, user_id, with_for_update={"key_share": True})
    if user is None or user.deactivated_at is not None:
        raise Unauthenticated("This account is not active any more; sign in with another one.")
    return user


async def find(session: AsyncSession, name: str) -> UserModel:
    """The user of this id or name, deactivated ones included. Raises NotFound."""
    user = await repository.find_by_id(session, name) or await repository.find_by_username(session, name)
    if user is None:
        raise NotFound("There is no such user; list the users to see which there are.", field="user")
    return user


async def list_(session: AsyncSession, *, limit: int, after: str | None = None, search: str = "") -> Page[UserModel]:
    """Users whose names have `search` in them, in the order of their names, deactivated ones included. Raises
    InvalidSpec (field `after`)."""
    return await repository.page(session, limit, after, search.strip().lower())


async def create(
    session: AsyncSession,
    by: By,
    username: str,
    role: str,
    password_hash: str,
    *,
    password_given: bool = False,
    may_trade_live: bool = False,
) -> UserModel:
    """A new user; without a hash one who has no password. `password_given`: it is not his own choice, and he must
    change it first. Raises InvalidSpec (field `username`, `role`), Conflict."""
    check_name(username)
    check_role(role)
    user = _new(username, role, password_hash, password_given=password_given, may_trade_live=may_trade_live)
    try:
        async with session.begin_nested():
            session.add(user)
            await session.flush()
    except IntegrityError:
        raise Conflict(f"There is a user {username!r} already; choose another name.", field="username") from None
    told = {"username": username, "role": role, "may_trade_live": may_trade_live}
    audit.record(session, by.actor, "user.create", audit.user(user.id), by.why, after=told)
    return user


async def change(session: AsyncSession, by: By, name: str, wanted: Mapping[str, Any]) -> UserModel:
    """Sets `role` and `may_trade_live`, those that `wanted` has. What is so already changes nothing. Raises NotFound,
    InvalidSpec (field `role`), Conflict where nobody would administrate any more."""
    if "role" in wanted:
        check_role(wanted["role"])
    user, others = await _locked(session, name)
    if wanted.get("role", ADMIN) != ADMIN:
        _check_someone_is_left(user, others, "give somebody else that role first")
    before = {key: getattr(user, key) for key, value in wanted.items() if getattr(user, key) != value}
    if before:
        for key in before:
            setattr(user, key, wanted[key])
        session.add(user)
        after = {key: wanted[key] for key in before}
        audit.record(session, by.actor, "user.change", audit.user(user.id), by.why, before, after)
        await session.flush()
    return user


async def deactivate(session: AsyncSession, by: By, name: str) -> Ended:
    """Lets the user in no more: his sessions end, his API tokens are revoked, and stay so when he is let in again. His
    bots go on; live ones get no leave to open anything (`risk.watch`). Raises NotFound, Conflict where nobody would
    administrate any more."""
    user, others = await _locked(session, name)
    _check_someone_is_left(user, others, "make somebody else an administrator first")
    ended = await sessions.end_all(session, user.id, "deactivated")
    await api_tokens.revoke_all(session, user.id)
    if user.deactivated_at is None:
        user.deactivated_at = utc_now()
        session.add(user)
        audit.record(session, by.actor, "user.deactivate", audit.user(user.id), by.why, after={"sessions": len(ended)})
    await session.flush()
    return Ended(user, ended)


async def reactivate(session: AsyncSession, by: By, name: str) -> UserModel:
    """Lets him sign in again. Raises NotFound."""
    user, _ = await _locked(session, name)
    if user.deactivated_at is not None:
        await sessions.end_all(session, user.id, "deactivated")  # of sign-ins that were under way then
        await api_tokens.revoke_all(session, user.id)
        user.deactivated_at = None
        session.add(user)
        audit.record(session, by.actor, "user.reactivate", audit.user(user.id), by.why)
        await session.flush()
    return user


async def reset_password(session: AsyncSession, by: By, name: str, password_hash: str) -> Ended:
    """Another password for somebody who lost his, who must change it first. His sessions end; second factors and API
    tokens stay. Raises NotFound."""
    user, _ = await _locked(session, name)
    user.password_hash, user.password_given, user.password_generated = password_hash, True, False
    session.add(user)
    ended = await sessions.end_all(session, user.id, "password reset")
    after = {"sessions": len(ended)}
    audit.record(session, by.actor, "user.reset_password", audit.user(user.id), by.why, after=after)
    await session.flush()
    return Ended(user, ended)


async def change_profile(session: AsyncSession, user_id: str, wanted: Mapping[str, Any]) -> UserModel:
    """Sets those of these that `wanted` has: `reporting_currency`, in which his portfolio is told; `time_zone`;
    `preferences`, of which those that are not named stay and those that are None are dropped; `set_up`, whether the
    guided set-up is over. Looks are not audited. Raises Unauthenticated, InvalidSpec (field `reporting_currency`,
    `time_zone`)."""
    told = {key: wanted[key] for key in ("reporting_currency", "time_zone") if key in wanted}
    _check_profile(told)
    user = await hold(session, user_id)
    if "preferences" in wanted:
        chosen = {**user.preferences, **wanted["preferences"]}
        user.preferences = {key: value for key, value in chosen.items() if value is not None}
    before = {key: getattr(user, key) for key, value in told.items() if getattr(user, key) != value}
    after = {key: told[key] for key in before}
    for key, value in after.items():
        setattr(user, key, value)
    was_set_up = user.set_up_at is not None
    if wanted.get("set_up", was_set_up) != was_set_up:
        user.set_up_at = None if was_set_up else utc_now()
        before, after = {**before, "set_up": was_set_up}, {**after, "set_up": not was_set_up}
    session.add(user)
    if before:
        audit.record(session, user_id, "user.profile", audit.user(user_id), "", before, after)
    await session.flush()
    return user


def check_name(username: str) -> None:
    """Raises InvalidSpec (field `username`). Names have one spelling, so that nobody passes for another, and none that
    could be an id."""
    if _NAME.fullmatch(username) is None or username.startswith(_LIKE_AN_ID):
        raise InvalidSpec(
            "A user name has 1 to 64 small letters, digits and . _ @ + -, begins with a letter or digit, and not with "
            f"{_LIKE_AN_ID}; choose another one.",
            field="username",
        )


def check_role(role: str) -> None:
    """Raises InvalidSpec (field `role`)."""
    if role not in ROLES:
        raise InvalidSpec(f"role is one of {', '.join(ROLES)}.", field="role")


def _check_profile(told: Mapping[str, str]) -> None:
    if _CURRENCY.fullmatch(told.get("reporting_currency", "USDT")) is None:
        raise InvalidSpec("A currency is written as exchanges do, such as USDT or EUR.", field="reporting_currency")
    try:
        check_time_zone(told.get("time_zone", "UTC"))
    except ValueError as error:
        raise InvalidSpec(f"The time zone {error}.", field="time_zone") from None


def _new(
    username: str, role: str, password_hash: str, *, password_given: bool = False, may_trade_live: bool = False
) -> UserModel:
    return UserModel(
        id=new_id("user"),
        username=username,
        password_hash=password_hash,
        password_given=password_given,
        role=role,
        may_trade_live=may_trade_live,
        created_at=utc_now(),
    )


async def _locked(session: AsyncSession, name: str) -> tuple[UserModel, Sequence[UserModel]]:
    """The user, and the other active administrators, all held until the transaction ends."""
    user_id = (await find(session, name)).id
    held = await repository.lock_with_admins(session, user_id)
    user = next(one for one in held if one.id == user_id)
    others = [one for one in held if one.id != user_id and one.role == ADMIN and one.deactivated_at is None]
    return user, others


def _check_someone_is_left(user: UserModel, others: Sequence[UserModel], remedy: str) -> None:
    if user.role == ADMIN and user.deactivated_at is None and not others:
        raise Conflict(f"{user.username} is the last active administrator; {remedy}.", field="user_id")
