"""`python -m pool --directory DIR`: the init of the pool in DIR, until SIGTERM or SIGINT.

Exit codes: 0 after a stop in good order, 1 where it could not start (told in one sentence on standard error).
"""

import argparse
import fcntl
import logging
import logging.handlers
import os
import sys
import time
from pathlib import Path

from pool.init.layout import WrongLayout, prepare
from pool.init.privileges import missing
from pool.init.supervisor import Supervisor
from pool.settings import PoolSettings

_LOCK_NAME = "init.lock"


class CannotStart(Exception):
    """Says in one sentence why."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the pool; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pool", description="Run the pool of a directory.")
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool; holds pool.json")
    directory: Path = parser.parse_args(arguments).directory.absolute()
    os.umask(0o077)
    try:
        settings = _load(directory)
        if settings.agent_uid is not None:
            _prepare_for_own_ids(directory, settings.agent_uid)
        lock = take_lock(directory / _LOCK_NAME)
        _log_to(directory / "logs" / "init.log")
        supervisor = Supervisor(
            directory,
            settings.stop_timeout_seconds,
            sample_interval_seconds=settings.sample_interval_seconds,
            agent_patience_seconds=settings.agent_patience_seconds,
            agent_uid=settings.agent_uid,
        )
    except (CannotStart, WrongLayout, OSError) as problem:
        print(f"The pool in {directory} cannot start: {problem}", file=sys.stderr)
        return 1
    supervisor.run()
    os.close(lock)
    return 0


def take_lock(file: Path) -> int:
    """The descriptor that holds the lock while open. Raises CannotStart where another init lives."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        os.close(descriptor)
        raise CannotStart("another init runs it already.") from problem
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _prepare_for_own_ids(directory: Path, agent_uid: int) -> None:
    """The agent gets a user of its own, each bot another. Raises CannotStart, WrongLayout, OSError."""
    lacking = missing()
    if lacking:
        raise CannotStart(
            f"its settings give the agent user id {agent_uid}, which takes capabilities that this process lacks: "
            f"{', '.join(lacking)}. Start it as root with them (in Docker: --cap-add), or unset agent_uid."
        )
    prepare(directory, agent_uid)


def _load(directory: Path) -> PoolSettings:
    file = directory / "pool.json"
    try:
        return PoolSettings.load(file)
    except FileNotFoundError as problem:
        raise CannotStart(f"{file} is missing.") from problem
    except ValueError as problem:
        raise CannotStart(f"{file} is not right: {problem}") from problem


def _log_to(file: Path) -> None:
    # The standard library's logging: init stays small, and loguru brings asyncio and multiprocessing along.
    file.parent.mkdir(mode=0o700, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=5_000_000, backupCount=2)
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main())
