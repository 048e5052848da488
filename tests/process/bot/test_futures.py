"""A real bot sells short on the paper exchange's perpetuals, dry and with signed orders."""

import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from tests.process.bot.futures import (
    GUARDED_SELLER,
    LEVERAGE,
    SELLER,
    MarginAccount,
    config,
    open_stops,
    perpetual,
    trades,
)
from tests.process.bot.harness import Bench, Exchange
from tests.process.bot.live import next_snapshot, symbol, trade_live
from tests.support import eventually_sync

MONEY = 1000
_pairs = itertools.count(10)  # perpetuals follow spot prices; tests of spot take the first pairs


@pytest.fixture
def account(exchange: Exchange) -> MarginAccount:
    return MarginAccount(exchange, MONEY)


@pytest.fixture
def take_pair(exchange: Exchange, account: MarginAccount) -> Iterator[Callable[[], str]]:
    """A pair that no other test here uses, its price at rest."""

    def take() -> str:
        pair = exchange.pairs[next(_pairs)]
        account.hold(pair)
        return pair

    yield take
    account.control("DELETE", "faults")
    account.control("DELETE", "partial-fills")


def test_a_dry_bot_sells_short_and_its_equity_is_exact(
    bench: Bench, account: MarginAccount, take_pair: Callable[[], str]
) -> None:
    pair = take_pair()
    bench.write_slot(bench.spec({**config([pair]), "minimal_roi": {"0": 0.2}}, strategy=SELLER))
    bench.run()
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok

    shot = next_snapshot(bench, lambda shot: bool(shot.open_trades))
    (trade,) = shot.open_trades
    assert (trade.pair, trade.is_short) == (perpetual(pair), True)
    assert trade.stake_amount == pytest.approx(Decimal(50), rel=Decimal("0.05"))
    assert trade.amount * trade.open_rate == pytest.approx(LEVERAGE * trade.stake_amount, rel=Decimal("0.001"))

    account.hold(pair, 1.05)
    losing = next_snapshot(bench, lambda shot: shot.unrealised < -5)
    assert losing.equity == losing.starting_balance + losing.realised + losing.unrealised

    account.hold(pair, 0.85)
    bench.await_events("trade.exit_fill")
    shot = next_snapshot(bench, lambda shot: not shot.open_trades)
    assert shot.realised > 15, "a tenth of the price, three times the stake"
    assert shot.equity == shot.free == shot.starting_balance + shot.realised


def test_a_live_bot_takes_a_profit_and_both_books_agree(
    bench: Bench, account: MarginAccount, take_pair: Callable[[], str]
) -> None:
    pair = take_pair()
    trade_live(bench, account, [pair], {**config([pair]), "minimal_roi": {"0": 0.2}}, strategy=SELLER)
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    (position,) = account.positions()
    (trade,) = trades(bench)
    assert trade["is_short"]
    assert trade["leverage"] == LEVERAGE
    assert trade["amount"] == -float(position["amount"])
    assert float(position["margin"]) == pytest.approx(trade["stake_amount"], rel=1e-6)
    shot = next_snapshot(bench)
    assert shot.mode == "live"
    assert shot.equity == pytest.approx(account.wallet() + shot.unrealised, abs=Decimal("0.2")), "the fee to close"

    account.hold(pair, 0.9)
    bench.await_events("trade.exit_fill")
    assert account.positions() == []
    (trade,) = trades(bench)
    assert trade["exit_reason"] == "roi"
    gained = account.wallet() - MONEY
    assert gained > 10
    assert float(gained) == pytest.approx(trade["close_profit_abs"], abs=1e-6)
    shot = next_snapshot(bench, lambda shot: not shot.open_trades)
    assert shot.equity == shot.free == account.wallet()


def test_answers_are_lost_and_a_stop_on_the_exchange_closes_the_short(
    bench: Bench, account: MarginAccount, take_pair: Callable[[], str]
) -> None:
    pair = take_pair()
    account.control("POST", "faults", kind="fail_after", path="/fapi/v1/*rder", method="POST", status=503, times=2)
    trade_live(bench, account, [pair], config([pair]), strategy=GUARDED_SELLER)
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    (stop,) = eventually_sync(lambda: account.rows("algos", status="NEW"), message="a stop on the exchange")
    assert len(account.rows("orders")) == 1, "neither was sent twice"
    assert account.control("GET", "faults") == []
    assert (stop["side"], stop["type"], stop["reduce_only"]) == ("BUY", "STOP_MARKET", 1)
    (trade,) = trades(bench)
    assert float(stop["trigger_price"]) == pytest.approx(trade["open_rate"] * 1.05, rel=1e-3)

    eventually_sync(lambda: open_stops(bench) == 1, message="the bot found the stop whose answer was lost")
    account.control("POST", "prices/ramp", symbol=symbol(pair), ratio="1.07")
    bench.await_events("trade.exit_fill")

    (trade,) = trades(bench)
    assert trade["exit_reason"] == "stoploss_on_exchange"
    assert account.positions() == []
    (stop,) = account.rows("algos")
    (closing,) = account.rows("orders", algo_id=stop["id"])
    assert (stop["status"], closing["status"]) == ("TRIGGERED", "FILLED")
    lost = account.wallet() - MONEY
    assert lost < -5
    assert float(lost) == pytest.approx(trade["close_profit_abs"], abs=1e-6)
