"""A bot on USDT-margined futures: a strategy that only sells short, and the margin account it trades with."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import Any

from pool.bot.config import LIVE_DATABASE
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account
from tests.process.bot.rules import STUBBORN

LEVERAGE = 3


def _short(source: str) -> StrategySource:
    """A strategy that buys, made one that sells short at that leverage."""
    turned = (
        source.replace("class Buyer", "class Seller")
        .replace('"enter_long"', '"enter_short"')
        .replace("    startup_candle_count = 5\n", "    startup_candle_count = 5\n    can_short = True\n")
    )
    return StrategySource(
        class_name="Seller", source=f"{turned}\n    def leverage(self, *args, **kwargs):\n        return {LEVERAGE}\n"
    )


def _guarded(source: str) -> str:
    """Its stop lies on the exchange: 15 % of the margin, 5 % of the price."""
    on_exchange = '"stoploss_on_exchange": True, "stoploss_on_exchange_interval": 1'
    return source.replace('"stoploss_on_exchange": False', on_exchange).replace("stoploss = -0.9", "stoploss = -0.15")


SELLER = _short(BUYER)
GUARDED_SELLER = _short(_guarded(BUYER))
STUBBORN_SELLER = _short(STUBBORN.source)


def perpetual(pair: str) -> str:
    return f"{pair}:USDT"


def config(pairs: list[str]) -> dict[str, Any]:
    """What a bot on futures has other than `Bench.config`; `pairs` are those of spot."""
    return {
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "max_open_trades": len(pairs),
        "exchange": {"pair_whitelist": [perpetual(pair) for pair in pairs]},
    }


class MarginAccount(Account):
    """An account with `money` USDT in its futures wallet alone."""

    def __init__(self, exchange: Exchange, money: int) -> None:
        super().__init__(exchange, 0)
        self.control("POST", "futures/deposits", key=self.key, amount=str(money))

    def books(self) -> dict[str, list[dict[str, Any]]]:
        """The ledger's tables."""
        dump: dict[str, list[dict[str, Any]]] = self.control("GET", f"futures/ledger?key={self.key}")
        return dump

    def rows(self, table: str, **wanted: object) -> list[dict[str, Any]]:
        """Rows with these fields, oldest first."""
        return [row for row in self.books()[table] if all(row[name] == value for name, value in wanted.items())]

    def positions(self) -> list[dict[str, Any]]:
        return [row for row in self.rows("positions") if Decimal(row["amount"])]

    def wallet(self) -> Decimal:
        """Free, in margins and locked."""
        (purse,) = self.rows("purses")
        return sum((Decimal(purse[part]) for part in ("free", "margin", "locked")), Decimal(0))


def open_stops(bench: Bench) -> int:
    """How many stops on the exchange a live bot knows of."""
    query = "SELECT count(*) FROM orders WHERE ft_order_side = 'stoploss' AND ft_is_open"
    with closing(sqlite3.connect(f"file:{bench.directory / LIVE_DATABASE}?mode=ro", uri=True)) as database:
        return int(database.execute(query).fetchone()[0])


def trades(bench: Bench) -> list[dict[str, Any]]:
    """Of a live bot's database, oldest first."""
    with closing(sqlite3.connect(f"file:{bench.directory / LIVE_DATABASE}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM trades ORDER BY id")]
