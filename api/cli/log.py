"""The control plane's log: a rotated file under the home directory, so that it does not run over the terminal view, and
standard error where whoever runs it collects that.

Libraries that use the standard `logging` (uvicorn, SQLAlchemy, Alembic, APScheduler) are led into it; what they tell of
an address with a token or a ticket in it, as uvicorn does of each WebSocket, is masked.
"""

import logging
import os
import re
import sys
from pathlib import Path

from loguru import logger

from orchestrator.kit import logs

_ROTATION = "10 MB"
_RETENTION = 5
_IN_ADDRESS = re.compile(r"(?P<name>[?&](?:token|ticket)=)[^&\s\"']+")


def log_to_file(home: Path, *, stderr: bool = False) -> Path:
    """Leads all logging of this process into `<home>/logs/control-plane.log` (0600), and to `stderr` too. Raises
    OSError."""
    directory = home / "logs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "control-plane.log"
    logs.restart()
    logs.add(
        path,
        rotation=_ROTATION,
        retention=_RETENTION,
        opener=_owner_only,
        backtrace=False,
        catch=True,  # a full disk must not stop what is being logged
    )
    if stderr:
        logs.add(sys.stderr, colorize=False, backtrace=False, catch=True)
    logging.basicConfig(handlers=[ToLoguru()], level=logging.INFO, force=True)
    for name in ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "sqlalchemy.engine", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return path


class ToLoguru(logging.Handler):
    """Leads records of the standard `logging` on, without the secrets that addresses carry."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        told = _IN_ADDRESS.sub(r"\g<name>***", record.getMessage())
        named = logger.patch(lambda entry: dict.update(entry, name=record.name))  # levels go by it
        named.opt(exception=record.exc_info).log(level, "{}: {}", record.name, told)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
