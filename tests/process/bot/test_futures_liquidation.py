"""A short that the exchange liquidated: the bot finds out, closes its books, tells it, and sends no more for it."""

import pytest

from pool.contract.slots import StrategySource
from tests.process.bot.futures import GUARDED_SELLER, SELLER, MarginAccount, config, perpetual, trades
from tests.process.bot.harness import Bench, Exchange
from tests.process.bot.live import next_snapshot, trade_live
from tests.process.bot.rules import actions, alerts, policy
from tests.support import eventually_sync

MONEY = 1000


@pytest.mark.parametrize("strategy", [SELLER, GUARDED_SELLER])
def test_a_liquidated_short_is_found_and_closed_once(
    bench: Bench, exchange: Exchange, strategy: StrategySource
) -> None:
    account = MarginAccount(exchange, MONEY)
    pair = exchange.pairs[18]
    account.hold(pair)
    rules = policy(hard_stop={"distance": "0.5"}, take_profit={"levels": [{"profit": "0.05"}]})
    trade_live(bench, account, [pair], config([pair]), strategy=strategy, policy=rules)
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    if strategy is GUARDED_SELLER:
        eventually_sync(lambda: account.rows("algos", status="NEW"), message="a stop on the exchange")

    account.hold(pair, 1.5)
    eventually_sync(lambda: not any(trade["is_open"] for trade in trades(bench)), message="the books closed")

    assert account.positions() == []
    (trade,) = trades(bench)
    assert trade["exit_reason"] == "sold_on_exchange"
    assert float(account.wallet() - MONEY) == pytest.approx(trade["close_profit_abs"], abs=0.1), "a fee that none took"
    assert trade["close_profit_abs"] == pytest.approx(-trade["stake_amount"], rel=0.01), "the margin is gone, no more"
    (alert,) = eventually_sync(lambda: alerts(bench, "liquidated"), message="an alert")
    assert perpetual(pair) in alert.data["text"]
    bench.agent.await_heartbeat(flat=True)
    shot = next_snapshot(bench, lambda shot: not shot.open_trades)
    assert shot.equity == shot.free == account.wallet()
    assert [row["client_order_id"][:10] for row in account.rows("orders")][1:] == ["autoclose-"], "nothing else traded"
    decided = {action["action_id"] for action in actions(bench, kind="close", stage="decided")}
    assert decided <= {action["action_id"] for action in actions(bench, kind="close", stage="rejected")}
    assert account.rows("algos", status="NEW") == []
