"""The bot's own log: `bot.log`, rotated by size, standard output and error included.

`log_config` goes into FreqTrade's configuration, which installs it with `logging.config.dictConfig`.
"""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

LOG_FILE = "bot.log"
FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
_MAX_BYTES = 2 * 1024 * 1024
_BACKUPS = 2


class BotLogHandler(RotatingFileHandler):
    """Takes standard output and error along to the new file when it rotates."""

    def doRollover(self) -> None:  # noqa: N802 - named by the standard library
        super().doRollover()
        if self.stream is not None:
            for descriptor in (1, 2):
                os.dup2(self.stream.fileno(), descriptor)


def start_log(file: Path) -> None:
    """Log to `file` until FreqTrade installs `log_config`."""
    handler = BotLogHandler(file, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)


def log_config(file: Path) -> dict[str, Any]:
    """FreqTrade's `log_config`: everything to `file`, nothing to a console."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"standard": {"format": FORMAT}},
        "handlers": {
            "file": {
                "class": f"{__name__}.{BotLogHandler.__name__}",
                "formatter": "standard",
                "filename": str(file),
                "maxBytes": _MAX_BYTES,
                "backupCount": _BACKUPS,
                "encoding": "utf-8",
            }
        },
        "root": {"handlers": ["file"], "level": "INFO"},
    }
