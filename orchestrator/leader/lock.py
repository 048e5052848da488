"""The leader's lock: an advisory lock of PostgreSQL, held by a session of its own outside of the pool of connections.

The server frees it when the session ends. It ends at once when the process dies, and after `idle_seconds` without a
word when the process stands still or the network is gone: the server needs nobody to tell it. The holder asks every
`ping_seconds` whether it still has the lock, and by its own clock stops being the leader `margin_seconds` before the
server could have given the lock away. That clock goes on while the machine sleeps.

A transaction of a former leader may still be open at that moment. Leaders therefore write only in transactions that
hold a second lock, shared, and that begin by checking the first one (`guard`); whoever becomes the leader takes the
second one alone for an instant, which waits for those transactions, and ends them when they take long: one that was cut
off in the middle of a statement would hold up the next one for as long as statements may take. So no write of a former
leader comes after the first act of the next one.

A connection pooler that hands a session from one client to the next (PgBouncer's transaction mode) cannot hold it.
"""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from sqlalchemy import CursorResult, Row, TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel.ext.asyncio.session import AsyncSession

_SPACE = 0x464C4F54
"""The upper half of every advisory lock of Flotilla; see `db.locks` for others."""
_LEADER = 0x10
_ACTS = 0x11
_CANDIDATE = 0x12
_OURS = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = :space "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_BOUND = {"space": _SPACE, "leader": _LEADER}
_LEADS = text("SELECT EXISTS (SELECT " + _OURS + " AND objid = :leader)").bindparams(**_BOUND)
_LEADS_AS = text("SELECT EXISTS (SELECT " + _OURS + " AND objid = :leader AND pid = :pid)").bindparams(**_BOUND)
_END_FORMER = text("SELECT count(pg_terminate_backend(pid)) " + _OURS + " AND objid = :acts").bindparams(
    space=_SPACE, acts=_ACTS
)
_PING = text(
    "SELECT count(*) FILTER (WHERE objid = :leader AND pid = pg_backend_pid()) AS held, "
    "count(*) FILTER (WHERE objid = :candidate) AS candidates " + _OURS
).bindparams(**_BOUND, candidate=_CANDIDATE)


@dataclass(frozen=True, slots=True)
class Timing:
    """Who leads is settled within `idle_seconds` + `try_seconds` after a leader fell silent."""

    try_seconds: float = 1.0
    """Between two attempts to become the leader."""
    ping_seconds: float = 1.0
    """Between two questions of the leader whether it still is."""
    answer_seconds: float = 2.0
    """How long the server may take to answer."""
    idle_seconds: float = 6.0
    """After this long without a word the server ends the session."""
    margin_seconds: float = 1.0
    commit_seconds: float = 2.0
    """How long a former leader's open transactions may still take before they are ended."""


class LockLost(Exception):
    """The lock is not ours any more; says why."""


class NotLeading(Exception):
    """This control plane does not lead (any more), so it writes nothing."""


class LeaderLock:
    """A session with the database that may hold the lock. Use it as a context manager; leaving it frees the lock.
    Everything raises SQLAlchemyError or OSError where the database does not answer."""

    candidates: int = 1
    """How many control planes would lead, as of the last `ping`."""

    def __init__(self, url: str, timing: Timing) -> None:
        from orchestrator.db.patience import connect_arguments  # with psycopg, which SQLite does without

        arguments = connect_arguments(
            url, "flotilla-leader", timing.answer_seconds, {"idle_session_timeout": timing.idle_seconds}
        )
        self._engine = create_async_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
        )
        self._timing = timing
        self._connection: AsyncConnection | None = None
        self._pid = 0
        self._held = False
        self._held_since = float("-inf")
        self._heard_at = float("-inf")

    async def __aenter__(self) -> "LeaderLock":
        try:
            self._connection = await self._engine.connect()
            self._pid = int((await self._ask("SELECT pg_backend_pid()"))[0])
            await self._ask("SELECT pg_advisory_lock_shared(:key)", _key(_CANDIDATE))
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def leading(self) -> bool:
        """Nobody else can have the lock now."""
        valid_seconds = self._timing.idle_seconds - self._timing.margin_seconds
        return self._held and _now() < self._heard_at + valid_seconds

    async def acquire(self) -> bool:
        """Takes the lock where nobody has it; True once nothing of a former leader is under way any more."""
        asked_at = _now()
        if not self._held and not (await self._ask("SELECT pg_try_advisory_lock(:key)", _key(_LEADER)))[0]:
            return False
        if not self._held:
            self._held, self._held_since = True, asked_at
        if not (await self._ask("SELECT pg_try_advisory_lock(:key)", _key(_ACTS)))[0]:
            if _now() > self._held_since + self._timing.commit_seconds:
                await self._execute(_END_FORMER)
            return False
        await self._ask("SELECT pg_advisory_unlock(:key)", _key(_ACTS))
        self._heard_at = asked_at
        return True

    async def ping(self) -> None:
        """Makes sure that the lock is still ours, and that the server goes on knowing us. Raises LockLost."""
        asked_at = _now()
        if not self.leading():
            raise LockLost("this process stood still for too long")
        row = (await self._execute(_PING)).one()
        if not row.held:
            raise LockLost("the database took it away")
        self.candidates, self._heard_at = int(row.candidates), asked_at

    async def guard(self, session: AsyncSession) -> None:
        """At the begin of a transaction: it can only be committed before anybody else leads. Raises NotLeading."""
        if not self.leading():
            raise NotLeading("another control plane leads, or soon will")
        shared = text("SELECT pg_try_advisory_xact_lock_shared(:key)")
        connection = await session.connection()
        if not (await connection.execute(shared, _key(_ACTS))).scalar_one():
            raise NotLeading("another control plane begins to lead")
        if not (await connection.execute(_LEADS_AS, {"pid": self._pid})).scalar_one():
            raise NotLeading("another control plane leads")

    async def _execute(self, statement: TextClause, parameters: dict[str, int] | None = None) -> CursorResult[Any]:
        if self._connection is None:
            raise LockLost("the session with the database has ended")
        return await self._connection.execute(statement, parameters)

    async def _ask(self, statement: str, parameters: dict[str, int] | None = None) -> Row[Any]:
        return (await self._execute(text(statement), parameters)).one()

    async def _close(self) -> None:
        """Without a word: a server that does not answer must not hold us up."""
        self._held = False
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.invalidate()
                await connection.close()
            except (SQLAlchemyError, OSError):
                pass  # it was gone already
        await self._engine.dispose()


async def somebody_leads(session: AsyncSession) -> bool:
    """Whether any control plane of this database leads."""
    return bool((await (await session.connection()).execute(_LEADS)).scalar_one())


def _key(lower: int) -> dict[str, int]:
    return {"key": _SPACE << 32 | lower}


def _now() -> float:
    """Seconds on a clock that goes on while the process is stopped and the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
