"""Connections to PostgreSQL that never wait for ever.

The server bounds a statement by `statement_timeout`; a server that stands still, or is gone without a word, bounds
nothing. So each exchange with it has a deadline on this side, too: a connection on which nothing came in time is closed
and told as `psycopg.OperationalError`, as one that broke would be. The server in turn learns by keep-alives that we are
gone without a word, or what we left idle would use up its connections for hours. What the URL sets is left as it is.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from psycopg import errors, waiting
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from sqlalchemy import make_url

CONNECT_SECONDS = 3
"""For each of the server's addresses."""
WHOLE_CONNECT_SECONDS = 8.0
"""For all of them, and finding them: name servers are silent, too, when a cable is pulled."""
PING_SECONDS = 2.0
_GRACE_SECONDS = 2.0
"""How much longer than the server's own limit an answer may take."""
_SILENCE_SECONDS = 10
"""What the kernel allows the other side to acknowledge nothing."""
_INTERVAL_SECONDS = 0.1
_KEEPALIVES = {"idle": 5, "interval": 2, "count": 3}
"""On both sides; seconds, but for the count."""
_SESSION = {
    "tcp_user_timeout": f"{_SILENCE_SECONDS}s",
    **{f"tcp_keepalives_{name}": str(value) for name, value in _KEEPALIVES.items()},
}

T = TypeVar("T")


class PatientConnection(psycopg.AsyncConnection[TupleRow]):
    """Waits for an answer no longer than `answer_seconds`; None for as long as it takes. Outside of transactions there
    are only questions whether the server still lives, so there it is `PING_SECONDS`. Who is cancelled does not wait for
    the server either: the connection is closed, and the statement ends when it has taken too long."""

    answer_seconds: float | None = None

    async def wait(
        self,
        gen: PQGen[T],
        interval: float = _INTERVAL_SECONDS,
        timeout: float | None = None,  # noqa: ASYNC109 - as psycopg has it
    ) -> T:
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        limit = PING_SECONDS if self.autocommit and self.answer_seconds is not None else self.answer_seconds
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=limit)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the database did not answer within {limit:.0f} s") from None
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def connect_arguments(
    url: str, name: str, statement_seconds: float | None, session_seconds: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """What `create_async_engine` passes on to psycopg: time-outs, `name` as the application's, and the settings of the
    session in `session_seconds` (PostgreSQL's names of time-outs). Text is always UTF-8."""
    bounds = dict(session_seconds or {})
    if statement_seconds is not None:
        bounds["statement_timeout"] = statement_seconds
    query = make_url(url).query
    session = {**_SESSION, **{name: f"{int(seconds * 1000)}ms" for name, seconds in bounds.items()}}
    own = [f"-c {name}={value}" for name, value in session.items()]
    told = query.get("options", "")
    arguments: dict[str, Any] = {
        "application_name": name,
        "connect_timeout": CONNECT_SECONDS,
        **{f"keepalives_{name}": value for name, value in _KEEPALIVES.items()},
        "tcp_user_timeout": _SILENCE_SECONDS * 1000,
    }
    arguments = {key: value for key, value in arguments.items() if key not in query}
    arguments["client_encoding"] = "utf8"  # of SQL_ASCII, which a server may suggest, psycopg makes bytes
    arguments["options"] = " ".join([*own, *([told] if isinstance(told, str) else told)]).strip()
    if statement_seconds is not None:

        async def patient(*positional: Any, **keywords: Any) -> PatientConnection:
            try:
                async with asyncio.timeout(None if "connect_timeout" in query else WHOLE_CONNECT_SECONDS):
                    connection = await PatientConnection.connect(*positional, **keywords)
            except TimeoutError:
                raise psycopg.OperationalError("the database, or whoever knows its address, does not answer") from None
            connection.answer_seconds = statement_seconds + _GRACE_SECONDS
            return connection

        arguments["async_creator_fn"] = patient
    return arguments
