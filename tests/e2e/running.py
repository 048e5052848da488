"""The product, running as a user runs it, in a home of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests.support import eventually_sync


class Flotilla:
    """`flotilla up` or `serve` without a terminal. Leaves no process behind, whatever happens."""

    def __init__(self, home: Path, verb: str = "up", *arguments: str, **environment: str) -> None:
        self.home = home
        self._command = [sys.executable, "-m", "api", verb, *arguments]
        own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
        # On a slow machine nobody has to sign in again.
        patient = {"FLOTILLA_API_ACCESS_TOKEN_SECONDS": "3600"}
        self._environment = {**own, **patient, "FLOTILLA_HOME": str(home), "FLOTILLA_PORT": "0", **environment}
        self._output = home.parent / f"{verb}-{time.monotonic_ns()}.out"
        self.url = ""
        self._token = ""

    def __enter__(self) -> Self:
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            self.url = eventually_sync(self._find_url, message="the URL is printed")
            eventually_sync(self._answers, message="/healthz answers")
        except BaseException:
            self.clear_up()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.clear_up()

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self._output.read_text()

    @property
    def password(self) -> str:
        return (self.home / "admin-password").read_text()

    def call(self, method: str, path: str, **keywords: Any) -> httpx.Response:
        """Signed in as the admin, who proves that it is he where his last proof is too old."""
        if not self._token:
            credentials = {"username": "admin", "password": self.password}
            signed_in = httpx.post(f"{self.url}/api/v1/auth/login", json=credentials, timeout=60)
            self._token = signed_in.raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {self._token}"}

        def ask(method: str, path: str, **keywords: Any) -> httpx.Response:
            return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, **keywords)

        answer = ask(method, path, **keywords)
        if not wants_proof(answer):
            return answer
        ask("POST", "/api/v1/auth/step-up", json={"password": self.password}).raise_for_status()
        return ask(method, path, **keywords)

    def get(self, path: str) -> Any:
        return self.call("GET", path).raise_for_status().json()

    def bots(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get("/api/v1/bots")["items"]
        return items

    def all_running(self, count: int) -> bool:
        states = [bot["observed_state"] for bot in self.bots()]
        return states == ["running"] * count

    def stop(self, number: signal.Signals = signal.SIGINT, timeout_seconds: float = 180) -> int:
        """Sends the signal and waits; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout_seconds)

    def processes(self) -> list[psutil.Process]:
        """Every living process that works in this home or was started for it."""
        return processes_of(self.home)

    def clear_up(self) -> None:
        """Kills what is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue

    def _find_url(self) -> str | None:
        assert self.process.poll() is None, self.output
        found = re.search(r"docs: (http://\S+)/docs", self.output)
        return found[1] if found else None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False


def wants_proof(answer: httpx.Response) -> bool:
    """A sign-in proves for five minutes who one is: on a slow machine they pass."""
    return answer.status_code == 403 and "step_up_required" in answer.text


def processes_of(home: Path) -> list[psutil.Process]:
    """By command line or working directory: bots are forks of the zygote, in a directory of the home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            inside = Path(process.cwd()).is_relative_to(home)
            if inside or any(str(home) in argument for argument in process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found
