"""Any order of exits, answers, losses, crashes and reloads: what the exchange sold is what was decided, once.

The journal, the wrappers and FreqTrade's own code are real, the exchange is `benchmarks.floor.Ledger`, time is passed
in. A seed that failed is printed by hypothesis, and repeats.
"""

import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import ccxt
import pytest
from freqtrade.exceptions import DependencyException
from freqtrade.exchange import common
from freqtrade.persistence import Trade
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from benchmarks.floor import AMOUNT, Floor, Ledger, wipe
from pool.bot.universal.journal import LIVE_JOURNAL, State

LADDER = (("flotilla:take_profit:0", 1.5), ("flotilla:take_profit:1", 2.5), ("flotilla:take_profit:2", None))
ERRORS = {
    "before": (ccxt.NetworkError, ccxt.ExchangeNotAvailable, ccxt.InvalidOrder),
    "after": (ccxt.RequestTimeout, ccxt.ExchangeNotAvailable, ccxt.BadResponse, KeyError),
    "look": (ccxt.NetworkError, ccxt.ExchangeNotAvailable),
    "cancel": (ccxt.NetworkError,),
}
FAULTS = st.lists(st.sampled_from([(point, error) for point, errors in ERRORS.items() for error in errors]), max_size=3)


class ExitsOnce(RuleBasedStateMachine):
    shelf: ClassVar[Path]

    @initialize(stops=st.booleans(), rests=st.booleans())
    def open_a_trade(self, stops: bool, rests: bool) -> None:
        for file in self.shelf.glob(f"{LIVE_JOURNAL}*"):
            file.unlink()
        self.faults: list[tuple[str, type[Exception]]] = []
        self.stops = stops
        self.ledger = Ledger(self.shelf / "ledger.sqlite", fault=self._fault, rests=rests, window_ms=10_000)
        self.floor = Floor(self.shelf, self.ledger, stoploss_on_exchange=stops)
        wipe(self.floor)
        self.floor.open_trade()

    @rule(faults=FAULTS, hidden=st.integers(0, 7), limit=st.booleans())
    def exit_what_is_next(self, faults: list[tuple[str, type[Exception]]], hidden: int, limit: bool) -> None:
        self.faults = list(faults)
        self.ledger.hide(hidden)
        with suppress(DependencyException):  # as FreqTrade's `exit_positions` does
            for tag, amount in LADDER:
                trades = Trade.get_open_trades()
                done = sum(
                    order.filled or 0.0 for trade in trades for order in trade.orders if order.ft_order_tag == tag
                )
                if trades and (amount is None or done < amount - 1e-9):
                    self.floor.exit(tag, None if amount is None else amount - done, "limit" if limit else "market")
                    break
        self.faults = []
        self.ledger.hide(0)

    @rule(faults=FAULTS)
    def loop(self, faults: list[tuple[str, type[Exception]]]) -> None:
        self.faults = list(faults)
        with suppress(DependencyException):
            self.floor.loop()
        self.faults = []

    @rule(seconds=st.sampled_from([1.0, 8.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.floor.wait(seconds)

    @rule(ratio=st.sampled_from([0.5, 1.0]))
    def fill_what_rests(self, ratio: float) -> None:
        for row in self.ledger.rows():
            if row["status"] == "open" and row["stop_price"] is None:
                self.ledger.fill(row["id"], ratio)

    @precondition(lambda self: self.stops)
    @rule()
    def trigger_the_stop(self) -> None:
        for row in self.ledger.rows():
            if row["status"] == "open" and row["stop_price"] is not None:
                self.ledger.fill(row["id"])

    @rule(faults=FAULTS)
    def cancel_what_rests(self, faults: list[tuple[str, type[Exception]]]) -> None:
        self.faults = list(faults)
        with suppress(DependencyException):
            self.floor.bot.cancel_all_open_orders()
        self.faults = []

    @rule(restarts=st.booleans())
    def crash_or_reload(self, restarts: bool) -> None:
        """A reload keeps what FreqTrade did not commit yet, a crash loses it."""
        if restarts:
            self.floor.die()
        else:
            Trade.commit()
            assert self.floor.orders is not None
            self.floor.orders.close()
        self.floor = Floor(self.shelf, self.ledger, stoploss_on_exchange=self.stops)
        with suppress(DependencyException):
            self.floor.bot.startup()

    @invariant()
    def nothing_is_sold_twice(self) -> None:
        sales = [row for row in self.ledger.rows() if row["side"] == "sell"]
        held = AMOUNT - sum(row["filled"] for row in sales)
        assert held > -1e-9, sales
        # What rests may be filled at any time.
        assert held - sum(row["amount"] - row["filled"] for row in sales if row["status"] == "open") > -1e-9, sales
        for tag, amount in LADDER:
            assert amount is None or self._sold(tag, sales) <= amount + 1e-9, (tag, sales)

    def teardown(self) -> None:
        """With an exchange that answers, everything comes to be known, and both books say the same."""
        if not hasattr(self, "floor"):
            return
        self.floor.wait(60.0)
        for _ in range(4):
            self.floor.wait(3.0)
            with suppress(DependencyException):
                self.floor.loop()
        self.nothing_is_sold_twice()
        journal = self._journal()
        assert [one for one in journal if one.state is State.PLANNED] == []
        known = {order.order_id: order for trade in Trade.get_trades([]).all() for order in trade.orders}
        for row in self.ledger.rows():
            if row["filled"] or row["status"] == "open":
                order = known[str(row["id"])]
                assert (order.filled or 0.0) == row["filled"]
                (intent,) = [one for one in journal if one.client_order_id == row["client_id"]]
                assert row["stop_price"] is not None or order.ft_order_tag == intent.tag
        self.floor.die()
        self.ledger.close()

    def _sold(self, tag: str, sales: list[dict[str, Any]]) -> float:
        tags = {one.client_order_id: one.tag for one in self._journal()}
        return float(sum(row["filled"] for row in sales if tags.get(row["client_id"]) == tag))

    def _journal(self) -> list[Any]:
        assert self.floor.orders is not None
        assert self.floor.orders._journal is not None
        return self.floor.orders._journal.all()

    def _fault(self, point: str) -> None:
        for number, (where, error) in enumerate(self.faults):
            if where == point:
                del self.faults[number]
                raise error("the seed wants it")


def test_exits_happen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "time", SimpleNamespace(sleep=lambda _: None))  # between FreqTrade's retries
    monkeypatch.setattr(logging.root.manager, "disable", logging.WARNING)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as shelf:
        ExitsOnce.shelf = Path(shelf)
        run_state_machine_as_test(
            ExitsOnce,
            settings=settings(
                max_examples=40,
                stateful_step_count=40,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
