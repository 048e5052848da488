"""A strategy that buys more as the price falls, with signed orders: its additions fire no universal stop."""

from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, next_snapshot, trade_live
from tests.process.bot.rules import await_exit, exits, policy

AVERAGING = StrategySource(
    class_name="Buyer",
    source=BUYER
    + """
    position_adjustment_enable = True
    max_entry_position_adjustment = 1

    def adjust_trade_position(self, trade, current_profit, **_):
        return trade.stake_amount if current_profit < -0.15 else None
""",
)


def test_an_addition_closes_nothing_and_the_rules_go_on_from_there(bench: Bench, exchange: Exchange) -> None:
    account = Account(exchange, 1000)
    pair = exchange.pairs[-1]
    account.hold(pair)
    rules = policy(
        break_even={"trigger": "0.02"}, trailing_stop={"activation": "0.03", "distance": "0.02"}
    )  # the price before the addition is a profit of 12 % of the open rate after it
    trade_live(bench, account, [pair], strategy=AVERAGING, policy=rules)
    bench.await_events("trade.entry_fill")

    account.hold(pair, 0.8)
    shot = next_snapshot(
        bench,
        lambda shot: any(
            trade.stake_amount > 75 and trade.marks is not None and trade.marks.best_open_rate == trade.open_rate
            for trade in shot.open_trades
        ),
    )
    (trade,) = shot.open_trades
    assert trade.marks is not None
    assert trade.marks.stop_rate is None
    assert exits(bench) == []

    assert bench.agent.command("pause").ok
    account.hold(pair, 0.93 / 0.8)
    next_snapshot(bench, lambda shot: any(one.stop_rate and one.stop_rate > one.open_rate for one in shot.open_trades))
    account.hold(pair, 0.86 / 0.93)
    await_exit(bench, pair, "flotilla:trailing_stop")
    Books(bench, account).await_agreement()
