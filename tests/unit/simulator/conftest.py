"""An engine on a ledger of its own, with a clock that tests move."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pool.exchange.simulator.engine import Engine
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import Account, Balance, Order, OrderType, Side, Ticket, TimeInForce
from pool.exchange.simulator.scripts import Piece

NOW = 1_795_231_217


class Desk:
    """Trades BTCUSDT, whose price stands at 50,000 until a test moves it; the best bid is 49,995, the ask 50,005."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.second = NOW
        self.market = Market(7, *make_listings(20))
        self.ledger = Ledger(file)
        self.engine = Engine(self.market, self.ledger)
        self.price(50_000)
        with self.ledger.transaction():
            self.account = self.open_account(pays_in_bnb=False)

    @property
    def now_ms(self) -> int:
        return self.second * 1000 + 500

    def open_account(self, pays_in_bnb: bool) -> Account:
        key = f"{len(self.ledger.accounts()):064d}"
        account = self.ledger.add_account(key, "secret", Decimal("0.001"), pays_in_bnb, self.now_ms)
        for asset, amount in (("USDT", 100_000), ("BTC", 2), ("BNB", 1)):
            self.ledger.change(account.id, asset, Decimal(amount), Decimal(0), "deposit", self.now_ms)
        return account

    def price(self, price: float) -> None:
        self.market.script("BTCUSDT", Piece(self.second, 0, price, price))

    def pass_seconds(self, seconds: int) -> None:
        self.second += seconds
        self.engine.advance(self.now_ms)

    def restart(self) -> None:
        """A new engine on the same file; nothing was said to the old one."""
        self.ledger.close()
        self.ledger = Ledger(self._file)
        self.engine = Engine(self.market, self.ledger)

    def place(
        self,
        side: Side,
        kind: OrderType,
        quantity: str = "0",
        price: str = "0",
        stop: str = "0",
        force: TimeInForce = TimeInForce.GTC,
        cost: str = "0",
        client_id: str = "",
    ) -> Order:
        numbers = (Decimal(price), Decimal(quantity), Decimal(cost), Decimal(stop))
        name = client_id or f"order-{self.second}-{len(self.ledger.dump(None)['orders'])}"
        return self.engine.place(self.account, Ticket("BTCUSDT", side, kind, force, *numbers, name), self.now_ms)

    def order(self, order: Order) -> Order:
        """As the ledger has it now."""
        found = self.ledger.order(order.account_id, order.symbol, order.id, None)
        assert found is not None
        return found

    def balance(self, asset: str) -> Balance:
        return self.ledger.balance(self.account.id, asset)

    def check_books(self) -> None:
        """Every balance is the sum of its changes, and what is locked is what open orders hold."""
        dump = self.ledger.dump(None)
        for row in dump["balances"]:
            changes = [c for c in dump["changes"] if (c["account_id"], c["asset"]) == (row["account_id"], row["asset"])]
            for column in ("free", "locked"):
                assert sum(Decimal(change[column]) for change in changes) == Decimal(row[column])
        for account in self.ledger.accounts():
            held = {"USDT": Decimal(0), "BTC": Decimal(0)}
            for order in self.ledger.open_orders(account.id):
                held["USDT" if order.side is Side.BUY else "BTC"] += order.locked
            for asset, locked in held.items():
                assert self.ledger.balance(account.id, asset).locked == locked


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "ledger.sqlite")
    yield desk
    desk.check_books()
    desk.ledger.close()
