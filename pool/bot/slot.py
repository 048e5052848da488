"""The slot's files in the bot's directory: `slot.json` comes from the agent, `config.json` and `strategy/` are made
of it.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ccxt
from pydantic import ValidationError

from pool.bot.config import STRATEGY_DIRECTORY, ConfigurationRefused, ccxt_id, compose
from pool.bot.files import replace_file
from pool.contract.slots import SlotSpec
from pool.settings import PoolSettings

SLOT_FILE = "slot.json"
CONFIG_FILE = "config.json"


class SlotUnreadable(ValueError):
    """`slot.json` is missing or no SlotSpec; the message is a sentence."""


class SlotFiles:
    """`spec` is the one that the files were last made of."""

    spec: SlotSpec

    def __init__(self, directory: Path, settings: PoolSettings) -> None:
        self._directory = directory
        self._settings = settings

    @property
    def config_file(self) -> Path:
        return self._directory / CONFIG_FILE

    def prepare(self) -> SlotSpec:
        """Read the slot and write what FreqTrade reads. On an error the old files stay.

        Raises SlotUnreadable, ConfigurationRefused, OSError.
        """
        spec = read_slot(self._directory / SLOT_FILE)
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
        return spec

    def _write_strategy(self, spec: SlotSpec) -> None:
        directory = self._directory / STRATEGY_DIRECTORY
        directory.mkdir(mode=0o770, exist_ok=True)
        name = f"{spec.strategy.class_name}.py"
        replace_file(directory / name, spec.strategy.source.encode())
        for other in directory.glob("*.py"):
            if other.name != name:
                other.unlink()


def read_slot(file: Path) -> SlotSpec:
    """Raises SlotUnreadable."""
    try:
        return SlotSpec.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SlotUnreadable(f"The slot's specification cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SlotUnreadable(f"The slot's specification is wrong at {where}: {first['msg']}.") from error


@cache
def api_urls(exchange: str) -> Mapping[str, Any]:
    """`urls["api"]` of a ccxt exchange; raises ConfigurationRefused for one that ccxt does not know."""
    if exchange not in ccxt.exchanges:
        raise ConfigurationRefused(f"The exchange {exchange} is not known.")
    urls = getattr(ccxt, exchange)().urls["api"]
    return urls if isinstance(urls, dict) else {}
