"""A fleet whose strategy does nothing but enter, the prices of its exchange, and what its bots wrote down."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml

from pool.contract.risk import HALT_FLAG

TEMPLATES = Path(__file__).parents[2] / "bot_templates"
EAGER = '''
from freqtrade.strategy import IStrategy


class Eager(IStrategy):
    """Enters whenever it may, and never leaves."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.9
    startup_candle_count = 5
    process_only_new_candles = False

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''


def write_eager_template(templates: Path) -> None:
    """One template, `eager`, and no other."""
    directory = templates / "eager"
    directory.mkdir(parents=True)
    shutil.copy(TEMPLATES / "breakout" / "README.md", directory)
    (directory / "strategy.py").write_text(EAGER)
    described = yaml.safe_load((TEMPLATES / "breakout" / "template.yaml").read_text())
    described |= {"title": "Eager", "description": "Always enters.", "strategy_class": "Eager"}
    described["parameters"]["properties"] = described["parameters_in_config"] = {}
    (directory / "template.yaml").write_text(yaml.safe_dump(described))
    config = json.loads((TEMPLATES / "breakout" / "config.json").read_text())
    for name in [name for name in config if name.startswith("trailing")]:
        del config[name]
    config |= {"minimal_roi": {"0": 10}, "stoploss": -0.9, "process_only_new_candles": False}
    config["force_entry_enable"] = True
    config["order_types"] |= {"entry": "market", "exit": "market"}
    (directory / "config.json").write_text(json.dumps(config))


class Prices:
    """Of the paper exchange of a home, as whoever runs it sets them."""

    def __init__(self, home: Path) -> None:
        directory = home / "paper-exchange"
        self._url: str = json.loads((directory / "endpoint.json").read_text())["url"]
        self._headers = {"Authorization": f"Bearer {(directory / 'control-token').read_text().strip()}"}

    def freeze(self) -> None:
        self._post("flat", {})

    def put(self, pair: str, price: float) -> None:
        """Holds it there."""
        self._post("set", {"symbol": pair.replace("/", ""), "price": f"{price:.8f}"})

    def _post(self, what: str, body: dict[str, str]) -> None:
        url = f"{self._url}/control/prices/{what}"
        httpx.post(url, json=body, headers=self._headers, timeout=30).raise_for_status()


@dataclass(frozen=True)
class Held:
    """A trade as FreqTrade's own database has it."""

    bot_id: str
    trade_id: int
    pair: str
    is_open: bool
    open_rate: float
    highest: float
    opened_at: datetime
    closed_at: datetime | None
    exit_reason: str | None


@dataclass
class Pool:
    """The one pool of a home, past any control plane."""

    home: Path

    @property
    def directory(self) -> Path:
        (found,) = (self.home / "pools").iterdir()
        return found

    def slots(self) -> dict[str, dict[str, Any]]:
        """As its agent tells them, by bot."""
        where = json.loads((self.directory / "endpoint.json").read_text())
        headers = {"Authorization": f"Bearer {(self.directory / 'agent-token').read_text().strip()}"}
        url = f"http://{where['host']}:{where['port']}/v1/slots"
        items = httpx.get(url, headers=headers, timeout=30).raise_for_status().json()["items"]
        return {slot["bot_id"]: slot for slot in items}

    def modes(self) -> set[str | None]:
        return {slot["mode"] for slot in self.slots().values()}

    def processes(self) -> dict[str, tuple[int, str, int]]:
        """What a restart, or a reload under a new specification, would change."""
        return {name: (slot["pid"], slot["run_id"], slot["observed_generation"]) for name, slot in self.slots().items()}

    def flags(self) -> list[Path]:
        return [*self.directory.glob(HALT_FLAG), *self.directory.glob(f"bots/*/{HALT_FLAG}")]

    def trades(self) -> list[Held]:
        """Of all bots, in the order of their opening."""
        columns = "id, pair, is_open, open_rate, max_rate, open_date, close_date, exit_reason"
        query = f"SELECT {columns} FROM trades WHERE amount > 0 OR NOT is_open"
        found = [
            Held(name, number, pair, bool(open_), rate, highest or rate, _utc(opened), closed and _utc(closed), why)
            for name, rows in self._read(query)
            for number, pair, open_, rate, highest, opened, closed, why in rows
        ]
        return sorted(found, key=lambda trade: trade.opened_at)

    def open_trades(self) -> list[Held]:
        return [trade for trade in self.trades() if trade.is_open]

    def trade(self, wanted: Held) -> Held:
        (found,) = [one for one in self.trades() if (one.bot_id, one.trade_id) == (wanted.bot_id, wanted.trade_id)]
        return found

    def sales(self) -> list[tuple[str, int, str]]:
        """Filled exit orders: bot, trade, tag."""
        query = "SELECT ft_trade_id, ft_order_tag FROM orders WHERE ft_order_side = 'sell' AND filled > 0"
        return [(name, number, tag or "") for name, rows in self._read(query) for number, tag in rows]

    def _read(self, query: str) -> Iterator[tuple[str, list[Any]]]:
        for file in self.directory.glob("bots/*/tradesv3.sqlite"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
                yield file.parent.name, database.execute(query).fetchall()


class SignedIn(Protocol):
    """Somebody at the running product."""

    @property
    def url(self) -> str: ...

    def call(self, method: str, path: str, **keywords: Any) -> httpx.Response: ...


@contextmanager
def listening(running: SignedIn) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What the stream of his portfolio tells, a list that grows, until the control plane ends."""
    told: list[tuple[str, dict[str, Any]]] = []
    ticket = running.call("POST", "/api/v1/auth/tickets", json={"purpose": "portfolio"}).json()["ticket"]
    with httpx.stream("GET", f"{running.url}/api/v1/portfolio/stream?ticket={ticket}", timeout=60) as response:
        assert response.status_code == 200
        thread = threading.Thread(target=_listen, args=(response, told), daemon=True)
        thread.start()
        yield told
        thread.join(60)


def _listen(response: httpx.Response, told: list[tuple[str, dict[str, Any]]]) -> None:
    event = ""
    try:
        for line in response.iter_lines():
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:"):
                told.append((event, json.loads(line[5:])))
    except httpx.HTTPError:  # the control plane ended
        return


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
