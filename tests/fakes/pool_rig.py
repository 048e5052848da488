"""A pool under test: its directory, its init as a child process, and a client of its agent."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.support import PATIENT_SECONDS, eventually_sync

TOKEN = "a-token-for-tests-only"
STRATEGY = {"class_name": "Fake", "source": "class Fake: ..."}
QUICK = {
    "restart_backoff_seconds": 0.2,
    "restart_backoff_limit_seconds": 1,
    "hang_margin_seconds": 1,
    "connect_timeout_seconds": 30,
    "stop_timeout_seconds": 3,
    "orphan_timeout_seconds": 1,
    "sample_interval_seconds": 1,
}


class PoolRig:
    """`module` is run as init: `tests.fakes.fake_init` (fake bots) or `pool` (real ones)."""

    def __init__(self, directory: Path, module: str = "tests.fakes.fake_init", **settings: Any) -> None:
        self.directory = directory
        self._module = module
        self.init: subprocess.Popen[bytes] | None = None
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "pool.json").write_text(json.dumps({"pool_id": "test"} | QUICK | settings))
        (directory / "agent-token").write_text(TOKEN)
        (directory / "agent-token").chmod(0o600)

    def start(self) -> None:
        command = [sys.executable, "-m", self._module, "--directory", str(self.directory)]
        self.init = subprocess.Popen(command, start_new_session=True)
        eventually_sync(self.answers, message="agent answers")

    def answers(self) -> bool:
        with contextlib.suppress(OSError, ValueError, httpx.HTTPError):
            return bool(self.pool()["init_pid_matches"])
        return False

    def pool(self) -> dict[str, Any]:
        endpoint = json.loads((self.directory / "endpoint.json").read_text())
        report: dict[str, Any] = self.call("GET", "/v1/pool").json()
        report["init_pid_matches"] = self.init is not None and endpoint["pid"] == self.init.pid
        return report

    def child(self, module: str) -> int:
        """Pid of init's child that runs `module`; 0 while there is none."""
        if self.init is None:
            return 0
        for process in psutil.Process(self.init.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(part.endswith(module) for part in process.cmdline()[:3]):
                    return int(process.pid)
        return 0

    @property
    def url(self) -> str:
        endpoint = json.loads((self.directory / "endpoint.json").read_text())
        return f"http://{endpoint['host']}:{endpoint['port']}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {TOKEN}"}

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(
            method, self.url + path, headers=self.headers | more.pop("headers", {}), timeout=60, **more
        )

    def put(self, bot_id: str, desired: str = "running", *, expect: int | None = None, **more: Any) -> dict[str, Any]:
        answer = self.call("PUT", f"/v1/slots/{bot_id}", json=spec(desired, **more))
        assert answer.status_code in ((expect,) if expect else (200, 201)), answer.text
        return dict(answer.json())

    def slot(self, bot_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/v1/slots/{bot_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(
        self,
        bot_id: str,
        check: Callable[[dict[str, Any]], object],
        timeout_seconds: float = PATIENT_SECONDS,
        message: str = "",
    ) -> dict[str, Any]:
        """The slot once `check` holds; an agent that does not answer for a while is forgiven."""
        last: dict[str, Any] = {}

        def look() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.HTTPError, OSError, ValueError):
                last.clear()
                last.update(self.slot(bot_id))
                return last if check(last) else None
            return None

        try:
            eventually_sync(look, timeout_seconds, message or "slot")
        except AssertionError as problem:
            raise AssertionError(f"{problem}; slot: {json.dumps(last, indent=1)}") from None
        return dict(last)

    def until_state(self, bot_id: str, state: str, timeout_seconds: float = PATIENT_SECONDS) -> dict[str, Any]:
        return self.until(bot_id, lambda slot: slot["observed_state"] == state, timeout_seconds, f"{bot_id} {state}")

    def events(self, cursor: str | None = None) -> list[dict[str, Any]]:
        """All events in the ring after the cursor, oldest first."""
        found: list[dict[str, Any]] = []
        params = {"cursor": cursor} if cursor else {}
        with httpx.stream("GET", f"{self.url}/v1/events", headers=self.headers, params=params, timeout=60) as stream:
            for line in stream.iter_lines():
                item = json.loads(line)
                if item["kind"] in ("slot", "snapshot") or (item["kind"] == "heartbeat" and found):
                    return found
                if item["kind"] in ("event", "reset"):
                    found.append(item)
        return found

    def heard(self, bot_id: str, kind: str = "") -> list[dict[str, Any]]:
        """What a fake bot was told of modes, policies, grants and prices, oldest first."""
        file = self.directory / "bots" / bot_id / "heard.jsonl"
        frames = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [frame for frame in frames if kind in ("", frame["kind"])]

    def order(self, *orders: dict[str, Any], clock: float | None = None) -> dict[str, Any]:
        """Posts orders; `clock` is the one that the agent answers first, if none is given."""
        if clock is None:
            clock = self.call("POST", "/v1/risk", json={"clock": None, "orders": []}).json()["clock"]
        answer = self.call("POST", "/v1/risk", json={"clock": clock, "looked": clock, "orders": list(orders)})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def stop(self) -> int:
        """Graceful; the exit code."""
        assert self.init is not None
        self.init.send_signal(signal.SIGTERM)
        code = self.init.wait(PATIENT_SECONDS)
        self.init = None
        return code

    def close(self) -> None:
        """Whatever is left ends."""
        if self.init is not None and self.init.poll() is None:
            self.init.terminate()
            try:
                self.init.wait(PATIENT_SECONDS)
            except subprocess.TimeoutExpired:
                self.init.kill()
                self.init.wait()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> list[int]:
        """Processes that work in this pool's directory, by their descriptors: ours alone."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            if any(link.startswith(f"{self.directory}/") for link in links(int(entry.name))):
                found.append(int(entry.name))
        return found


def links(pid: int) -> list[str]:
    """What the descriptors of a process lead to; none of one that is gone."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                found.append(os.readlink(link))
    return found


def spec(desired: str = "running", *, epoch: int = 1, generation: int = 1, **more: Any) -> dict[str, Any]:
    """A SlotSpec for a fake bot; `fake` tells how it misbehaves."""
    return {
        "epoch": epoch,
        "generation": generation,
        "desired": desired,
        "exchange": "binance",
        "config": {"fake": more.pop("fake", {})},
        "strategy": STRATEGY,
    } | more


@contextlib.contextmanager
def running(directory: Path, module: str = "tests.fakes.fake_init", **settings: Any) -> Iterator[PoolRig]:
    """A pool that runs while the context lasts."""
    rig = PoolRig(directory, module, **settings)
    try:
        rig.start()
        yield rig
    finally:
        rig.close()
