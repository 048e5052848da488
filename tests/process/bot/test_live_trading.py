"""A real bot trades for real: its orders are the exchange's orders, whatever happens on the way.

Each test has an account and pairs of its own on the one exchange of the session, so that prices can be moved freely.
"""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from pool.contract import exit_codes
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, leaks, next_snapshot, symbol, trade_live
from tests.support import eventually_sync

MONEY = 1000
FEE = Decimal("0.001")
LIMITED = StrategySource(class_name="Buyer", source=BUYER.replace('"entry": "market"', '"entry": "limit"'))
STOPPED = StrategySource(
    class_name="Buyer",
    source=BUYER.replace('"stoploss": "market", "stoploss_on_exchange": False', '"stoploss": "limit", '
                         '"stoploss_on_exchange": True').replace("stoploss = -0.9", "stoploss = -0.1"),
)  # fmt: skip

_pairs = itertools.count()


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, MONEY)


@pytest.fixture
def take_pairs(exchange: Exchange, account: Account) -> Iterator[Callable[[int], list[str]]]:
    """Pairs that no other test uses, their prices at rest."""

    def take(count: int) -> list[str]:
        taken = [exchange.pairs[3 + next(_pairs)] for _ in range(count)]
        for pair in taken:
            account.hold(pair)
        return taken

    yield take
    account.control("DELETE", "faults")
    account.control("DELETE", "partial-fills")


@pytest.fixture
def books(bench: Bench, account: Account) -> Books:
    return Books(bench, account)


TakePairs = Callable[[int], list[str]]


def assert_flat(account: Account, pairs: list[str]) -> None:
    """Nothing rests, and of each coin less than a lot is left, which cannot be sold."""
    assert [order for order in account.orders() if order["status"] in ("NEW", "PARTIALLY_FILLED")] == []
    for pair in pairs:
        assert account.total(pair.split("/")[0]) < account.lot(pair), pair


def test_a_trade_by_the_strategy_is_in_both_books_and_in_the_snapshot(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    base = pair.split("/")[0]
    pid = trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    books.await_agreement()

    (trade,) = books.trades()
    lot = account.lot(pair)
    amount = account.total(base) // lot * lot
    assert trade["amount"] == float(amount)
    assert (trade["fee_open"], trade["fee_open_currency"]) == (float(FEE), base)
    shot = next_snapshot(bench)
    assert shot.mode == "live"
    assert (shot.free, shot.realised) == (account.total("USDT"), Decimal(0))
    assert shot.in_trades == pytest.approx(amount * account.bid(pair) * (1 - FEE), abs=Decimal("0.000001"))
    assert shot.equity == shot.free + shot.in_trades == shot.starting_balance + shot.realised + shot.unrealised
    lost = lot * account.price(pair)
    assert MONEY - lost <= shot.starting_balance <= MONEY

    account.hold(pair, 1.1)
    bench.await_events("trade.exit_fill")
    books.await_agreement()
    (trade,) = books.trades()
    assert trade["exit_reason"] == "roi"
    assert_flat(account, [pair])
    shot = next_snapshot(bench)
    assert shot.free == shot.equity == account.total("USDT")
    assert shot.realised == Decimal(repr(trade["close_profit_abs"])) > 0
    assert shot.realised - lost <= shot.free - MONEY <= shot.realised
    assert leaks(bench, pid, account.key, account.secret) == []


def test_an_entry_filled_in_parts_is_managed_and_valued_in_parts(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    account.control("POST", "partial-fills", symbol=symbol(pair), ratio="0.4", most=1)
    trade_live(bench, account, [pair], strategy=LIMITED)
    bench.await_events("trade.entry")
    assert eventually_sync(lambda: account.orders(status="PARTIALLY_FILLED"))
    books.await_agreement()
    shot = next_snapshot(bench, lambda shot: bool(shot.open_trades))
    base, bid = account.total(pair.split("/")[0]), account.bid(pair)
    assert shot.equity == pytest.approx(account.total("USDT") + base * bid, abs=Decimal("0.05")), "fee and spread"

    account.control("DELETE", f"partial-fills?symbol={symbol(pair)}")
    bench.await_events("trade.entry_fill")
    books.await_agreement()
    assert 0 <= account.total(pair.split("/")[0]) - Decimal(str(books.trades()[0]["amount"])) < account.lot(pair)
    assert len(account.ledger()["fills"]) > 1

    assert bench.agent.command("pause").ok
    assert bench.agent.command("force_exit", trade_id="all").ok
    bench.await_events("trade.exit_fill")
    books.await_agreement()
    assert_flat(account, [pair])


def test_flatten_leaves_the_account_flat(bench: Bench, account: Account, books: Books, take_pairs: TakePairs) -> None:
    pairs = take_pairs(3)
    account.control("POST", "partial-fills", symbol=symbol(pairs[2]), ratio="0.4", most=1)
    strategy = StrategySource(
        class_name="Buyer", source=STOPPED.source.replace('"entry": "market"', '"entry": "limit"')
    )
    pid = trade_live(bench, account, pairs, strategy=strategy)
    bench.await_events("trade.entry_fill", 2)
    assert eventually_sync(lambda: account.orders(status="PARTIALLY_FILLED"))
    eventually_sync(lambda: len(account.orders(type="STOP_LOSS_LIMIT")) == 2, message="stops of what is filled")

    assert bench.agent.command("flatten").data == {"trades": 3}
    account.control("DELETE", f"partial-fills?symbol={symbol(pairs[2])}")
    bench.agent.await_heartbeat(flat=True)
    books.await_agreement()
    assert_flat(account, pairs)
    assert not any(trade["is_open"] for trade in books.trades())
    shot = next_snapshot(bench)
    assert shot.equity == shot.free == account.total("USDT")
    assert bench.agent.command("stop").ok
    assert bench.await_exit(pid) == exit_codes.OK


def test_a_stop_on_the_exchange_outlasts_the_bot_and_goes_with_the_trade(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    kept, sold = take_pairs(2)
    pid = trade_live(bench, account, [kept, sold], strategy=STOPPED)
    bench.await_events("trade.entry_fill", 2)
    eventually_sync(lambda: len(account.orders(type="STOP_LOSS_LIMIT", status="NEW")) == 2, message="two stops")
    assert bench.agent.command("pause").ok
    bench.await_exit(_killed(pid))
    assert len(account.orders(status="NEW")) == 2

    account.hold(sold, 0.895)  # below the stop, above its limit
    assert eventually_sync(lambda: account.orders(symbol=symbol(sold), type="STOP_LOSS_LIMIT", status="FILLED"))
    bench.agent.forget()
    bench.write_slot(
        bench.spec(
            {"max_open_trades": 0, "exchange": {"pair_whitelist": [kept, sold]}},
            trading="paper_live",
            strategy=STOPPED,
        )
    )
    bench.run()
    eventually_sync(lambda: sum(trade["is_open"] for trade in books.trades()) == 1, message="the stop's sale found")
    reasons = {trade["pair"]: trade["exit_reason"] for trade in books.trades()}
    assert reasons == {kept: None, sold: "stoploss_on_exchange"}
    assert len(account.orders(type="STOP_LOSS_LIMIT")) == 2
    assert [trade.pair for trade in next_snapshot(bench).open_trades] == [kept]

    assert bench.agent.command("force_exit", trade_id="all").ok
    bench.agent.await_heartbeat(flat=True)
    books.await_agreement()
    assert account.orders(symbol=symbol(kept), type="STOP_LOSS_LIMIT")[0]["status"] == "CANCELED"
    assert_flat(account, [kept, sold])


def test_killed_while_an_entry_rests_and_fills(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    far = {"price_side": "same", "use_order_book": True, "order_book_top": 5}
    pid = trade_live(bench, account, [pair], {"entry_pricing": far}, strategy=LIMITED)
    bench.await_events("trade.entry")
    assert account.orders(status="NEW")
    bench.await_exit(_killed(pid))
    account.hold(pair, 0.99)
    assert eventually_sync(lambda: account.orders(status="FILLED"))
    bench.agent.forget()

    pid = bench.run()
    bench.await_events("trade.entry_fill")
    books.await_agreement()
    assert len(account.orders()) == 1
    (position,) = next_snapshot(bench).open_trades
    assert 0 <= account.total(pair.split("/")[0]) - position.amount < account.lot(pair)
    assert leaks(bench, pid, account.key, account.secret) == []


def test_an_account_that_cannot_pay_costs_the_order_alone(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    trade_live(bench, account, [pair], desired="paused")
    refusal = {"status": 400, "code": -2010, "message": "Account has insufficient balance for requested action."}
    account.control("POST", "faults", kind="fail", path="/api/v3/order", method="POST", **refusal)
    assert bench.agent.command("resume").ok
    eventually_sync(lambda: "insufficient balance" in bench.log(), message="an order refused")
    bench.agent.await_heartbeat(trader_state="running")
    assert (account.orders(), books.trades()) == ([], [])

    account.control("DELETE", "faults")
    bench.await_events("trade.entry_fill")
    books.await_agreement()


def test_an_order_that_never_arrived_is_sent_again(
    bench: Bench, account: Account, books: Books, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    trade_live(bench, account, [pair], desired="paused")
    account.fail_orders("fail")
    _resume_past_one_failure(bench, account)

    bench.await_events("trade.entry_fill")
    books.await_agreement()
    assert len(account.orders()) == 1


def _killed(pid: int) -> int:
    os.kill(pid, signal.SIGKILL)
    return pid


def _resume_past_one_failure(bench: Bench, account: Account) -> None:
    """FreqTrade waits 30 s after a failure; a change of its state ends the wait."""
    assert bench.agent.command("resume").ok
    eventually_sync(lambda: not account.control("GET", "faults"), message="the fault met")
    assert bench.agent.command("pause").ok
    assert bench.agent.command("resume").ok
