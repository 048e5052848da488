"""PostgreSQL and Redis of a benchmark's own, as processes that may be killed and started again on the same port."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.product import free_port
from benchmarks.rigs import wait_until

_USER = "postgres"


@dataclass
class Store:
    """One server. `start` after `kill` finds its data again."""

    name: str
    command: list[str]
    directory: Path
    url: str
    ready: list[str]
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.directory.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory, user=self.user,
                env={"PATH": os.environ["PATH"]}, start_new_session=True,
            )  # fmt: skip

    def answers(self) -> bool:
        return subprocess.run(self.ready, capture_output=True, timeout=10).returncode == 0

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL to the server and whatever it forked."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def postgres(directory: Path) -> Iterator[Store]:
    """An empty database `flotilla`. Raises FileNotFoundError where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not programs:
        raise FileNotFoundError("PostgreSQL is not installed: apt install postgresql")
    binaries = programs[-1].parent
    user = _USER if os.geteuid() == 0 else None
    directory.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(directory, user, user)
        directory.parent.chmod(0o711)
    port = free_port()
    password = secrets.token_urlsafe(24)
    secret = directory / "password"
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)
    subprocess.run(
        [
            binaries / "initdb", "-D", directory / "data", "-U", "flotilla", "-A", "scram-sha-256", "-E", "UTF8",
            "--pwfile", secret,
        ],
        check=True, capture_output=True, user=user, cwd=directory, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={directory}", "-p", str(port)]
    store = Store(
        "postgres", [str(binaries / "postgres"), "-D", str(directory / "data"), *options], directory,
        f"postgresql+psycopg://flotilla:{password}@127.0.0.1:{port}/postgres",
        [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)], user,
    )  # fmt: skip
    store.start()
    try:
        wait_until(store.answers, 60, "PostgreSQL")
        yield store
    finally:
        store.end()


@contextmanager
def redis(directory: Path) -> Iterator[Store]:
    """Durable as in `deploy/`. Raises FileNotFoundError where Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        raise FileNotFoundError("Redis is not installed: apt install redis-server")
    directory.mkdir(mode=0o700)
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--appendonly", "yes"]
    ping = ["redis-cli", "-p", str(port), "ping"]
    store = Store("redis", [*command, "--save", ""], directory, f"redis://127.0.0.1:{port}/0", ping, None)
    store.start()
    try:
        wait_until(store.answers, 60, "Redis")
        yield store
    finally:
        store.end()
