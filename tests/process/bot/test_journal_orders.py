"""Orders exactly once: a real bot with signed orders, killed, misled and left without answers; what the exchange's
ledger says afterwards is what was decided, and no order more.
"""

import contextlib
import itertools
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from pool.bot.universal.journal import LIVE_JOURNAL
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, trade_live
from tests.support import eventually_sync

STOPPED = StrategySource(
    class_name="Buyer",
    source=BUYER.replace('"stoploss": "market", "stoploss_on_exchange": False', '"stoploss": "limit", '
                         '"stoploss_on_exchange": True').replace("stoploss = -0.9", "stoploss = -0.1"),
)  # fmt: skip
HELD_MS = 120_000
PATIENT = 180

_pairs = itertools.count(30)
TakePair = Callable[[], str]


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, 1000)


@pytest.fixture
def take_pair(exchange: Exchange, account: Account) -> Iterator[TakePair]:
    """A pair that no other test uses, its price at rest."""

    def take() -> str:
        pair = exchange.pairs[next(_pairs)]
        account.hold(pair)
        return pair

    yield take
    account.control("DELETE", "faults")


@pytest.fixture
def books(bench: Bench, account: Account) -> Books:
    return Books(bench, account)


@pytest.mark.parametrize("fault", ["fail_after", "drop_after"])
def test_an_entry_whose_answer_was_lost_is_found_and_not_sent_again(
    bench: Bench, account: Account, books: Books, take_pair: TakePair, fault: str
) -> None:
    pair = take_pair()
    trade_live(bench, account, [pair], desired="paused")
    account.fail_orders(fault)
    hide_orders(account, 2)
    assert bench.agent.command("resume").ok

    bench.await_events("trade.entry_fill", timeout_seconds=PATIENT)
    books.await_agreement()
    assert len(account.orders()) == 1
    (trade,) = books.trades()
    assert (trade["enter_tag"], books.orders()[0]["ft_order_tag"]) == ("always", "always")
    await_stages(bench, "entry", ["sent", "adopted", "filled"])


def test_killed_before_the_answer_an_entry_becomes_a_trade_of_the_next_process(
    bench: Bench, account: Account, books: Books, take_pair: TakePair
) -> None:
    pair = take_pair()
    pid = trade_live(bench, account, [pair], desired="paused")
    account.fail_orders("latency_after", milliseconds=HELD_MS)
    assert bench.agent.command("resume").ok
    await_fault_met(account)
    bench.await_exit(kill(pid))
    assert (len(account.orders()), books.trades()) == (1, [])

    restart(bench, account, [pair])
    bench.await_events("trade.entry_fill", timeout_seconds=PATIENT)
    books.await_agreement()
    assert len(account.orders()) == 1
    (trade,) = books.trades()
    assert (trade["is_open"], trade["enter_tag"], trade["leverage"]) == (1, "always", 1.0)
    await_stages(bench, "entry", ["adopted", "filled"])


@pytest.mark.parametrize("fault", ["latency_after", "latency"])
def test_killed_before_the_answer_an_exit_is_not_sent_twice(
    bench: Bench, account: Account, books: Books, take_pair: TakePair, fault: str
) -> None:
    """`latency`: the exchange takes it only when the next process has looked for it already, or, where the machine is
    slow, refuses it for its age."""
    pair = take_pair()
    pid = trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    books.await_agreement()
    assert bench.agent.command("pause").ok
    account.fail_orders(fault, milliseconds=HELD_MS if fault == "latency_after" else 4_000)
    account.hold(pair, 1.1)
    await_fault_met(account)
    bench.await_exit(kill(pid))

    restart(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.exit_fill", timeout_seconds=PATIENT)
    books.await_agreement()
    (sale,) = account.orders(side="SELL")
    assert sale["status"] == "FILLED"
    (trade,) = books.trades()
    assert (trade["is_open"], trade["exit_reason"], books.orders()[1]["ft_order_tag"]) == (0, "roi", "roi")
    refused = fault == "latency" and len(exits_planned(bench)) == 2
    await_stages(bench, "close", ["vanished", "sent", "filled"] if refused else ["adopted", "filled"])


def test_an_exit_that_nobody_can_look_up_waits_until_it_is_known_over_a_reload(
    bench: Bench, account: Account, books: Books, take_pair: TakePair
) -> None:
    pair = take_pair()
    trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    books.await_agreement()
    assert bench.agent.command("pause").ok
    account.control("POST", "faults", kind="drop", path="/api/v3/order", method="GET")
    account.fail_orders("drop_after")
    account.hold(pair, 1.1)
    eventually_sync(lambda: "cannot be looked up" in bench.log(), PATIENT, "a look without an answer")
    assert bench.agent.command("reload_config").ok
    looks = bench.log().count("cannot be looked up")
    eventually_sync(lambda: bench.log().count("cannot be looked up") > looks, PATIENT, "looks after the reload")
    assert bench.agent.command("force_exit", trade_id="all").ok is False
    assert len(account.orders(side="SELL")) == 1

    account.control("DELETE", "faults")
    bench.await_events("trade.exit_fill", timeout_seconds=PATIENT)
    books.await_agreement()
    assert len(account.orders(side="SELL")) == 1
    assert books.trades()[0]["exit_reason"] == "roi"


def test_an_exit_that_never_arrived_is_sent_again_once_that_is_certain(
    bench: Bench, account: Account, books: Books, take_pair: TakePair
) -> None:
    pair = take_pair()
    trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    account.fail_orders("drop")
    account.hold(pair, 1.1)

    bench.await_events("trade.exit_fill", timeout_seconds=PATIENT)
    books.await_agreement()
    assert len(account.orders(side="SELL")) == 1
    await_stages(bench, "close", ["vanished", "sent", "filled"])
    assert [row["attempt"] for row in exits_planned(bench)] == [1, 2]


@pytest.mark.parametrize("killed", [False, True])
def test_a_stop_on_the_exchange_is_placed_once(
    bench: Bench, account: Account, books: Books, take_pair: TakePair, killed: bool
) -> None:
    pair = take_pair()
    pid = trade_live(bench, account, [pair], strategy=STOPPED, desired="paused")
    account.fail_orders("latency_after")  # by nothing: the entry meets it, so that the stop meets the next one
    account.fail_orders("latency_after" if killed else "drop_after", milliseconds=HELD_MS if killed else 0)
    assert bench.agent.command("resume").ok
    await_fault_met(account)
    if killed:
        bench.await_exit(kill(pid))
        restart(bench, account, [pair], strategy=STOPPED)

    eventually_sync(
        lambda: [row for row in books.orders() if row["ft_order_side"] == "stoploss"], PATIENT, "the stop in the books"
    )
    books.await_agreement()
    assert len(account.orders(type="STOP_LOSS_LIMIT")) == 1
    assert len(account.orders(side="BUY")) == 1
    account.hold(pair, 0.895)  # below the stop, above its limit
    eventually_sync(lambda: books.trades()[0]["is_open"] == 0, PATIENT, "the stop's sale found")
    assert books.trades()[0]["exit_reason"] == "stoploss_on_exchange"
    assert len(account.orders(side="SELL")) == 1


def restart(
    bench: Bench, account: Account, pairs: list[str], config: dict[str, Any] | None = None, **changes: Any
) -> None:
    """As it was, but that it enters nothing new."""
    bench.agent.forget()
    trade_live(bench, account, pairs, config, **{"desired": "paused", **changes})


def hide_orders(account: Account, times: int) -> None:
    """So many looks do not find what is there."""
    account.control(
        "POST", "faults", kind="fail", path="/api/v3/order", method="GET", status=400, code=-2013,
        message="Order does not exist.", times=times,
    )  # fmt: skip


def await_fault_met(account: Account) -> None:
    eventually_sync(lambda: not account.control("GET", "faults"), PATIENT, "the fault met")


def kill(pid: int) -> int:
    os.kill(pid, signal.SIGKILL)
    return pid


def await_stages(bench: Bench, kind: str, wanted: list[str]) -> None:
    """Just these are told of orders of this kind."""

    def told() -> list[str]:
        actions = [event.data for event in bench.agent.events("risk.action")]
        return [action["stage"] for action in actions if action["kind"] == kind and action.get("client_order_id")]

    with contextlib.suppress(AssertionError):
        eventually_sync(lambda: told() == wanted)
    assert told() == wanted


def exits_planned(bench: Bench) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{bench.directory / LIVE_JOURNAL}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM intents WHERE purpose = 'exit' ORDER BY number")]
