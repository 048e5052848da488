"""What counts as an outage, and what is a mistake of ours."""

import errno

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.errors import STATUS
from api.outages import outage_of

OUTAGES = [
    (OperationalError("SELECT 1", None, Exception("connection refused")), "database"),
    (OperationalError("INSERT", None, Exception("database or disk is full")), "disk"),
    (InterfaceError("SELECT 1", None, Exception("the connection is closed")), "database"),
    (IntegrityError("INSERT", None, Exception("the server went away"), connection_invalidated=True), "database"),
    (PoolTimeoutError("QueuePool limit"), "FLOTILLA_ORCH_DATABASE_CONNECTIONS"),
    (RedisConnectionError("Connection refused"), "Redis"),
    (OSError(errno.ENOSPC, "No space left on device"), "disk"),
    (OSError(errno.EMFILE, "Too many open files"), "ulimit"),
]
MISTAKES = [
    IntegrityError("INSERT", None, Exception("duplicate key")),
    OSError(errno.ENOENT, "No such file"),
    ResponseError("WRONGTYPE"),
    KeyError("x"),
]


@pytest.mark.parametrize(("error", "about"), OUTAGES)
def test_an_outage_is_a_503_that_says_what_to_do(error: Exception, about: str) -> None:
    told = outage_of(error)
    assert told is not None
    assert STATUS[told[0]] == 503
    assert about in told[1]
    assert "try again" in told[1]


@pytest.mark.parametrize("error", MISTAKES)
def test_a_mistake_is_none(error: Exception) -> None:
    assert outage_of(error) is None
