"""The exchange's ledger beside the bot's journal and database: what must hold at any moment, whoever died meanwhile
(`always`), and what must hold once everything came to rest (`unsettled`).

The ledger is read first: what is in it was in the journal before.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pool.bot.config import LIVE_DATABASE
from pool.bot.universal.journal import LIVE_JOURNAL
from pool.bot.universal.why import parse
from tests.process.bot.harness import Bench
from tests.process.bot.live import Account, symbol
from tests.process.bot.stateful.rules import LEVELS, REDUCED, due

Row = dict[str, Any]
Key = tuple[int, datetime]
"""Id and time of opening of a trade: ids of deleted trades are given again."""

_ADDING = ("entry", "adjust", "replace")
_OPEN = ("NEW", "PARTIALLY_FILLED")
_STATUS = {"FILLED": "closed", "CANCELED": "canceled", "EXPIRED": "expired"}
_CENT = Decimal("0.00000001")


@dataclass
class Held:
    """One trade, as the ledger has it. Amounts of the base currency."""

    pair: str
    bought: Decimal = Decimal(0)
    """Fees not taken off: FreqTrade pays them from coins that lie there anyway (`handle_order_fee`)."""
    sold: Decimal = Decimal(0)
    resting: Decimal = Decimal(0)
    """What sell orders that are open may still sell."""
    by_level: Counter[int] = field(default_factory=Counter)
    """Sold, or resting, for a level of the ladder."""
    by_reduction: Counter[int] = field(default_factory=Counter)
    """The same for a number of an order to reduce."""
    stop_prices: list[Decimal] = field(default_factory=list)
    """Of stops that the exchange was given, in order."""


@dataclass
class View:
    orders: list[Row]
    """The ledger's, oldest first, each with its `intent`, if the journal has it."""
    intents: list[Row]
    trades: list[Row]
    rows: list[Row]
    """Orders of FreqTrade's database."""
    held: dict[Key, Held]

    def open_trades(self) -> list[Row]:
        return [trade for trade in self.trades if trade["is_open"]]


class Truth:
    """Of one bot with one account that trades these pairs."""

    def __init__(self, bench: Bench, account: Account, pairs: list[str]) -> None:
        self._bench = bench
        self._account = account
        self._stops: dict[Key, Decimal] = {}
        self._lots = {pair: account.lot(pair) for pair in pairs}

    def look(self) -> View:
        ledger = self._account.ledger()
        intents = _read(self._bench.directory / LIVE_JOURNAL, "SELECT * FROM intents ORDER BY number")
        database = self._bench.directory / LIVE_DATABASE
        trades = _read(database, "SELECT * FROM trades ORDER BY id")
        rows = _read(database, "SELECT * FROM orders ORDER BY id")
        by_client = {row["client_order_id"]: row for row in intents}
        orders = sorted(ledger["orders"], key=lambda order: int(order["id"]))
        for order in orders:
            order["intent"] = by_client.get(order["client_order_id"])
        return View(orders, intents, trades, rows, _held(orders))

    def always(self, view: View, granted: set[str]) -> list[str]:
        """What is wrong, whatever is going on: sentences. `granted` are the reservations that the bot was given."""
        wrong = [f"{order['client_order_id']} is not in the journal" for order in view.orders if not order["intent"]]
        ids = Counter(order["client_order_id"] for order in view.orders)
        wrong += [f"client order id {name} was carried out {count} times" for name, count in ids.items() if count > 1]
        for order in view.orders:
            intent = order["intent"]
            if intent and intent["purpose"] in _ADDING and intent["reservation"] not in granted:
                wrong.append(f"order {order['id']} of {order['symbol']} adds risk without leave")
        for key, held in view.held.items():
            wrong += self._held_wrong(key, held)
        return wrong + self._stops_wrong(view)

    def unsettled(self, view: View) -> list[str]:
        """What is not at rest yet, or does not agree: sentences. Empty where both books say the same."""
        wrong = [f"intent {one['number']} is planned" for one in view.intents if one["state"] == "planned"]
        wrong += [
            f"intent {one['number']} is placed and not booked"
            for one in view.intents
            if one["state"] == "placed" and not one["booked"]
        ]
        rows = {int(row["order_id"]): row for row in view.rows}
        for order in view.orders:
            wrong += _order_unsettled(order, rows.get(int(order["id"])))
        known = {int(order["id"]) for order in view.orders}
        wrong += [f"order {number} is in the database alone" for number in rows if number not in known]
        for trade in view.trades:
            wrong += self._trade_unsettled(trade, view)
        booked = {key_of(trade) for trade in view.trades}
        wrong += [
            f"what was bought of {held.pair} is in no trade"
            for key, held in view.held.items()
            if held.bought and key not in booked
        ]
        return wrong

    def _held_wrong(self, key: Key, held: Held) -> list[str]:
        wrong = []
        if held.sold + held.resting > held.bought:
            wrong.append(f"trade {key[0]}: sold {held.sold} and offers {held.resting} of {held.bought} {held.pair}")
        total = Decimal(0)
        for number, (_, ratio) in enumerate(LEVELS, start=1):
            total += held.by_level[number]
            if total > held.bought * ratio + self._lots[held.pair]:
                wrong.append(f"trade {key[0]}: levels to {number} sold {total} of {held.bought} {held.pair}")
        for number, reduced in held.by_reduction.items():
            if reduced > held.bought * REDUCED + self._lots[held.pair]:
                wrong.append(f"trade {key[0]}: order {number} to reduce sold {reduced} of {held.bought} {held.pair}")
        if held.stop_prices != sorted(held.stop_prices):
            wrong.append(f"trade {key[0]}: stops on the exchange loosened: {held.stop_prices}")
        return wrong

    def _stops_wrong(self, view: View) -> list[str]:
        """A stop in the database below one that was there before, since the entry is over."""
        wrong = []
        entering = {row["ft_trade_id"] for row in view.rows if row["ft_order_side"] == "buy" and row["ft_is_open"]}
        for trade in view.open_trades():
            if trade["id"] in entering or not trade["stop_loss"] or not trade["amount"]:
                continue
            key, stop = key_of(trade), Decimal(repr(trade["stop_loss"]))
            if stop < self._stops.get(key, stop):
                wrong.append(f"trade {trade['id']}: the stop loosened from {self._stops[key]} to {stop}")
            self._stops[key] = max(stop, self._stops.get(key, stop))
        return wrong

    def _trade_unsettled(self, trade: Row, view: View) -> list[str]:
        held = view.held.get(key_of(trade))
        name = f"trade {trade['id']} of {trade['pair']}"
        if held is None or not held.bought:
            return [f"{name} has nothing in the ledger"] if not trade["is_open"] or trade["amount"] else []
        left, lot = held.bought - held.sold, self._lots[held.pair]
        if not trade["is_open"]:
            return [] if left < 2 * lot else [f"{name} is closed with {left} left"]
        if abs(left - Decimal(repr(trade["amount"]))) >= 2 * lot:
            return [f"{name} has {trade['amount']}, the ledger {left}"]
        if any(order["status"] in _OPEN and order["side"] == "BUY" for order in view.orders if _is(order, trade)):
            return []
        wanted = due(Decimal(repr(trade["open_rate"])), Decimal(repr(trade["stop_loss"])), self._account.bid(held.pair))
        by_ladder = sum(held.by_level.values(), Decimal(0))
        if wanted.closed:
            return [f"{name} should be closed"]
        if by_ladder + lot < held.bought * wanted.sold_ratio:
            return [f"{name}: the ladder sold {by_ladder} of {held.bought}, not {wanted.sold_ratio} of it"]
        return []


def _held(orders: list[Row]) -> dict[Key, Held]:
    found: dict[Key, Held] = {}
    for order in orders:
        intent = order["intent"]
        if not intent or intent["trade_id"] is None:
            continue
        key = (int(intent["trade_id"]), datetime.fromisoformat(intent["opened_at"]))
        held = found.setdefault(key, Held(intent["pair"]))
        executed = Decimal(order["executed"])
        if order["side"] == "BUY":
            held.bought += executed
            continue
        resting = Decimal(order["quantity"]) - executed if order["status"] in _OPEN else Decimal(0)
        held.sold += executed
        held.resting += resting
        rule = parse(intent["tag"])
        if rule is not None and rule[1] is not None:
            counted = held.by_level if rule[0] == "take_profit" else held.by_reduction
            counted[rule[1]] += executed + resting  # type: ignore[assignment]
        if intent["purpose"] == "stop":
            held.stop_prices.append(Decimal(order["stop_price"]))
    return found


def _order_unsettled(order: Row, row: Row | None) -> list[str]:
    executed, is_open = Decimal(order["executed"]), order["status"] in _OPEN
    name = f"order {order['id']} ({order['side']} {order['symbol']})"
    if row is None:
        return [f"{name} is not in the database"] if executed or is_open else []
    if bool(row["ft_is_open"]) != is_open:
        return [f"{name} is {order['status']}, in the database open={row['ft_is_open']}"]
    intent = order["intent"]
    theirs: tuple[Any, ...] = (executed, Decimal(order["quote_executed"]).quantize(_CENT))
    mine: tuple[Any, ...] = (Decimal(repr(row["filled"] or 0.0)), Decimal(repr(row["cost"] or 0.0)).quantize(_CENT))
    if executed and not is_open:
        theirs += (_STATUS[order["status"]],)
        mine += (row["status"],)
        if intent and intent["purpose"] != "stop":
            theirs += (intent["tag"],)
            mine += (row["ft_order_tag"],)
    return [] if theirs == mine or not executed else [f"{name}: {theirs} in the ledger, {mine} in the database"]


def key_of(trade: Row) -> Key:
    return int(trade["id"]), datetime.fromisoformat(trade["open_date"]).replace(tzinfo=UTC)


def _is(order: Row, trade: Row) -> bool:
    return bool(order["symbol"] == symbol(trade["pair"]))


def _read(file: Path, query: str) -> list[Row]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]
