"""Exits of universal rules that nobody takes: they leave no trade without its stop, and what has to be done is done."""

from pool.contract.risk import Mode
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, trade_live
from tests.process.bot.rules import await_exit, exits, policy
from tests.process.bot.test_universal_modes import mandate
from tests.support import eventually_sync

HELD = StrategySource(
    class_name="Buyer",
    source=BUYER.replace("stoploss = -0.9", "stoploss = -0.1").replace(
        '"exit": "market", "stoploss": "market", "stoploss_on_exchange": False',
        '"exit": "limit", "stoploss": "limit", "stoploss_on_exchange": True',
    )
    + """
    def confirm_trade_exit(self, pair, **_):
        return False
""",
)


def test_what_rests_is_done_once_and_holds_up_no_stop(bench: Bench, exchange: Exchange) -> None:
    account = Account(exchange, 1000)
    pairs = exchange.pairs[-2:]
    for pair in pairs:
        account.hold(pair)
    config = {
        "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 20},
        "unfilledtimeout": {"entry": 600, "exit": 30, "exit_timeout_count": 1, "unit": "seconds"},
    }
    rules = policy(take_profit={"levels": [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.9"}]})
    trade_live(bench, account, pairs, config, strategy=HELD, policy=rules, governed=True)
    mandate(bench, 1, Mode.ACTIVE)
    bench.await_events("trade.entry_fill", 2)
    mandate(bench, 2, Mode.REDUCING)

    stopped, sold = pairs
    for pair in pairs:
        account.hold(pair, 1.03)
    eventually_sync(lambda: len(account.orders(type="LIMIT", status="NEW")) == 2, message="two parts that rest")
    account.hold(stopped, 0.85)
    await_exit(bench, stopped, "stop_loss")
    part = "flotilla:take_profit:1"
    # FreqTrade sells it in an emergency, once its order timed out.
    await_exit(bench, sold, part, part=True)

    mandate(bench, 3, Mode.REDUCING, reduce_fraction="0.5")
    await_exit(bench, sold, "flotilla:reduce:3", part=True)
    assert [reason for pair, reason, _ in exits(bench) if pair == sold] == [part, "flotilla:reduce:3"]
    resting = [order["status"] for order in account.orders(type="LIMIT", side="SELL")]
    assert resting == ["CANCELED"] * 3
    Books(bench, account).await_agreement()
