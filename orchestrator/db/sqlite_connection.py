"""SQLite connections that let go of their locks whatever is cancelled.

An operation runs in the connection's own thread and cannot be taken back. A task that is cancelled meanwhile would
leave it behind: a BEGIN that takes the write lock when everybody has forgotten the connection. So whoever is cancelled
waits for the operation under way, and is cancelled then. And a connection that is given up is closed by its thread in
any case: aiosqlite's own `stop` looks for the connection only when its turn comes, and `close` may have forgotten it by
then, which leaves it open with its transaction until the garbage collector finds it.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite
from aiosqlite.core import _STOP_RUNNING_SENTINEL

_CHUNK_ROWS = 64


class PatientConnection(aiosqlite.Connection):
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        operation = asyncio.ensure_future(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]
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
