"""Under universal rules everything that a strategy was asked before it is asked still, and its answers count."""

from pathlib import Path

from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account
from tests.process.bot.rules import await_exit, policy
from tests.support import eventually_sync

_DECLARED = """
    use_custom_stoploss = True
    use_custom_roi = True
    position_adjustment_enable = True

    def was(self, name):
        return name in open("called").read().split()

    def first(self, name):
        found = not self.was(name)
        with open("called", "a") as file:
            file.write(name + "\\n")
        return found

    def bot_start(self, **_):
        open("called", "a").close()
        self.first("bot_start")

    def bot_loop_start(self, **_):
        self.first("bot_loop_start")

    def informative_pairs(self):
        self.first("informative_pairs")
        return []

    def version(self):
        self.first("version")
        return "1"

    def custom_stake_amount(self, **_):
        self.first("custom_stake_amount")
        return 33

    def custom_entry_price(self, pair, proposed_rate, **_):
        self.first("custom_entry_price")
        return proposed_rate * 0.98 if pair == self.dp.current_whitelist()[1] else proposed_rate

    def confirm_trade_entry(self, pair, **_):
        self.first("confirm_trade_entry")
        return pair != self.dp.current_whitelist()[2]

    def check_entry_timeout(self, **_):
        self.first("check_entry_timeout")
        return True

    def order_filled(self, **_):
        self.first("order_filled")

    def custom_stoploss(self, **_):
        self.first("custom_stoploss")
        return -0.4

    def custom_roi(self, **_):
        self.first("custom_roi")

    def adjust_trade_position(self, **_):
        return (12, "more") if self.first("adjust_trade_position") else None

    def custom_exit(self, trade, **_):
        self.first("custom_exit")
        return "enough" if trade.nr_of_successful_entries > 1 else None

    def confirm_trade_exit(self, **_):
        return not self.first("confirm_trade_exit")

    def custom_exit_price(self, proposed_rate, **_):
        self.first("custom_exit_price")
        return proposed_rate if self.was("check_exit_timeout") else proposed_rate * 1.05

    def check_exit_timeout(self, **_):
        self.first("check_exit_timeout")
        return True
"""
ASKED = StrategySource(
    class_name="Buyer",
    source=BUYER.replace('"entry": "market", "exit": "market"', '"entry": "limit", "exit": "limit"') + _DECLARED,
)
_HELPERS = {"first", "was"}
CALLBACKS = {line.split("def ")[1].split("(")[0] for line in _DECLARED.splitlines() if "def " in line} - _HELPERS


def test_all_that_a_strategy_says_still_counts(bench: Bench, exchange: Exchange) -> None:
    account, pairs = Account(exchange, 0), exchange.pairs[-10:-7]
    for pair in pairs:
        account.hold(pair)
    rules = policy(
        hard_stop={"distance": "0.6"},
        take_profit={"levels": [{"profit": "0.5"}]},
        trailing_stop={"activation": "0.4", "distance": "0.2"},
        time_exit={"after_minutes": 1000},
    )
    config = {"max_open_trades": 3, "exchange": {"pair_whitelist": pairs}}
    bench.write_slot(bench.spec(config, strategy=ASKED, policy=rules))
    bench.run()

    taken, resting, refused = pairs
    await_exit(bench, taken, "enough")
    assert bench.agent.command("pause").ok
    called = bench.directory / "called"
    eventually_sync(lambda: set(_lines(called)) == CALLBACKS, message=f"{CALLBACKS - set(_lines(called))} to be asked")

    filled = [event.data for event in bench.agent.events("trade.entry_fill")]
    assert {entry["pair"] for entry in filled} == {taken}, "one that rests and times out, one that is not confirmed"
    stakes = [float(entry["stake_amount"]) for entry in filled[:2]]
    assert 32 < stakes[0] < 34
    assert 44 < stakes[1] < 46
    assert any(event.type == "trade.entry_cancel" for event in bench.agent.events("trade.entry_cancel"))
    assert any(event.type == "trade.exit_cancel" for event in bench.agent.events("trade.exit_cancel"))
    stop = next(
        float(trade.stop_rate or 0) / float(trade.open_rate)
        for shot in bench.agent.snapshots()
        for trade in shot.open_trades
        if trade.pair == taken and float(trade.stop_rate or 0) > 0.5 * float(trade.open_rate)
    )
    assert 0.59 < stop < 0.61, "its own stop is the tighter one"
    assert refused not in {event.data["pair"] for event in bench.agent.events("trade.entry")}
    assert resting in {event.data["pair"] for event in bench.agent.events("trade.entry")}


def _lines(file: Path) -> list[str]:
    return file.read_text().split()
