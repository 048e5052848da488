"""The database: one async engine, and units of work, which are the only place that commits.

On PostgreSQL nothing waits for ever: a connection that is not free within `WAIT_SECONDS` is SQLAlchemy's TimeoutError,
a server that does not say anything within the time for an answer is an OperationalError (`db.patience`), and a
transaction that somebody left open is ended by the server, so that a process that stands still holds up nobody.

SQLite has one writer at a time and no queue: who waits looks again and again, and where many write, somebody may be
passed over for as long as he looks. So units of work of one process take turns before they ask SQLite.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db import sqlite_connection

WAIT_SECONDS = 5.0
"""How long a unit of work waits for a free connection."""
_TURN_SECONDS = 30.0
"""How long one waits for its turn to write on SQLite, and then for other processes."""
_RECYCLE_SECONDS = 1800
_PAGES_KIB = 256
"""What a connection to SQLite keeps of the file: the system keeps it, too, and 2 MB of each are 30 in all."""
_IDLE_TRANSACTION_SECONDS = 5
"""A leader that stands still holds its last transaction open no longer than this; see `orchestrator.leader`."""

Guard = Callable[[AsyncSession], Awaitable[None]]
"""Asked at the begin of a unit of work; raises where it may not write."""
_ENDINGS = "unit_of_work_endings"


def at_end(session: AsyncSession, name: str, act: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Has `act` done once, as the last thing that the session's unit of work does before it commits: what must be
    locked last, say. The same name replaces."""
    session.info.setdefault(_ENDINGS, {})[name] = act


@dataclass(frozen=True, slots=True)
class ConnectionReadings:
    """The connections of this process at a moment."""

    limit: int
    in_use: int
    idle: int
    waiting: int
    """Units of work that wait for a connection now."""
    timeouts: int
    """How many waited in vain since the start."""


@dataclass(slots=True)
class _Waits:
    waiting: int = 0
    timeouts: int = 0


class Database:
    """Owns the engine. `url` is an SQLAlchemy URL with an async driver. Of PostgreSQL at most `connections` are open,
    and no statement takes longer than `statement_seconds`; None for no limit, as migrations need it. Each session has
    `info` as its own."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = 10,
        statement_seconds: float | None = None,
        info: Mapping[str, Any] | None = None,
    ) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(url, **_engine_options(url, connections, statement_seconds))
        if url.startswith("sqlite"):
            event.listen(self.engine.sync_engine, "connect", _configure_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._sessions = async_sessionmaker(
            self.engine, class_=AsyncSession, expire_on_commit=False, info=dict(info or {})
        )
        self._limit = connections
        self._turns = None if is_postgresql(url) else asyncio.Lock()
        self._waits = _Waits()
        self._guard: Guard | None = None

    def guarded(self, guard: Guard) -> "Database":
        """The same database for those who may write only while `guard` lets them. Close the original alone."""
        twin = copy.copy(self)
        twin._guard = guard
        return twin

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncSession]:
        """A transaction that writes: commits when the block ends, rolls back when it raises. On SQLite it takes the
        write lock at once, so two units never deadlock upgrading a read."""
        async with self._turn(), self._sessions() as session:
            await self._connect(session, writes=True)
            try:
                if self._guard is not None:
                    await self._guard(session)
                yield session
                for ending in list(session.info.get(_ENDINGS, {}).values()):
                    await ending(session)
            except BaseException:
                await session.rollback()
                raise
            await session.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, all of it as it was at one moment; never commits. The rows stay usable
        afterwards."""
        async with self._sessions() as session:
            await self._connect(session, writes=False)
            try:
                yield session
            finally:
                session.expunge_all()  # a rollback would empty them
                await session.rollback()

    def readings(self) -> ConnectionReadings:
        """How the connections of this process are used."""
        pool = self.engine.pool
        in_use, idle = (pool.checkedout(), pool.checkedin()) if isinstance(pool, QueuePool) else (0, 0)
        return ConnectionReadings(self._limit, in_use, idle, self._waits.waiting, self._waits.timeouts)

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """First come, first served."""
        if self._turns is None:
            yield
            return
        self._waits.waiting += 1
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            self._waits.timeouts += 1
            raise PoolTimeoutError(f"nobody else was done with writing for {_TURN_SECONDS:.0f} s") from None
        finally:
            self._waits.waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def _connect(self, session: AsyncSession, *, writes: bool) -> None:
        self._waits.waiting += 1
        try:
            await session.connection(execution_options=self._options(writes))
        except PoolTimeoutError:
            self._waits.timeouts += 1
            raise
        finally:
            self._waits.waiting -= 1

    def _options(self, writes: bool) -> dict[str, Any]:
        """On SQLite every transaction sees one moment; on PostgreSQL one that writes must see what it waited for."""
        options: dict[str, Any] = {"flotilla_writes": writes}
        if not writes and is_postgresql(self.url):
            options["isolation_level"] = "REPEATABLE READ"
        return options


def is_postgresql(url: str) -> bool:
    """Whether it is PostgreSQL, which several processes may share."""
    return make_url(url).get_backend_name() == "postgresql"


def _engine_options(url: str, connections: int, statement_seconds: float | None) -> dict[str, Any]:
    if not is_postgresql(url):
        return {"connect_args": {"timeout": _TURN_SECONDS, "async_creator_fn": sqlite_connection.connect}}
    from orchestrator.db.patience import connect_arguments  # with psycopg, which SQLite does without

    session = {} if statement_seconds is None else {"idle_in_transaction_session_timeout": _IDLE_TRANSACTION_SECONDS}
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": WAIT_SECONDS,
        "pool_pre_ping": True,
        "pool_recycle": _RECYCLE_SECONDS,
        "connect_args": connect_arguments(url, "flotilla", statement_seconds, session),
    }


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_TURN_SECONDS * 1000:.0f}",
        f"cache_size=-{_PAGES_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("flotilla_writes", False)
    connection.exec_driver_sql(sqlite_connection.BEGIN_TO_WRITE if writes else sqlite_connection.BEGIN_TO_READ)
