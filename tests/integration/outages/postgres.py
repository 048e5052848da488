"""A PostgreSQL of a test's own, which it may stop, start, kill and pause."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from tests.support import free_port


class Postgres:
    """On a free port of loopback; refuses to run as root, so then it runs as its own user."""

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self._directory = directory
        self.port = free_port()
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            self._as_user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(directory, "postgres")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://flotilla@127.0.0.1:{self.port}/postgres"

    def initialise(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self._data), "-U", "flotilla", "-A", "trust", "--no-sync"]
        command += ["-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*self._as_user, *command], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._control("-w", "-o", options, "-l", str(self._directory / "log"), "start")

    def stop(self) -> None:
        self._control("-w", "-m", "immediate", "stop")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """It stands still meanwhile: connections stay, nothing answers."""
        pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        server = psutil.Process(pid)
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=60) as connection:
            return connection.execute(query.encode()).fetchall()

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=60) as connection:
            connection.execute(statement.encode())

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    def _control(self, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / "pg_ctl"), "-D", str(self._data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=200)


@contextlib.contextmanager
def own_postgres(programs: Path) -> Iterator[Postgres]:
    """Started; gone at the end."""
    directory = Path(tempfile.mkdtemp(prefix="flotilla-pg-"))
    made = Postgres(programs, directory)
    try:
        made.initialise()
        made.start()
        yield made
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            made.stop()
        shutil.rmtree(directory, ignore_errors=True)
