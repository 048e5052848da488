"""Each universal rule closes what it should, over a strategy that vetoes and breaks wherever it can, in dry run and
with signed orders; the policy is changed while the bot runs.
"""

from collections.abc import Callable

import pytest

from pool.bot.config import DRY_DATABASE, LIVE_DATABASE
from pool.contract.frames import LookFrame
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, trade_live
from tests.process.bot.rules import STUBBORN, actions, await_exit, bring, exits, make_older, policy, stop_of
from tests.support import eventually_sync

TakePairs = Callable[[int], list[str]]


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, 1000)


@pytest.fixture
def take_pairs(exchange: Exchange, account: Account) -> TakePairs:
    """Pairs with their prices at rest."""

    def take(count: int) -> list[str]:
        taken = exchange.pairs[-count:]
        for pair in taken:
            account.hold(pair)
        return taken

    return take


@pytest.mark.parametrize("trading", ["dry_run", "paper_live"])
def test_each_rule_closes_what_it_should_and_no_strategy_can_veto_it(
    bench: Bench, account: Account, take_pairs: TakePairs, trading: str
) -> None:
    pairs = take_pairs(5)
    stopped, laddered, trailed, even, timed = pairs
    if trading == "paper_live":
        trade_live(bench, account, pairs, {"max_open_trades": 5}, strategy=STUBBORN)
    else:
        config = {"max_open_trades": 5, "exchange": {"pair_whitelist": pairs}}
        bench.write_slot(bench.spec(config, strategy=STUBBORN))
        bench.run()
    bench.await_events("trade.entry_fill", 5)
    assert bench.agent.command("pause").ok

    bring(bench, hard_stop={"distance": "0.05"})
    account.hold(stopped, 0.93)
    await_exit(bench, stopped, "flotilla:hard_stop")

    bring(bench, take_profit={"levels": [{"profit": "0.02", "fraction": "0.5"}, {"profit": "0.05"}]})
    account.hold(laddered, 1.03)
    await_exit(bench, laddered, "flotilla:take_profit:1", part=True)
    account.hold(laddered, 1.04)
    await_exit(bench, laddered, "flotilla:take_profit:2")
    assert [reason for pair, reason, _ in exits(bench) if pair == laddered] == [
        "flotilla:take_profit:1",
        "flotilla:take_profit:2",
    ]

    bring(bench, trailing_stop={"activation": "0.03", "distance": "0.02"})
    before = stop_of(bench, trailed)
    account.hold(trailed, 1.06)
    eventually_sync(lambda: stop_of(bench, trailed) > before * 1.05, message="the stop to follow")
    account.hold(trailed, 0.97)
    await_exit(bench, trailed, "flotilla:trailing_stop")

    bring(bench, break_even={"trigger": "0.03", "offset": "0.01"})
    account.hold(even, 1.05)
    eventually_sync(lambda: actions(bench, kind="stop_moved", rule="break_even"), message="the stop at break-even")
    account.hold(even, 0.95)
    await_exit(bench, even, "flotilla:break_even")

    make_older(bench.directory / (LIVE_DATABASE if trading == "paper_live" else DRY_DATABASE), 10)
    bring(bench, time_exit={"after_minutes": 5})
    await_exit(bench, timed, "flotilla:time_exit")

    bench.agent.await_heartbeat(flat=True)
    eventually_sync(lambda: len(exits(bench)) >= 6, message="all exits are told")
    assert len(exits(bench)) == 6
    decided = actions(bench, stage="decided")
    assert {action["rule"] for action in decided} == {
        "hard_stop", "take_profit", "trailing_stop", "break_even", "time_exit"
    }  # fmt: skip
    if trading == "paper_live":
        Books(bench, account).await_agreement()


TIGHT = StrategySource(class_name="Buyer", source=BUYER.replace("stoploss = -0.9", "stoploss = -0.03"))


def test_the_tighter_stop_wins_and_a_look_is_prompt(bench: Bench, account: Account, take_pairs: TakePairs) -> None:
    own, universal = take_pairs(2)
    config = {
        "max_open_trades": 2,
        "exchange": {"pair_whitelist": [own, universal]},
        "timeframe": "1h",
        "internals": {"process_throttle_secs": 600},  # no loop of its own comes to it
    }
    bench.write_slot(bench.spec(config, strategy=TIGHT))
    bench.run()
    bench.await_events("trade.entry_fill", 2)
    assert bench.agent.command("pause").ok

    bring(bench, hard_stop={"distance": "0.05"})
    account.hold(own, 0.96)
    ids = {event.data["pair"]: event.data["trade_id"] for event in bench.agent.events("trade.entry_fill")}
    bench.agent.send(LookFrame(trade_ids=[ids[own]]))
    await_exit(bench, own, "stop_loss")

    bring(bench, hard_stop={"distance": "0.02"})
    account.hold(universal, 0.975)
    bench.agent.send(LookFrame(trade_ids=[ids[universal]]))
    await_exit(bench, universal, "flotilla:hard_stop")


HELD = StrategySource(
    class_name="Buyer",
    source=BUYER.replace("stoploss = -0.9", "stoploss = -0.1").replace(
        '"stoploss": "market", "stoploss_on_exchange": False',
        '"stoploss": "limit", "stoploss_on_exchange": True, "stoploss_on_exchange_interval": 1',
    ),
)


def test_a_stop_that_the_exchange_holds_is_the_universal_one_and_follows_it(
    bench: Bench, account: Account, take_pairs: TakePairs
) -> None:
    (pair,) = take_pairs(1)
    trade_live(bench, account, [pair], strategy=HELD, policy=policy(hard_stop={"distance": "0.05"}))
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    opened = float(bench.agent.events("trade.entry_fill")[0].data["open_rate"])

    def held() -> float:
        return max(
            (float(row["stop_price"]) for row in account.orders(type="STOP_LOSS_LIMIT", status="NEW")), default=0
        )

    eventually_sync(lambda: abs(held() / opened - 0.95) < 0.001, message="the universal stop on the exchange")
    bring(bench, trailing_stop={"distance": "0.03"})
    account.hold(pair, 1.05)
    eventually_sync(lambda: held() > opened * 1.01, message="the stop on the exchange to follow")

    account.hold(pair, 0.96)
    bench.agent.await_heartbeat(flat=True)
    assert account.total(pair.split("/")[0]) < account.lot(pair)
    Books(bench, account).await_agreement()


RESTING = StrategySource(
    class_name="Buyer",
    source=BUYER.replace('"exit": "market", "stoploss": "market"', '"exit": "limit", "stoploss": "limit"'),
)


def test_a_stop_that_rests_unfilled_is_sold_at_market(bench: Bench, account: Account, take_pairs: TakePairs) -> None:
    (pair,) = take_pairs(1)
    config = {
        "max_open_trades": 1,
        "exchange": {"pair_whitelist": [pair]},
        "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 20},
    }
    bench.write_slot(bench.spec(config, strategy=RESTING, policy=policy(hard_stop={"distance": "0.1"})))
    bench.run()
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok

    account.hold(pair, 0.8)
    await_exit(bench, pair, "flotilla:hard_stop")
    assert len([event for event in bench.agent.events("trade.exit") if event.type == "trade.exit"]) == 2
