"""A trading floor in one process: real FreqTrade code and a real database, an exchange that is a ledger in a file.

What a crash can break is real: `FreqtradeBot`'s entries, exits, stops and its look at open orders, its SQLite database,
and the journal. What is no part of that is not there: candles, strategies, sockets. The exchange fills what it takes at
once (or lets it rest, where asked), at one price, and whatever it took is in its ledger, whoever died meanwhile.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import ccxt
from freqtrade.enums import ExitCheckTuple, ExitType, MarginMode, State, TradingMode
from freqtrade.exchange import Exchange
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade, init_db
from freqtrade.persistence.models import ModelBase

from pool.bot.universal.orders import Orders
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.risk import Grant, ReserveRequest, Settlement

PAIR = "AAA/USDT"
PRICE = 10.0
AMOUNT = 6.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, client_id TEXT, symbol TEXT, side TEXT, type TEXT,
  amount REAL, price REAL, stop_price REAL, filled REAL, status TEXT);
CREATE INDEX IF NOT EXISTS by_client ON orders (client_id);
"""

Fault = Callable[[str], None]
"""Called with the name of a point of a request: "before" and "after" an order is taken, and "look"; may raise."""


def _no_fault(_point: str) -> None:
    return


class Ledger:
    """What ccxt's client is to FreqTrade, over a file that outlives its users. `rests` keeps limit orders open."""

    id = "binance"

    def __init__(self, file: Path, *, fault: Fault = _no_fault, rests: bool = False, window_ms: int = 1) -> None:
        self.options: dict[str, Any] = {"recvWindow": window_ms}
        self.timeout = 10_000
        self.fault = fault
        self.rests = rests
        self._hidden, self._hidden_after = 0, 0
        self._database = sqlite3.connect(file, isolation_level=None, timeout=10)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)

    def market(self, _pair: str) -> dict[str, Any]:
        return {"contract": False}

    def create_order(
        self, symbol: str, type: str, side: str, amount: float, price: float | None = None,
        params: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        asked = params or {}
        self.fault("before")
        stop = asked.get("stopPrice")
        resting = stop is not None or (self.rests and type == "limit")
        filled, status = (0.0, "open") if resting else (amount, "closed")
        cursor = self._database.execute(
            "INSERT INTO orders (client_id, symbol, side, type, amount, price, stop_price, filled, status)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (asked.get("clientOrderId"), symbol, side, type, amount, price or PRICE, stop, filled, status),
        )
        self.fault("after")
        return self._told("id = ?", cursor.lastrowid)

    def fetch_order(self, order_id: str | None, symbol: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self.fault("look")
        client_id = (params or {}).get("clientOrderId")
        where, value = ("client_id = ?", client_id) if client_id is not None else ("id = ?", order_id)
        found = self._told(where, value)
        if self._hidden and int(found["id"]) > self._hidden_after:
            self._hidden -= 1
            raise ccxt.OrderNotFound("Order does not exist.")
        return found

    def hide(self, looks: int) -> None:
        """So many looks do not find what is taken from now on."""
        self._hidden = looks
        self._hidden_after = max((row["id"] for row in self.rows()), default=0)

    def cancel_order(self, order_id: str, _symbol: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        self.fault("cancel")
        done = self._database.execute(
            "UPDATE orders SET status = 'canceled' WHERE id = ? AND status = 'open'", (order_id,)
        ).rowcount
        if not done:
            raise ccxt.OrderNotFound("Unknown order sent.")
        return self._told("id = ?", order_id)

    def fill(self, order_id: str, ratio: float = 1.0) -> None:
        """Of an open order."""
        self._database.execute(
            "UPDATE orders SET filled = amount * ?, status = CASE WHEN ? >= 1 THEN 'closed' ELSE status END"
            " WHERE id = ? AND status = 'open'",
            (ratio, ratio, order_id),
        )

    def remove(self, order_id: str) -> None:
        """The exchange knows it no more."""
        self._database.execute("UPDATE orders SET id = id + 1000000, side = 'unknown' WHERE id = ?", (order_id,))

    def rows(self) -> list[dict[str, Any]]:
        """Ground truth, oldest first."""
        cursor = self._database.execute("SELECT * FROM orders ORDER BY id")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def clear(self) -> None:
        self._database.execute("DELETE FROM orders")

    def close(self) -> None:
        self._database.close()

    def _told(self, where: str, value: object) -> dict[str, Any]:
        row = self._database.execute(
            f"SELECT id, client_id, symbol, side, type, amount, price, stop_price, filled, status FROM orders"
            f" WHERE {where}",
            (value,),
        ).fetchone()
        if row is None:
            raise ccxt.OrderNotFound("Order does not exist.")
        number, client_id, symbol, side, kind, amount, price, stop, filled, status = row
        return {
            "id": str(number), "clientOrderId": client_id, "symbol": symbol, "side": side, "type": kind,
            "amount": amount, "price": price, "average": price if filled else None, "stopPrice": stop,
            "filled": filled, "remaining": amount - filled, "cost": filled * price, "status": status,
            "timestamp": 1_700_000_000_000 + number, "lastTradeTimestamp": None, "fee": None, "trades": [], "info": {},
        }  # fmt: skip


class PaperExchange(Exchange):  # type: ignore[misc]  # FreqTrade is not typed here
    """FreqTrade's own `create_order`, `create_stoploss`, `fetch_order` and `cancel_order`; one market, one price."""

    def __init__(self, config: dict[str, Any], client: Ledger) -> None:
        self._config = config
        self._api = client
        self._params: dict[str, Any] = {}
        self._ft_has = {
            **Exchange._ft_has_default, "stoploss_on_exchange": True, "stop_price_param": "stopPrice",
            "stop_price_prop": "stopPrice", "stoploss_order_types": {"limit": "stop_loss_limit"},
        }  # fmt: skip
        self.trading_mode = TradingMode.SPOT
        self.margin_mode = MarginMode.NONE
        self.log_responses = False
        self._markets = {PAIR: {"base": "AAA", "quote": "USDT", "precision": {"amount": 1e-8, "price": 1e-8}}}

    def close(self) -> None:
        """There is nothing to close."""

    id = "binance"
    name = "Binance"
    precisionMode = 4  # noqa: N815 (FreqTrade's name): ccxt's TICK_SIZE
    precision_mode_price = 4

    def exchange_has(self, endpoint: str) -> bool:
        return endpoint != "fetchL2OrderBook"

    def get_contract_size(self, pair: str) -> float:
        return 1.0

    def get_fee(self, *_given: Any, **_named: Any) -> float:
        return 0.0

    def get_rate(self, *_given: Any, **_named: Any) -> float:
        return PRICE

    def get_min_pair_stake_amount(self, *_given: Any, **_named: Any) -> float:
        return 1.0

    def get_trades_for_order(self, *_given: Any, **_named: Any) -> list[dict[str, Any]]:
        return []


class Open:
    """Grants whatever is asked, and remembers."""

    def __init__(self) -> None:
        self.asked: list[ReserveRequest] = []
        self.settled: list[Settlement] = []
        self.refusing: str | None = None

    def ask(self, request: ReserveRequest) -> Grant:
        self.asked.append(request)
        granted = self.refusing is None
        return Grant(
            bot_id="bot-1", request_id=request.request_id, granted=granted, limit=self.refusing or "",
            message="" if granted else "No.", valid_seconds=5,
        )  # fmt: skip

    def refusal(self, grant: Grant) -> Grant | None:
        return None if self.refusing is None else grant.model_copy(update={"granted": False, "limit": self.refusing})

    def settle(self, settlement: Settlement) -> None:
        self.settled.append(settlement)


class Floor:
    """One life of a bot's process over files that outlive it. `guarded=False` is plain FreqTrade."""

    def __init__(
        self,
        directory: Path,
        ledger: Ledger,
        *,
        guarded: bool = True,
        dry_run: bool = False,
        permission: Open | None = None,
        stoploss_on_exchange: bool = False,
    ) -> None:
        self.now = 0.0
        self.directory = directory
        self.ledger = ledger
        self.permission = permission or Open()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.why = WhyBook()
        config = {"dry_run": dry_run, "stake_currency": "USDT", "timeframe": "1m", "exchange": {}, "max_open_trades": 3}
        if not hasattr(Trade, "session") or str(Trade.session.get_bind().url) != self.database_url:
            init_db(self.database_url)
        self.bot = _bot(config, PaperExchange(config, ledger), stoploss_on_exchange)
        self.orders: Orders | None = None
        if guarded:
            self.orders = Orders(
                directory,
                self.permission,
                self.why,
                Teller(lambda kind, data, _at: self.told.append((kind.value, data))),
                clock=lambda: self.now,
                sleep=self.wait,
            )
            self.orders.attach(self.bot)

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.directory / 'trades.sqlite'}"

    def wait(self, seconds: float) -> None:
        """Nobody waits here: the clock goes on."""
        self.now += seconds

    def loop(self) -> None:
        """One loop of FreqTrade: open orders, stops on the exchange."""
        self.bot.process()

    def open_trade(self) -> Trade:
        """A trade with a filled entry."""
        self.bot.execute_entry(PAIR, AMOUNT * PRICE, PRICE, enter_tag="signal")
        (trade,) = Trade.get_open_trades()
        return trade

    def exit(self, reason: str, amount: float | None = None, order_type: str = "market") -> bool:
        """Of the open trade, if there is one and no order of it rests."""
        trades = Trade.get_open_trades()
        if not trades or trades[0].has_open_orders or not trades[0].has_open_position:
            return False
        check = ExitCheckTuple(exit_type=ExitType.CUSTOM_EXIT, exit_reason=reason)
        done: bool = self.bot.execute_trade_exit(
            trades[0], PRICE, check, exit_tag=reason, sub_trade_amt=amount, ordertype=order_type
        )
        return done

    def actions(self, stage: str | None = None) -> list[dict[str, Any]]:
        told = [data for kind, data in self.told if kind == "risk.action"]
        return [data for data in told if stage is None or data["stage"] == stage]

    def die(self) -> None:
        """As a killed process: nothing more is written."""
        Trade.session.remove()
        if self.orders is not None:
            self.orders.close()


def wipe(floor: Floor) -> None:
    """The trades and orders of the database that is open."""
    for table in reversed(ModelBase.metadata.sorted_tables):
        Trade.session.execute(table.delete())
    Trade.commit()
    floor.ledger.clear()


def _bot(config: dict[str, Any], exchange: PaperExchange, stoploss_on_exchange: bool) -> FreqtradeBot:
    bot = FreqtradeBot.__new__(FreqtradeBot)
    bot.config = config
    bot.exchange = exchange
    bot.state = State.RUNNING
    bot.trading_mode, bot.margin_mode = TradingMode.SPOT, MarginMode.NONE
    bot._exit_lock = Lock()
    bot._exit_reason_cache = {}
    bot.wallets = SimpleNamespace(
        update=lambda *_: None,
        get_free=lambda _: 1e9,
        get_used=lambda _: 0.0,
        check_exit_amount=lambda _: True,
        get_starting_balance=lambda: 1000.0,
    )
    bot.rpc = SimpleNamespace(send_msg=lambda _: None)
    bot.protections = SimpleNamespace(global_stop=lambda **_: None, stop_per_pair=lambda *_a, **_k: None)
    bot.strategy = SimpleNamespace(
        stoploss=-0.5,
        use_custom_stoploss=False,
        order_types={
            "entry": "market", "exit": "market", "stoploss": "limit", "emergency_exit": "market",
            "stoploss_on_exchange": stoploss_on_exchange,
        },
        order_time_in_force={"entry": "GTC", "exit": "GTC"},
        confirm_trade_entry=lambda **_: True,
        confirm_trade_exit=lambda **_: True,
        custom_exit_price=lambda **named: named["proposed_rate"],
        order_filled=lambda **_: None,
        get_strategy_name=lambda: "Floor",
        lock_pair=lambda *_a, **_k: None,
        ft_check_timed_out=lambda *_: False,
        max_entry_position_adjustment=-1,
    )  # fmt: skip
    bot.get_valid_enter_price_and_stake = lambda pair, price, stake, *_: (price or PRICE, stake, 1.0)
    bot.handle_protections = lambda *_: None
    bot.replace_order = lambda *_: None
    bot.process = lambda: _loop(bot)
    bot.startup = lambda: bot.startup_update_open_orders()
    return bot


def _loop(bot: FreqtradeBot) -> None:
    """Of `FreqtradeBot.process` what concerns orders."""
    with bot._exit_lock:
        bot.manage_open_orders()
    with bot._exit_lock:
        for trade in Trade.get_open_trades():
            if bot.strategy.order_types["stoploss_on_exchange"]:
                bot.handle_stoploss_on_exchange(trade)
        Trade.commit()
