"""A live bot's account on the paper exchange, and the two books that must agree: the exchange's ledger and the bot's
own database.
"""

import contextlib
import json
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from pool.bot.config import LIVE_DATABASE
from pool.contract.snapshots import BotSnapshot
from tests.process.bot.harness import Bench, Exchange, credentials, files_with
from tests.support import eventually_sync

_ENDED = {"FILLED": "closed", "CANCELED": "canceled", "EXPIRED": "expired"}
_TYPES = {"MARKET": "market", "LIMIT": "limit", "STOP_LOSS_LIMIT": "limit"}
"""As ccxt calls them."""


class Account:
    """One account with `money` USDT, and the control endpoint of its exchange."""

    def __init__(self, exchange: Exchange, money: int) -> None:
        self._exchange = exchange
        made = self.control("POST", "accounts", balances={"USDT": str(money)})
        self.key: str = made["key"]
        self.secret: str = made["secret"]

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        request = urllib.request.Request(
            f"{self._exchange.url}/control/{path}",
            json.dumps(body).encode() if body else None,
            {"Authorization": f"Bearer {(self._exchange.directory / 'control-token').read_text().strip()}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def price(self, pair: str) -> Decimal:
        url = f"{self._exchange.url}/api/v3/ticker/price?symbol={symbol(pair)}"
        with urllib.request.urlopen(url, timeout=60) as response:
            return Decimal(json.load(response)["price"])

    def bid(self, pair: str) -> Decimal:
        url = f"{self._exchange.url}/api/v3/ticker/bookTicker?symbol={symbol(pair)}"
        with urllib.request.urlopen(url, timeout=60) as response:
            return Decimal(json.load(response)["bidPrice"])

    def lot(self, pair: str) -> Decimal:
        """Least amount that is traded."""
        return self._filter(pair, "LOT_SIZE", "stepSize")

    def tick(self, pair: str, api: str = "/api/v3") -> Decimal:
        """Least step of a price."""
        return self._filter(pair, "PRICE_FILTER", "tickSize", api)

    def _filter(self, pair: str, kind: str, field: str, api: str = "/api/v3") -> Decimal:
        url = f"{self._exchange.url}{api}/exchangeInfo?symbol={symbol(pair)}"
        with urllib.request.urlopen(url, timeout=60) as response:
            (listing,) = [one for one in json.load(response)["symbols"] if one["symbol"] == symbol(pair)]
        return Decimal(next(rule[field] for rule in listing["filters"] if rule["filterType"] == kind))

    def hold(self, pair: str, ratio: float = 1.0) -> None:
        """The price stays at this multiple of what it is."""
        self.control("POST", "prices/ramp", symbol=symbol(pair), ratio=str(ratio))

    def fail_orders(self, kind: str, **more: Any) -> None:
        """The next order meets this fault."""
        self.control("POST", "faults", kind=kind, path="/api/v3/order", method="POST", times=1, **more)

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        dump: dict[str, list[dict[str, Any]]] = self.control("GET", f"ledger?key={self.key}")
        return dump

    def orders(self, **wanted: str) -> list[dict[str, Any]]:
        """The exchange's orders with these fields, oldest first."""
        rows = sorted(self.ledger()["orders"], key=lambda order: int(order["id"]))
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def total(self, asset: str) -> Decimal:
        """Free and locked."""
        rows = (row for row in self.ledger()["balances"] if row["asset"] == asset)
        return sum((Decimal(row["free"]) + Decimal(row["locked"]) for row in rows), Decimal(0))


class Books:
    """What the bot wrote down, beside what the exchange knows."""

    def __init__(self, bench: Bench, account: Account) -> None:
        self._file = bench.directory / LIVE_DATABASE
        self._account = account

    def trades(self) -> list[dict[str, Any]]:
        return self._rows("SELECT * FROM trades ORDER BY id")

    def orders(self) -> list[dict[str, Any]]:
        return self._rows("SELECT * FROM orders ORDER BY CAST(order_id AS INTEGER)")

    def differences(self) -> list[tuple[Any, Any]]:
        """Empty where every order of the exchange is the bot's and says the same, to the digit, fees included."""
        ledger = self._account.ledger()
        theirs = {row["id"]: row for row in sorted(ledger["orders"], key=lambda row: int(row["id"]))}
        mine = {int(row["order_id"]): row for row in self.orders()}
        if theirs.keys() != mine.keys():
            return [(sorted(theirs), sorted(mine))]
        pairs = []
        for number, order in theirs.items():
            fees = [fill for fill in ledger["fills"] if fill["order_id"] == number]
            pairs.append((_theirs(order, fees), _mine(mine[number], order)))
        return [pair for pair in pairs if pair[0] != pair[1]]

    def await_agreement(self) -> None:
        """At one moment: whoever looks once more may meet the next order on its way."""
        different: list[tuple[Any, Any]] = []

        def agree() -> bool:
            different[:] = self.differences()
            return not different

        with contextlib.suppress(AssertionError):
            eventually_sync(agree)
        assert not different, different

    def _rows(self, query: str) -> list[dict[str, Any]]:
        if not self._file.exists():
            return []
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=60)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query)]


def _theirs(order: dict[str, Any], fills: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "side": order["side"].lower(),
        "type": _TYPES[order["type"]],
        "status": _ENDED.get(order["status"], "open"),
        "amount": float(order["quantity"]),
        "filled": float(order["executed"]),
        "cost": round(float(order["quote_executed"]), 8),
        "fee": float(sum((Decimal(fill["fee"]) for fill in fills), Decimal(0))) if _bought(order) else None,
    }


def _mine(order: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    return {
        "side": order["side"],
        "type": order["order_type"],
        "status": order["status"],
        "amount": order["amount"],
        "filled": order["filled"] or 0.0,
        "cost": round(order["cost"] or 0.0, 8),
        "fee": order["ft_fee_base"] if _bought(theirs) else None,
    }


def _bought(order: dict[str, Any]) -> bool:
    """FreqTrade keeps an order's fee of whole purchases only: there it is paid in what was bought."""
    return bool(order["side"] == "BUY" and order["status"] == "FILLED")


def symbol(pair: str) -> str:
    return pair.replace("/", "")


def trade_live(
    bench: Bench, account: Account, pairs: list[str], config: dict[str, Any] | None = None, **changes: Any
) -> int:
    """Let the bench's bot trade these pairs with the account's key; its pid once it runs."""
    wanted = {"max_open_trades": len(pairs), "exchange": {"pair_whitelist": pairs}, **(config or {})}
    bench.write_slot(bench.spec(wanted, trading="paper_live", **changes))
    bench.agent.credentials = credentials(account.key, account.secret)
    return bench.run()


def next_snapshot(bench: Bench, wanted: Callable[[BotSnapshot], bool] = lambda _: True) -> BotSnapshot:
    """The first snapshot from now on that is as wanted."""
    seen = len(bench.agent.snapshots())
    found = eventually_sync(
        lambda: [shot for shot in bench.agent.snapshots()[seen:] if wanted(shot)], message="such a snapshot"
    )
    return found[0]


def leaks(bench: Bench, pid: int, *secrets: str) -> list[Path]:
    """Every file of the pool and of /proc/PID that holds one of the secrets."""
    told = [Path(f"/proc/{pid}/{name}") for name in ("cmdline", "environ")]
    shown = [file for file in told if any(secret.encode() in file.read_bytes() for secret in secrets)]
    return files_with(bench.pool, *secrets) + shown
