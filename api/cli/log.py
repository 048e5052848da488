"""The control plane's log: a rotated file under the home directory, so that it does not run over the terminal view.

Libraries that use the standard `logging` (uvicorn, SQLAlchemy, Alembic, APScheduler) are led into it.
"""

import logging
import os
from pathlib import Path

from loguru import logger

_ROTATION = "10 MB"
_RETENTION = 5


def log_to_file(home: Path) -> Path:
    """Leads all logging of this process into `<home>/logs/control-plane.log` (0600). Raises OSError."""
    directory = home / "logs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "control-plane.log"
    logger.remove()
    logger.add(
        path,
        rotation=_ROTATION,
        retention=_RETENTION,
        level="INFO",
        opener=_owner_only,
        backtrace=False,
        diagnose=False,  # would print the values of variables, secrets among them
        catch=True,  # a full disk must not stop what is being logged
    )
    logging.basicConfig(handlers=[_ToLoguru()], level=logging.INFO, force=True)
    for name in ("httpx", "httpcore", "uvicorn.access", "aiosqlite", "sqlalchemy.engine", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return path


class _ToLoguru(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            level: str | int = logger.level(record.levelname).name
        except ValueError:
            level = record.levelno
        logger.opt(exception=record.exc_info).log(level, "{}: {}", record.name, record.getMessage())


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
