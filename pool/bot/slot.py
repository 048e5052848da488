"""The slot's files in the bot's directory: `slot.json` comes from the agent, `config.json` and `strategy/` are made
of it. `slot.good.json` is the last one that FreqTrade was built from: with open trades a bot falls back to it rather
than leaving them unmanaged.
"""

import json
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import ccxt
from pydantic import ValidationError

from pool.bot.config import (
    DRY_DATABASE,
    LIVE_DATABASE,
    STRATEGY_DIRECTORY,
    ConfigurationRefused,
    ccxt_id,
    compose,
)
from pool.bot.files import replace_file
from pool.contract.slots import SlotSpec
from pool.settings import PoolSettings

logger = logging.getLogger(__name__)

SLOT_FILE = "slot.json"
GOOD_FILE = "slot.good.json"
CONFIG_FILE = "config.json"


class SlotUnreadable(ValueError):
    """`slot.json` is missing or no SlotSpec; the message is a sentence."""


class SlotFiles:
    """`spec` is the one that the files were last made of."""

    spec: SlotSpec

    def __init__(self, directory: Path, settings: PoolSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._failed: bytes | None = None
        self._made_of: bytes | None = None
        self.generation = 0
        """Of the last slot that was read, whether FreqTrade could be built from it or not."""

    @property
    def config_file(self) -> Path:
        return self._directory / CONFIG_FILE

    @property
    def directory(self) -> Path:
        return self._directory

    def prepare(self) -> SlotSpec:
        """Read the slot and write what FreqTrade reads. On an error the old files stay.

        Raises SlotUnreadable, ConfigurationRefused (also for a slot that FreqTrade could not be built from before, in
        this run), OSError.
        """
        content, spec = read_slot(self._directory / SLOT_FILE)
        if content == self._failed:
            raise ConfigurationRefused("FreqTrade could not be built from this specification before; change it.")
        self.generation = spec.generation
        self._made_of = None
        self._write(spec)
        self._made_of = content
        return spec

    def keep_good(self) -> None:
        """FreqTrade was built from what was prepared last."""
        file = self._directory / GOOD_FILE
        if self._made_of is not None and (not file.exists() or file.read_bytes() != self._made_of):
            replace_file(file, self._made_of)

    def fall_back(self) -> bool:
        """Make the files of the last good slot, whose open trades would be unmanaged else. False where there is none,
        or no open trade. Raises ConfigurationRefused, OSError."""
        try:
            content, spec = read_slot(self._directory / GOOD_FILE)
        except SlotUnreadable:
            return False
        if content == self._made_of or not has_open_trades(self._directory / database_of(spec)):
            return False
        self._failed, self._made_of = self._made_of, content
        self._write(spec)
        self.generation = self.generation or spec.generation
        return True

    def left_open(self) -> bool:
        """There are open trades, which nobody manages once this process ends."""
        spec = getattr(self, "spec", None)
        databases = (DRY_DATABASE, LIVE_DATABASE) if spec is None else (database_of(spec),)
        return any(has_open_trades(self._directory / database) for database in databases)

    def _write(self, spec: SlotSpec) -> None:
        config = compose(spec, self._directory, self._settings, api_urls(ccxt_id(spec.exchange)))
        try:
            compile(spec.strategy.source, f"{spec.strategy.class_name}.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise ConfigurationRefused(
                f"The strategy {spec.strategy.class_name} is no valid Python: {error}"
            ) from error
        self._write_strategy(spec)
        replace_file(self.config_file, json.dumps(config, indent=1).encode())
        self.spec = spec

    def _write_strategy(self, spec: SlotSpec) -> None:
        directory = self._directory / STRATEGY_DIRECTORY
        directory.mkdir(mode=0o770, exist_ok=True)
        name = f"{spec.strategy.class_name}.py"
        replace_file(directory / name, spec.strategy.source.encode())
        for other in directory.glob("*.py"):
            if other.name != name:
                other.unlink()


def read_slot(file: Path) -> tuple[bytes, SlotSpec]:
    """Raises SlotUnreadable."""
    try:
        content = file.read_bytes()
        return content, SlotSpec.model_validate_json(content)
    except OSError as error:
        raise SlotUnreadable(f"The slot's specification cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SlotUnreadable(f"The slot's specification is wrong at {where}: {first['msg']}.") from error


def database_of(spec: SlotSpec) -> str:
    return DRY_DATABASE if spec.trading == "dry_run" else LIVE_DATABASE


def has_open_trades(database: Path) -> bool:
    """Asked of the file, when no FreqTrade is built. True, too, where it cannot be told."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)) as connection:
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'trades'").fetchone()
            return bool(made and connection.execute("SELECT 1 FROM trades WHERE is_open = 1 LIMIT 1").fetchone())
    except sqlite3.Error as error:
        logger.warning("Whether trades are open cannot be told: %s", error)
        return True


@cache
def api_urls(exchange: str) -> Mapping[str, Any]:
    """`urls["api"]` of a ccxt exchange; raises ConfigurationRefused for one that ccxt does not know."""
    if exchange not in ccxt.exchanges:
        raise ConfigurationRefused(f"The exchange {exchange} is not known.")
    urls = getattr(ccxt, exchange)().urls["api"]
    return urls if isinstance(urls, dict) else {}
