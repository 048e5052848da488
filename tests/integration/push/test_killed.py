"""A control plane that is killed: what it had queued is pushed by the next one, and what was under way is not twice."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.push_service import PushService, push_service
from tests.integration.outages.serving import Serving, end_pools, serving
from tests.support import eventually_sync


class Background:
    """A push service in a thread of its own, so that the test may wait."""

    def __init__(self) -> None:
        self.service = PushService()
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self._thread.start()
        assert self._up.wait(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()

    async def _serve(self) -> None:
        async with push_service() as self.service:
            self._up.set()
            await self._stop.wait()


@pytest.fixture
def service() -> Iterator[PushService]:
    made = Background()
    yield made.service
    made.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    asyncio.run(end_pools(tmp_path / "home"))


def subscribe(one: Serving, service: PushService) -> str:
    one.sign_in()
    service.key = one.get("/api/v1/push/key").json()["key"]
    answer = one.post("/api/v1/push/subscriptions", service.browser().told())
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def subscription(one: Serving) -> dict[str, Any]:
    (row,) = one.get("/api/v1/push/subscriptions").json()["items"]
    found: dict[str, Any] = row
    return found


def test_what_waits_is_pushed_after_a_kill_once(home: Path, service: PushService) -> None:
    settings = {"FLOTILLA_ORCH_PUSH_ORIGINS": service.origin}
    service.status = lambda _path, _before: 503
    with serving(home, **settings) as first:
        subscribe(first, service)
        assert first.post("/api/v1/push/test", {}).json() == {"queued": 1}
        eventually_sync(lambda: subscription(first)["problem"], message="it is told that nobody takes it")
        os.kill(first.process.pid, signal.SIGKILL)
    service.status = lambda _path, _before: 201
    with serving(home, **settings) as second:
        second.take_token_of(first)
        eventually_sync(lambda: service.told(), message="the next one sends it")
        eventually_sync(lambda: subscription(second)["sent_at"], message="and notes it")
        second.post("/api/v1/push/test", {})
        eventually_sync(lambda: len(service.told()) == 2, message="the one after it is the second")
    assert {body["kind"] for body in service.told()} == {"test"}
    log = (home / "logs" / "control-plane.log").read_text()
    assert service.browser().told()["keys"]["auth"] not in log
    assert "/send/one" not in log


def test_what_was_under_way_at_the_kill_does_not_come_twice(home: Path, service: PushService) -> None:
    settings = {"FLOTILLA_ORCH_PUSH_ORIGINS": service.origin}
    with serving(home, **settings) as first:
        subscribe(first, service)
        pid = first.process.pid

        def kill(_path: str, _before: int) -> int:
            os.kill(pid, signal.SIGKILL)
            return 201

        service.status = kill
        with contextlib.suppress(httpx.HTTPError):  # the kill may be quicker than the answer
            first.post("/api/v1/push/test", {})
        assert first.process.wait(60) == -signal.SIGKILL
        eventually_sync(lambda: len(service.told()) == 1, message="the browser had it")
    service.status = lambda _path, _before: 201
    with serving(home, **settings) as second:
        second.take_token_of(first)
        eventually_sync(lambda: "not repeated" in second_log(home), message="the next one tells of it")
        second.post("/api/v1/push/test", {})
        eventually_sync(lambda: len(service.told()) == 2, message="another one comes")
    first_id, second_id = (body["id"] for body in service.told())
    assert first_id != second_id


def second_log(home: Path) -> str:
    return (home / "logs" / "control-plane.log").read_text()
