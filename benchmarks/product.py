"""The whole product (`flotilla serve`) in a home of its own, for benchmarks that go through the API."""

import os
import socket
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.processes import running
from benchmarks.rigs import ROOT, wait_until

_UNBOUNDED = {
    f"FLOTILLA_API_{name}": "100000000"
    for name in (
        "REQUESTS_PER_ADDRESS_PER_MINUTE",
        "READS_PER_MINUTE",
        "CHANGES_PER_MINUTE",
        "RELAYS_PER_MINUTE",
        "PORTFOLIO_STREAMS_PER_USER",
    )
}
"""A benchmark is one user that asks for what many would."""


@contextmanager
def product(home: Path) -> Iterator[httpx.Client]:
    """Ready and empty; yields a signed-in client with the API's base address."""
    port = free_port()
    environment = {**os.environ, **_UNBOUNDED, "FLOTILLA_HOME": str(home), "FLOTILLA_PORT": str(port)}
    command = [str(Path(sys.executable).parent / "flotilla"), "serve", "--no-demo"]
    base_url = f"http://127.0.0.1:{port}"
    before = {process.pid for process in psutil.process_iter()}
    try:
        with running(command, home.parent / "serve.log", cwd=ROOT, env=environment):
            wait_until(lambda: _status(f"{base_url}/readyz") == 200, 240, "readiness")
            signed = _Signed(f"{base_url}/api/v1/auth/login", (home / "admin-password").read_text().strip())
            with httpx.Client(base_url=f"{base_url}/api/v1", timeout=60, auth=signed) as client:
                yield client
    finally:  # not before `serve` has ended, which would start them again
        end_leftovers(home, before)


class _Signed(httpx.Auth):
    """Signs the administrator in, and again when the token is over: benchmarks run for longer than one lasts."""

    requires_response_body = True

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        self._body = {"username": "admin", "password": password}
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        for _ in range(2):
            if self._token is None:
                answer = yield httpx.Request("POST", self._url, json=self._body)
                self._token = answer.raise_for_status().json()["access_token"]
            request.headers["Authorization"] = f"Bearer {self._token}"
            if (yield request).status_code != httpx.codes.UNAUTHORIZED:
                return
            self._token = None


def remove_all(client: httpx.Client) -> None:
    """Deletes every bot and waits until they are gone."""
    for bot in bots(client):
        client.delete(f"/bots/{bot['id']}").raise_for_status()
    wait_until(lambda: not bots(client), 120, "all bots deleted")


def bots(client: httpx.Client) -> list[dict[str, Any]]:
    answer = client.get("/bots", params={"limit": 200})
    return list(answer.raise_for_status().json()["items"])


def end_leftovers(home: Path, before: set[int]) -> None:
    """`serve` leaves pool and exchange running by design; a benchmark ends those it started, known by their home."""
    mine = [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid not in before and any(str(home) in word for word in process.info["cmdline"] or [])
    ]
    for process in mine:
        process.terminate()
    _, alive = psutil.wait_procs(mine, timeout=60)
    for process in alive:
        process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0
