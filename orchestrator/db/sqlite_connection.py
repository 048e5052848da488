"""SQLite connections that let go of their locks whatever is cancelled.

An operation runs in the connection's own thread and cannot be taken back. A task that is cancelled meanwhile would
leave it behind: a BEGIN that takes the write lock when everybody has forgotten the connection. So whoever is cancelled
waits for the operation under way, and is cancelled then. And a connection that is given up is closed by its thread in
any case: aiosqlite's own `stop` looks for the connection only when its turn comes, and `close` may have forgotten it by
then, which leaves it open with its transaction until the garbage collector finds it.

A way to the thread and back costs more than most statements. So a statement takes one and not four (its cursor, itself,
its rows, its end): it comes back with its rows, the first of them where there are many. And a transaction that only
reads begins and ends without one: neither touches the file nor waits for anybody, since the thread does nothing then.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

BEGIN_TO_READ, BEGIN_TO_WRITE = "BEGIN DEFERRED", "BEGIN IMMEDIATE"
_CHUNK_ROWS = 64
_ROWS_AT_ONCE = 1000


class PromptCursor:
    """What SQLAlchemy asks of a cursor of aiosqlite. `_first` are rows of it that nobody took yet."""

    arraysize = 1

    def __init__(self, connection: "PatientConnection") -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._first: deque[Any] = deque()
        self._more: sqlite3.Cursor | None = None
        """Where further rows are."""

    async def __aenter__(self) -> "PromptCursor":
        return self

    @property
    def description(self) -> Any:
        return None if self._cursor is None else self._cursor.description

    @property
    def rowcount(self) -> int:
        return -1 if self._cursor is None else self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return None if self._cursor is None else self._cursor.lastrowid

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        if sql in (BEGIN_TO_READ, BEGIN_TO_WRITE):
            self._connection.only_reads = sql == BEGIN_TO_READ
        if sql == BEGIN_TO_READ:
            self._run(sqlite3.Cursor.execute, sql, parameters)
            return
        await self._connection._execute(self._run, sqlite3.Cursor.execute, sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        await self._connection._execute(self._run, sqlite3.Cursor.executemany, sql, parameters)

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        wanted = self.arraysize if size is None else size
        rows = [self._first.popleft() for _ in range(min(wanted, len(self._first)))]
        if self._more is not None and len(rows) < wanted:
            rows += await self._connection._execute(self._more.fetchmany, wanted - len(rows))
        return rows

    async def fetchall(self) -> list[Any]:
        rows = list(self._first)
        self._first.clear()
        if self._more is not None:
            rows += await self._connection._execute(self._more.fetchall)
        return rows

    async def close(self) -> None:
        self._first.clear()
        more, self._more = self._more, None
        if more is not None:
            await self._connection._execute(more.close)

    def _run(self, act: Callable[..., object], sql: str, parameters: Any) -> None:
        """In the connection's thread, or while that has nothing to do."""
        if self._more is not None:
            self._more.close()
        cursor = self._connection._conn.cursor()
        self._cursor, self._first, self._more = cursor, deque(), None
        try:
            act(cursor, sql, parameters)
            if cursor.description is not None:
                self._first.extend(cursor.fetchmany(_ROWS_AT_ONCE))
                self._more = cursor if len(self._first) == _ROWS_AT_ONCE else None
        finally:
            if self._more is None:
                cursor.close()


class PatientConnection(aiosqlite.Connection):
    only_reads = False
    """As the transaction was begun."""

    def cursor(self) -> PromptCursor:  # type: ignore[override]  # it is its own context
        return PromptCursor(self)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")
        operation = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((operation, partial(fn, *args, **kwargs)))
        cancelled: asyncio.CancelledError | None = None
        while not operation.done():
            try:
                await asyncio.wait({operation})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            if not operation.cancelled():
                operation.exception()  # looked at, so that nobody complains that it never was
            raise cancelled
        return operation.result()

    async def rollback(self) -> None:
        """See aiosqlite."""
        if self.only_reads:
            self._conn.rollback()
        else:
            await super().rollback()

    async def close(self) -> None:
        """See aiosqlite; nothing to do where the thread was told to close already."""
        future = self.stop()
        if future is not None:
            await future

    def stop(self) -> "asyncio.Future[Any] | None":
        """See aiosqlite; closes the connection there is now."""
        if not self._running:
            return None
        self._running = False
        connection = self._connection

        def close_and_stop() -> object:
            if connection is not None:
                connection.rollback()  # closing alone would leave it to the last cursor that somebody holds
                connection.close()
            self._connection = None
            return _STOP_RUNNING_SENTINEL

        try:
            future: asyncio.Future[Any] | None = asyncio.get_running_loop().create_future()
        except RuntimeError:  # the garbage collector calls
            future = None
        self._tx.put_nowait((future, close_and_stop))
        return future


def connect(*arguments: Any, **options: Any) -> PatientConnection:
    """As `aiosqlite.connect`; SQLAlchemy takes it as `async_creator_fn`."""
    connection = PatientConnection(partial(sqlite3.connect, *arguments, **options), _CHUNK_ROWS)
    connection._thread.daemon = True  # a process that ends does not wait for it
    return connection
