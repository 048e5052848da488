"""Positions on margin: whatever happens, the books balance, nobody loses more than they had, and it does not matter
when somebody looks."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pool.exchange.simulator.engine import PartialFills
from pool.exchange.simulator.futures.engine import FuturesEngine
from pool.exchange.simulator.futures.ledger import FuturesLedger
from pool.exchange.simulator.futures.perpetuals import FUNDING_SECONDS, Perpetuals
from pool.exchange.simulator.futures.positions import Force, FuturesTicket, FuturesType, Position
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.orders import Side
from pool.exchange.simulator.problems import Problem
from pool.exchange.simulator.scripts import After, Piece

SYMBOL = "ETHUSDT"
START = 1_780_000_000 // FUNDING_SECONDS * FUNDING_SECONDS - 600
ZERO = Decimal(0)
Step = tuple[str, Side, int, int, int]
"""What, side, quantity in tenths, price in ticks beside 2,000.00, and seconds that pass before."""

steps = st.lists(
    st.tuples(
        st.sampled_from(["MARKET", "LIMIT", "STOP_MARKET", "REDUCE", "PRICE", "PART"]),
        st.sampled_from(list(Side)),
        st.integers(1, 15),
        st.integers(-30_000, 30_000),
        st.integers(0, 900),
    ),
    max_size=12,
)


class Floor:
    """An exchange of one market with one account on margin, on a clock of its own."""

    def __init__(self, file: Path) -> None:
        assets, listings = make_listings(5)
        self.market = Market(7, assets, listings)
        self._file = file
        self.partial: PartialFills | None = None
        self.now_ms = START * 1000
        self.market.script(SYMBOL, Piece(START - 100, 0, 2_000.0, 2_000.0, After.HOLD))
        self._open()
        self.account = self.spot.add_account("k" * 64, "s", Decimal("0.001"), False, self.now_ms)
        with self.ledger.transaction():
            self.ledger.change(self.account.id, "", "deposit", self.now_ms, free=Decimal(1_000))
            self.ledger.set_settings(self.account.id, SYMBOL, 10, True)

    def restart(self) -> None:
        self.spot.close()
        self._open()

    def close(self) -> None:
        self.spot.close()

    def play(self, script: Sequence[Step], *, every: int | None = None) -> None:
        """Take the steps; `every` so many seconds somebody looks (None: nobody)."""
        for what, side, tenths, ticks, seconds in script:
            self.wait(seconds, every)
            price = Decimal(2_000) + Decimal(ticks) / 100
            try:
                self._take(what, side, Decimal(tenths) / 10, price)
            except Problem:
                continue
        self.wait(1_200, every)

    def wait(self, seconds: int, every: int | None) -> None:
        for _ in range(seconds // every if every else 0):
            self.now_ms += (every or 0) * 1000
            self.engine.advance(self.now_ms)
        self.now_ms += (seconds % every if every else seconds) * 1000
        self.engine.advance(self.now_ms)

    def check(self) -> None:
        """The books balance."""
        purse = self.ledger.purse(self.account.id)
        tables = self.ledger.dump(self.account.id)
        for part in ("free", "margin", "locked"):
            held = getattr(purse, part)
            assert held == sum((Decimal(change[part]) for change in tables["changes"]), ZERO) >= 0
        position = self.ledger.position(self.account.id, SYMBOL)
        assert purse.margin == position.margin
        orders = self.ledger.open_orders(self.account.id)
        assert purse.locked == sum((order.locked for order in orders), ZERO)
        held = sum((Decimal(f["quantity"]) * (1 if f["side"] == "BUY" else -1) for f in tables["fills"]), ZERO)
        assert position.amount == held
        if not position.amount:
            realised = sum((Decimal(fill["realised"]) for fill in tables["fills"]), ZERO)
            cash = sum(
                (Decimal(f["quote_quantity"]) * (-1 if f["side"] == "BUY" else 1) for f in tables["fills"]), ZERO
            )
            assert realised == cash, "what it brought is what it was sold for, less what it was bought for"

    def story(self) -> list[tuple[object, ...]]:
        """All that happened, but for when it was written down within a second."""
        fills = self.ledger.dump(None)["fills"]
        return [(f["side"], f["price"], f["quantity"], f["realised"], f["time_ms"] // 1000) for f in fills]

    def _take(self, what: str, side: Side, quantity: Decimal, price: Decimal) -> None:
        if what == "PRICE":
            second = self.now_ms // 1000
            self.engine.advance(self.now_ms)
            begin = float(self.engine.price(SYMBOL, second))
            self.market.script(SYMBOL, Piece(second, 60, begin, float(price), After.HOLD))
        elif what == "PART":
            self.partial = None if self.partial else PartialFills(Decimal("0.3"))
        elif what == "STOP_MARKET":
            ticket = self._ticket(FuturesType.STOP_MARKET, side, quantity, trigger=price, reduce_only=True)
            self.engine.place_algo(self.account.id, ticket, self.now_ms)
        elif what == "LIMIT":
            ticket = self._ticket(FuturesType.LIMIT, side, quantity, price=price)
            self.engine.place(self.account.id, ticket, self.now_ms)
        else:
            ticket = self._ticket(FuturesType.MARKET, side, quantity, reduce_only=what == "REDUCE")
            self.engine.place(self.account.id, ticket, self.now_ms)

    def _ticket(
        self, kind: FuturesType, side: Side, quantity: Decimal, *, price: Decimal = ZERO, trigger: Decimal = ZERO,
        reduce_only: bool = False,
    ) -> FuturesTicket:  # fmt: skip
        number = len(self.ledger.dump(None)["orders"]) + len(self.ledger.dump(None)["algos"])
        return FuturesTicket(
            SYMBOL, side, kind, Force.GTC, price, quantity, trigger, reduce_only, False, "CONTRACT_PRICE", f"n{number}"
        )

    def _open(self) -> None:
        self.spot = Ledger(self._file)
        self.ledger = FuturesLedger(self.spot)
        perpetuals = Perpetuals(7, self.market.listings)
        self.engine = FuturesEngine(self.market, perpetuals, self.ledger, lambda _: self.partial)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_the_books_balance_whatever_happens(script: list[Step]) -> None:
    with TemporaryDirectory() as scratch:
        floor = Floor(Path(scratch) / "ledger.sqlite")
        floor.play(script)
        floor.check()
        floor.close()


@settings(max_examples=12, deadline=None)
@given(steps, st.sampled_from([13, 60, 500]))
def test_it_does_not_matter_when_somebody_looks_or_whether_it_was_away(script: list[Step], every: int) -> None:
    with TemporaryDirectory() as scratch:
        unwatched, watched = (Floor(Path(scratch) / name) for name in ("a.sqlite", "b.sqlite"))
        unwatched.play(script[:6])
        unwatched.restart()
        unwatched.play(script[6:])
        watched.play(script[:6], every=every)
        watched.play(script[6:], every=every)
        assert unwatched.story() == watched.story()
        assert unwatched.ledger.purse(1) == watched.ledger.purse(1)
        for floor in (unwatched, watched):
            floor.close()


@given(
    st.sampled_from([1, -1]),
    st.decimals("0.001", 100, places=3),
    st.decimals(1, 100_000, places=2),
    st.integers(1, 50),
)
def test_at_the_liquidation_price_what_is_left_is_the_maintenance_margin(
    sign: int, amount: Decimal, entry: Decimal, leverage: int
) -> None:
    perpetuals = Perpetuals(7, {listing.symbol: listing for listing in make_listings(5)[1]})
    position = Position(1, SYMBOL, sign * amount, sign * amount * entry, amount * entry / leverage)
    bracket = perpetuals.bracket(SYMBOL, abs(position.cost))
    price = position.liquidation_price(bracket)
    if price > 0:
        left = position.margin + position.unrealised(price)
        assert abs(left - position.maintenance(price, bracket)) <= Decimal("1e-15") * abs(position.cost)
    elif sign > 0:
        assert leverage == 1, "a long that was paid in full"


def test_maintenance_grows_without_a_jump() -> None:
    perpetuals = Perpetuals(7, {listing.symbol: listing for listing in make_listings(5)[1]})
    for symbol in perpetuals.listings:
        brackets = perpetuals.brackets(symbol)
        for lower, upper in pairwise(brackets):
            assert lower.cap == upper.floor
            assert lower.cap * lower.rate - lower.cum == lower.cap * upper.rate - upper.cum
            assert upper.leverage < lower.leverage
