"""Plays the pool's init for one zygote: spawns it with a channel as descriptor 3, adopts what it forks."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.support import eventually_sync

_PR_SET_CHILD_SUBREAPER = 36
_READY_SECONDS = 600
_ANSWER_SECONDS = 180
ROOT = Path(__file__).parents[2]


class ZygoteDriver:
    """A zygote and the bots forked from it; the test process becomes child subreaper, as init is."""

    def __init__(self, directory: Path, *, module: str, asked: str = "", paper_exchange_url: str | None = None) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.directory = directory
        settings = {"pool_id": "test", "paper_exchange_url": paper_exchange_url}
        (directory / "pool.json").write_text(json.dumps(settings))
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.log = directory / "zygote.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _LAUNCH, str(theirs.fileno()), module, "--directory", str(directory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "FLOTILLA_STAND_IN": asked},
            )
        theirs.close()
        self.bots: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        if self.process.poll() is None:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.bots:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def receive(self, timeout_seconds: float = _ANSWER_SECONDS) -> dict[str, Any]:
        """The next frame; fails with the zygote's log where none comes."""
        self.channel.settimeout(timeout_seconds)
        try:
            packet = self.channel.recv(1 << 20)
        except TimeoutError:
            packet = b""
        assert packet, f"the zygote said nothing; its log ends: {self.log.read_text()[-2000:]}"
        frame: dict[str, Any] = json.loads(packet)
        return frame

    def ready(self) -> dict[str, Any]:
        """The report once it is ready; checks that it was warming before."""
        warming = self.receive(_READY_SECONDS)
        assert warming["report"]["state"] == "warming"
        ready = self.receive(_READY_SECONDS)
        assert ready["report"]["state"] == "ready"
        report: dict[str, Any] = ready["report"]
        return report

    def ask(self, bot_id: str, **more: Any) -> dict[str, Any]:
        """Asks for a fork; the answer."""
        home = self.home(bot_id)
        home.mkdir(parents=True, exist_ok=True)
        request = {
            "kind": "fork", "bot_id": bot_id, "run_id": f"run-{bot_id}", "epoch": 1, "nonce": f"nonce-{bot_id}",
            "directory": str(home), **more,
        }  # fmt: skip
        self.channel.send(json.dumps(request).encode())
        return self.receive()

    def fork(self, bot_id: str) -> int:
        """Forks a bot; its pid."""
        answer = self.ask(bot_id)
        assert answer["kind"] == "forked", answer
        assert answer["run_id"] == f"run-{bot_id}"
        pid: int = answer["pid"]
        self.bots.append(pid)
        return pid

    def home(self, bot_id: str) -> Path:
        return self.directory / "bots" / bot_id

    def facts(self, bot_id: str, name: str = "facts.json", timeout_seconds: float = _ANSWER_SECONDS) -> dict[str, Any]:
        """What the bot wrote about itself."""
        file = self.home(bot_id) / name
        eventually_sync(file.exists, timeout_seconds, f"{name} of {bot_id}")
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def reap(self, pid: int) -> int:
        """Waits for a bot as its parent; exit code, negative for a signal."""
        _, status = os.waitpid(pid, 0)
        self.bots.remove(pid)
        return os.waitstatus_to_exitcode(status)


_LAUNCH = (
    "import os, sys; channel = int(sys.argv[1]); os.dup2(channel, 3); channel == 3 or os.close(channel); "
    "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[2:]])"
)
