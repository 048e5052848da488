"""Whether who calls may still call: sessions, API tokens and their users, looked up at each use.

A look serves all requests of a session or token for half a second (`kit.lately`); a revocation in this process counts
at once, one in another process when the look is stale. What stays open (streams, logs, WebSockets) is held in
`until_ended`: while anything is, one task looks twice a second whether its session, token, user and bot are still
there, and ends it if not. While the database does not answer nothing is ended, since nothing can have been revoked in
it either.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.auth.subject import Subject
from api.auth.tokens import Claims
from orchestrator.bots import repository as bots
from orchestrator.db import tenancy
from orchestrator.db.engine import Database
from orchestrator.db.tenancy import Reach
from orchestrator.errors import Unauthenticated
from orchestrator.kit.lately import Lately
from orchestrator.users import api_tokens, sessions, sharing
from orchestrator.users.models import ApiTokenModel, SessionModel, UserModel

_LOOK_SECONDS = 0.4
_ENDED = "This sign-in has ended or expired; sign in again."
_NO_TOKEN = "The API token is unknown, revoked or expired; make another one."  # noqa: S105 - a sentence


@dataclass(eq=False, slots=True)
class _Held:
    subject: Subject
    bot_id: str | None
    owner_id: str | None
    end: Callable[[], None]


class Principals:
    """One per application. `clock` is monotonic, in seconds."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._known: Lately[str, Subject] = Lately(clock)
        """By id of the session, digest of the API token, or id of the API token."""
        self._held: set[_Held] = set()
        self._looking: asyncio.Task[None] | None = None

    async def of_session(self, claims: Claims) -> Subject:
        """Raises Unauthenticated where the session was ended, or its user is not active any more."""
        known = await self._known.get(claims.session_id, lambda: self.again(claims.session_id, None))
        if known.user_id != claims.user_id:
            raise Unauthenticated(_ENDED)
        return known

    async def of_api_token(self, token: str, address: str = "") -> Subject:
        """Raises Unauthenticated where it is unknown, revoked or expired, or its user is not active any more."""
        return await self._known.get(sessions.hash_of(token), lambda: self._look_for_token(token, address))

    async def again(self, session_id: str | None, token_id: str | None) -> Subject:
        """Who called by that session or token before, as he is now. Raises Unauthenticated."""
        async with self._database.read() as session:
            if session_id is not None:
                in_session = (await sessions.standing(session, [session_id])).get(session_id)
                if in_session is not None:
                    return _in_session(*in_session)
            elif token_id is not None:
                by_token = (await api_tokens.standing(session, [token_id])).get(token_id)
                if by_token is not None:
                    return _by_token(*by_token)
        raise Unauthenticated(_ENDED)

    async def of_token_id(self, token_id: str, user_id: str, address: str = "") -> Subject:
        """The same for what was handed out for an API token, and names it. Raises Unauthenticated."""
        known = await self._known.get(token_id, lambda: self._look_for_token_id(token_id, address))
        if known.user_id != user_id:
            raise Unauthenticated(_NO_TOKEN)
        return known

    def forget(self, key: str) -> None:
        """Drops what is known of a session, so that the next call looks anew."""
        self._known.forget(key)

    def forget_token(self, token_id: str) -> None:
        """The same of an API token."""
        self._known.forget_where(lambda subject: subject.token_id == token_id)

    def forget_user(self, user_id: str) -> None:
        """The same for all that a user signed in with."""
        self._known.forget_where(lambda subject: subject.user_id == user_id)

    @contextlib.asynccontextmanager
    async def until_ended(
        self, subject: Subject, bot_id: str | None = None, owner_id: str | None = None
    ) -> AsyncIterator[None]:
        """For what stays open: the block is ended, silently, within a second of when its subject must not have it any
        more. `bot_id` names a bot that must stay within his reach, `owner_id` a user whose portfolio must."""
        deadline = asyncio.timeout(None)
        held = _Held(subject, bot_id, owner_id, lambda: deadline.reschedule(asyncio.get_running_loop().time()))
        self._held.add(held)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on(), name="look-at-principals")
        try:
            async with deadline:
                yield
        except TimeoutError:
            if not deadline.expired():
                raise
            logger.info("a stream of {} was ended: its sign-in has", subject.username)
        finally:
            self._held.discard(held)

    async def _look_on(self) -> None:
        while self._held:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                ended = await self._ended(list(self._held))
            except (SQLAlchemyError, PoolTimeoutError, TimeoutError, OSError) as error:
                logger.warning("whether open streams may stay cannot be looked up: {}", error)
                continue
            except Exception as error:  # boundary of the task: without it nothing that is open would ever be ended
                logger.opt(exception=error).error("the look whether open streams may stay broke")
                continue
            for held in ended:
                if held in self._held:
                    self._held.discard(held)
                    held.end()

    async def _ended(self, held: list[_Held]) -> list[_Held]:
        session_ids = {one.subject.session_id for one in held if one.subject.session_id is not None}
        token_ids = {one.subject.token_id for one in held if one.subject.token_id is not None}
        alive: dict[str, Subject] = {}
        async with self._database.read() as session:
            if session_ids:
                found = await sessions.standing(session, session_ids)
                alive |= {key: _in_session(*rows) for key, rows in found.items()}
            if token_ids:
                tokens = await api_tokens.standing(session, token_ids)
                alive |= {key: _by_token(*rows) for key, rows in tokens.items()}
        stand: dict[Reach, list[_Held]] = {}
        for one in held:
            now = alive.get(one.subject.session_id or one.subject.token_id or "")
            if now is not None and (one.subject.role, one.subject.scopes) == (now.role, now.scopes):
                stand.setdefault(now.at(one.subject.level).reach, []).append(one)
        kept = {id(one) for reach, some in stand.items() for one in await self._reached(reach, some)}
        return [one for one in held if id(one) not in kept]

    async def _reached(self, reach: Reach, held: list[_Held]) -> list[_Held]:
        """Of what is held at that reach, what is still within it."""
        bot_ids = {one.bot_id for one in held if one.bot_id is not None}
        owner_ids = {one.owner_id for one in held if one.owner_id not in (None, reach.user_id)}
        if bot_ids or owner_ids:
            async with self._database.read() as session:
                tenancy.bind(session, reach)
                bot_ids = await bots.living(session, bot_ids)
                if not reach.everybody:
                    owner_ids &= await sharing.portfolios_of(session, reach.user_id)
        return [
            one
            for one in held
            if (one.bot_id is None or one.bot_id in bot_ids)
            and (one.owner_id in (None, reach.user_id) or one.owner_id in owner_ids)
        ]

    async def _look_for_token(self, token: str, address: str) -> Subject:
        async with self._database.read() as session:
            found = await api_tokens.find(session, token)
        return await self._noted(found, address)

    async def _look_for_token_id(self, token_id: str, address: str) -> Subject:
        async with self._database.read() as session:
            found = (await api_tokens.standing(session, [token_id])).get(token_id)
        return await self._noted(found, address)

    async def _noted(self, found: tuple[ApiTokenModel, UserModel] | None, address: str) -> Subject:
        """Its use is noted now and then."""
        if found is None:
            raise Unauthenticated(_NO_TOKEN)
        if api_tokens.wants_note(found[0]):
            async with self._database.unit_of_work() as session:
                await api_tokens.note_use(session, found[0].id, address)
        return _by_token(*found)


def _in_session(row: SessionModel, user: UserModel) -> Subject:
    given = user.password_given and row.method == sessions.PASSWORD
    return Subject(user.id, user.username, user.role, session_id=row.id, proved_at=row.proved_at, password_given=given)


def _by_token(row: ApiTokenModel, user: UserModel) -> Subject:
    bot_ids = None if row.bot_ids is None else frozenset(row.bot_ids)
    scopes = frozenset(api_tokens.SCOPES[: 1 + max(map(api_tokens.SCOPES.index, row.scopes), default=0)])
    return Subject(user.id, user.username, user.role, token_id=row.id, scopes=scopes, bot_ids=bot_ids)
