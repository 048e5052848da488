"""`flotilla serve` in processes of its own, over fake pools."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from orchestrator.pools.drivers.process import ProcessDriver
from tests.support import eventually_sync

ROOT = Path(__file__).parents[3]
START_SECONDS = 120


class Serving:
    """One process; requests are the admin's."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, home: Path) -> None:
        self.process = process
        self._output = output
        self._home = home
        self.headers: dict[str, str] = {}
        self.url = ""

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_up(self) -> None:
        def find() -> str | None:
            assert self.process.poll() is None, self.output
            found = re.search(r"docs: (http://\S+)/docs", self.output)
            return found[1] if found else None

        self.url = eventually_sync(find, START_SECONDS, "the URL is printed") or ""
        eventually_sync(lambda: self._alive(), START_SECONDS, "the API answers")

    def sign_in(self) -> None:
        password = (self._home / "admin-password").read_text().strip()
        answer = httpx.post(
            f"{self.url}/api/v1/auth/login", json={"username": "admin", "password": password}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def take_token_of(self, other: "Serving") -> None:
        self.headers = other.headers

    def get(self, path: str, seconds: float = 60) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=self.headers, timeout=seconds)

    def post(self, path: str, body: dict[str, Any], seconds: float = 60) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", headers=self.headers, json=body, timeout=seconds)

    @contextlib.contextmanager
    def stream(self, path: str, seconds: float = 60) -> Iterator[Iterator[str]]:
        """Names of the events of a stream; it breaks when nothing comes for so long."""
        with httpx.stream("GET", f"{self.url}{path}", headers=self.headers, timeout=seconds) as response:
            assert response.status_code == 200, response.read()
            yield (line.removeprefix("event: ") for line in response.iter_lines() if line.startswith("event: "))

    def bots(self) -> dict[str, str]:
        """State by name."""
        items = self.get("/api/v1/bots").json()["items"]
        return {bot["name"]: bot["observed_state"] for bot in items}

    def create(self, name: str) -> None:
        answer = self.post("/api/v1/bots", {"name": name, "template": "trend"})
        assert answer.status_code == 201, answer.text

    def checks(self) -> dict[str, str]:
        answer = self.get("/readyz").json()
        checks: dict[str, str] = answer["checks"] if "checks" in answer else answer["params"]["checks"]
        return checks

    def leads(self) -> bool:
        return "flotilla_leader 1.0" in self.get("/metrics").text

    def _alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False


@contextlib.contextmanager
def serving(home: Path, *arguments: str, wait: bool = True, **environment: str) -> Iterator[Serving]:
    """Started; its pools are ended at the end as well."""
    output = home.parent / f"output-{os.urandom(4).hex()}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    settings = {
        "FLOTILLA_HOME": str(home),
        "FLOTILLA_PORT": "0",
        "FLOTILLA_ORCH_PAPER_EXCHANGE": "false",
        "FLOTILLA_ORCH_GATEWAY": "false",
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.serving", "serve", "--no-demo", *arguments],
            env={**own, **settings, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    made = Serving(process, output, home)
    try:
        if wait:
            made.wait_until_up()
        yield made
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(60)


async def end_pools(home: Path) -> None:
    driver = ProcessDriver(home / "pools", stop_seconds=5, module="tests.fakes.fake_pool")
    for pool_id in await driver.list():
        await driver.stop(pool_id, graceful=False)
