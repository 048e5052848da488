"""What callers hear while the database, Redis or the disk fails: 503 with a remedy, over HTTP and WebSockets."""

import contextlib
import errno
import json
from collections.abc import AsyncIterator, Callable

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.integration.api.world import OWNER, World, token_of

Break = Callable[[Exception], None]


@pytest.fixture
def broken(world: World, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Has the database raise this from now on."""

    def fail(error: Exception) -> None:
        @contextlib.asynccontextmanager
        async def failing() -> AsyncIterator[None]:
            raise error
            yield

        for name in ("read", "unit_of_work"):
            monkeypatch.setattr(world.rig.database, name, failing)

    return fail


GONE = OperationalError("SELECT 1", None, Exception("connection refused"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GONE, "storage_unavailable"),
        (OSError(errno.ENOSPC, "No space left on device"), "storage_unavailable"),
        (RedisConnectionError("Connection refused"), "redis_unavailable"),
    ],
)
async def test_a_request_hears_a_503_with_a_remedy(world: World, broken: Break, error: Exception, code: str) -> None:
    broken(error)
    answer = await world.client.get("/api/v1/bots")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == code
    assert "refused" not in answer.text, "what broke is for the log"


async def test_another_oserror_is_a_500_without_its_cause(world: World, broken: Break) -> None:
    broken(OSError(errno.ENOENT, "No such file", "/a/secret/place"))
    answer = await world.client.get("/api/v1/bots")
    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_a_websocket_hears_it_before_the_upgrade(world: World, broken: Break) -> None:
    bot_id = await world.placed()
    async with world.serving() as client:
        broken(GONE)
        url = f"{client.base_url}/api/v1/bots/{bot_id}/freqtrade/api/v1/message/ws".replace("http://", "ws://")
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, additional_headers={"Authorization": f"Bearer {token_of(OWNER)}"}, proxy=None)
    assert refused.value.response.status_code == 503
    assert json.loads(refused.value.response.body or b"")["code"] == "storage_unavailable"
