"""Universal rules over shorts at leverage: each closes what it should, dry and with signed orders, and a stop that lies
on the exchange is kept in step with the tightest of them.
"""

from decimal import Decimal

import pytest

from pool.bot.config import DRY_DATABASE, LIVE_DATABASE
from pool.contract.slots import StrategySource
from tests.process.bot.futures import (
    GUARDED_SELLER,
    SELLER,
    STUBBORN_SELLER,
    MarginAccount,
    config,
    perpetual,
    trades,
)
from tests.process.bot.harness import Bench, Exchange
from tests.process.bot.live import trade_live
from tests.process.bot.rules import actions, await_exit, bring, exits, make_older, stop_of
from tests.support import eventually_sync

MONEY = 1000


@pytest.fixture
def account(exchange: Exchange) -> MarginAccount:
    return MarginAccount(exchange, MONEY)


def at_rest(exchange: Exchange, account: MarginAccount, count: int) -> list[str]:
    """Pairs of perpetuals, their prices at rest."""
    pairs = exchange.pairs[5 : 5 + count]
    for pair in pairs:
        account.hold(pair)
    return pairs


@pytest.mark.parametrize("trading", ["dry_run", "paper_live"])
def test_each_rule_closes_the_short_that_it_should(
    bench: Bench, exchange: Exchange, account: MarginAccount, trading: str
) -> None:
    pairs = at_rest(exchange, account, 5)
    stopped, laddered, trailed, even, timed = pairs
    if trading == "paper_live":
        trade_live(bench, account, pairs, config(pairs), strategy=STUBBORN_SELLER)
    else:
        bench.write_slot(bench.spec(config(pairs), strategy=STUBBORN_SELLER))
        bench.run()
    bench.await_events("trade.entry_fill", 5)
    assert bench.agent.command("pause").ok

    bring(bench, hard_stop={"distance": "0.15"})
    account.hold(stopped, 1.07)
    await_exit(bench, perpetual(stopped), "flotilla:hard_stop")

    bring(bench, take_profit={"levels": [{"profit": "0.06", "fraction": "0.5"}, {"profit": "0.15"}]})
    account.hold(laddered, 0.97)
    await_exit(bench, perpetual(laddered), "flotilla:take_profit:1", part=True)
    account.hold(laddered, 0.96)
    await_exit(bench, perpetual(laddered), "flotilla:take_profit:2")

    bring(bench, trailing_stop={"activation": "0.09", "distance": "0.06"})
    before = stop_of(bench, perpetual(trailed))
    account.hold(trailed, 0.94)
    eventually_sync(lambda: stop_of(bench, perpetual(trailed)) < before * 0.95, message="the stop to follow down")
    account.hold(trailed, 1.03)
    await_exit(bench, perpetual(trailed), "flotilla:trailing_stop")

    bring(bench, break_even={"trigger": "0.09", "offset": "0.03"})
    account.hold(even, 0.95)
    eventually_sync(lambda: actions(bench, kind="stop_moved", rule="break_even"), message="the stop at break-even")
    account.hold(even, 1.05)
    await_exit(bench, perpetual(even), "flotilla:break_even")

    make_older(bench.directory / (LIVE_DATABASE if trading == "paper_live" else DRY_DATABASE), 10)
    bring(bench, time_exit={"after_minutes": 5})
    await_exit(bench, perpetual(timed), "flotilla:time_exit")

    bench.agent.await_heartbeat(flat=True)
    eventually_sync(lambda: len(exits(bench)) >= 6, message="all exits are told")
    assert len(exits(bench)) == 6
    shot = bench.agent.snapshots()[-1]
    assert shot.equity == shot.starting_balance + shot.realised + shot.unrealised
    if trading == "paper_live":
        assert account.positions() == []
        profits = sum(Decimal(repr(trade["close_profit_abs"])) for trade in trades(bench))
        assert account.wallet() - MONEY == pytest.approx(profits, abs=Decimal("1e-6"))


def test_a_stop_on_the_exchange_follows_the_universal_stop(
    bench: Bench, exchange: Exchange, account: MarginAccount
) -> None:
    (pair,) = at_rest(exchange, account, 1)
    trade_live(bench, account, [pair], config([pair]), strategy=GUARDED_SELLER)
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    (first,) = eventually_sync(lambda: account.rows("algos", status="NEW"), message="a stop on the exchange")
    opened = Decimal(repr(trades(bench)[0]["open_rate"]))

    bring(bench, trailing_stop={"activation": "0.06", "distance": "0.06"})
    account.hold(pair, 0.95)
    moved = eventually_sync(
        lambda: [stop for stop in account.rows("algos", status="NEW") if stop["id"] != first["id"]],
        message="the stop to follow",
    )
    assert len(account.rows("algos", status="NEW")) == 1
    assert Decimal(moved[0]["trigger_price"]) == pytest.approx(opened * Decimal("0.969"), rel=Decimal("0.005"))

    bring(
        bench,
        trailing_stop={"activation": "0.06", "distance": "0.06"},
        take_profit={"levels": [{"profit": "0.1", "fraction": "0.5"}]},
    )
    await_exit(bench, perpetual(pair), "flotilla:take_profit:1", part=True)
    (position,) = account.positions()
    (stop,) = account.rows("algos", status="NEW")
    assert stop["id"] == moved[0]["id"], "FreqTrade leaves it: an order that only reduces closes what is left"
    account.hold(pair, 1.04)
    eventually_sync(lambda: not account.positions(), message="the stop's purchase")
    (bought,) = account.rows("orders", algo_id=stop["id"])
    assert (bought["status"], Decimal(bought["executed"])) == ("FILLED", -Decimal(position["amount"]))
    eventually_sync(lambda: not any(trade["is_open"] for trade in trades(bench)), message="the trade's end")
    ended = account.rows("algos", id=stop["id"])
    assert [one["status"] for one in ended] == ["TRIGGERED"]
    assert account.rows("algos", status="NEW") == []
    assert float(account.wallet() - MONEY) == pytest.approx(trades(bench)[0]["close_profit_abs"], abs=1e-6)


def test_the_tighter_of_two_stops_wins_of_a_short(bench: Bench, exchange: Exchange, account: MarginAccount) -> None:
    own, universal = pairs = at_rest(exchange, account, 2)
    tight = StrategySource(class_name="Seller", source=SELLER.source.replace("stoploss = -0.9", "stoploss = -0.09"))
    bench.write_slot(bench.spec(config(pairs), strategy=tight))
    bench.run()
    bench.await_events("trade.entry_fill", 2)
    assert bench.agent.command("pause").ok

    bring(bench, hard_stop={"distance": "0.15"})
    account.hold(own, 1.04)
    await_exit(bench, perpetual(own), "stop_loss")
    bring(bench, hard_stop={"distance": "0.06"})
    account.hold(universal, 1.025)
    await_exit(bench, perpetual(universal), "flotilla:hard_stop")


VETOING = StrategySource(
    class_name="Seller",
    source=f"{GUARDED_SELLER.source}\n    def confirm_trade_exit(self, **_):\n        return False\n",
)


def test_no_strategy_vetoes_an_emergency_or_a_forced_exit(
    bench: Bench, exchange: Exchange, account: MarginAccount
) -> None:
    pairs = at_rest(exchange, account, 2)
    refused = {"status": 400, "code": -4142, "message": "Take profit or stop order will be triggered immediately."}
    account.control("POST", "faults", kind="fail", path="/fapi/v1/algoOrder", method="POST", times=1, **refused)
    trade_live(bench, account, pairs, config(pairs), strategy=VETOING)
    eventually_sync(lambda: [one for one in exits(bench) if one[1] == "emergency_exit"], message="an emergency exit")
    bench.await_events("trade.entry_fill", 2)
    assert bench.agent.command("pause").ok

    assert bench.agent.command("force_exit", trade_id="all").ok
    bench.agent.await_heartbeat(flat=True)
    assert account.positions() == []
    eventually_sync(lambda: "force_exit" in {reason for _, reason, _ in exits(bench)}, message="the exit is told")
