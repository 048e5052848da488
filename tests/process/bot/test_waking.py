"""Real bots that wake on need: they loop when something is due, and not when nothing is.

Loops are counted by a callback that FreqTrade asks once in each. Plain FreqTrade would loop each second here.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from pool.contract.frames import LookFrame
from pool.contract.slots import StrategySource
from tests.process.bot.harness import Bench, Exchange
from tests.process.bot.live import Account
from tests.process.bot.rules import await_exit
from tests.support import eventually_sync

SLEEPER = '''
from pathlib import Path

from freqtrade.strategy import IStrategy


class Sleeper(IStrategy):
    """Enters whatever it may, once; leaves by its stop."""

    INTERFACE_VERSION = 3
    timeframe = "1d"
    minimal_roi = {}
    stoploss = -0.05
    startup_candle_count = 5
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def informative_pairs(self):
        with (Path(self.config["user_data_dir"]) / "loops").open("a") as file:
            file.write(".")
        return []

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = ENTERS
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''
ENTERING = StrategySource(class_name="Sleeper", source=SLEEPER.replace("ENTERS", "1"))
IDLE = StrategySource(class_name="Sleeper", source=SLEEPER.replace("ENTERS", "0"))
BEATS = 8


def loops(bench: Bench) -> int:
    file = bench.directory / "loops"
    return len(file.read_text()) if file.exists() else 0


def await_waking(bench: Bench, mode: str, *reasons: str) -> None:
    def told() -> bool:
        waking = bench.agent.heartbeats()[-1].waking
        return waking is not None and (waking.mode, waking.reasons) == (mode, list(reasons))

    eventually_sync(told, message=f"{mode} for {reasons}, not {bench.agent.heartbeats()[-1].waking}")


def await_beats(bench: Bench, count: int = BEATS) -> None:
    """So many seconds of the bot's own reporting thread at the least."""
    start = len(bench.agent.heartbeats())
    eventually_sync(lambda: len(bench.agent.heartbeats()) >= start + count, message="heartbeats")


def sleeps(bench: Bench) -> bool:
    """It loops no more than once a minute. A day that begins meanwhile is a candle that closes: it is tried again."""
    while True:
        day, before = datetime.now(UTC).date(), loops(bench)
        await_beats(bench)
        if datetime.now(UTC).date() == day:
            return loops(bench) - before <= 1


def begin(bench: Bench, strategy: StrategySource, pairs: list[str], **changes: Any) -> None:
    config = {"max_open_trades": 1, "exchange": {"pair_whitelist": pairs}, "timeframe": "1d"}
    bench.write_slot(bench.spec(config, strategy=strategy, **changes))
    bench.run()


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, 1000)


@pytest.fixture
def pair(exchange: Exchange, account: Account) -> str:
    """With its price at rest."""
    account.hold(exchange.pairs[-1])
    return exchange.pairs[-1]


def test_without_open_trades_a_bot_sleeps_and_wakes_for_a_command(bench: Bench, pair: str) -> None:
    begin(bench, IDLE, [pair])
    await_waking(bench, "on_need")
    assert sleeps(bench)

    before = loops(bench)
    assert bench.agent.command("pause").ok
    eventually_sync(lambda: loops(bench) > before, 20, "a loop for a command")


def test_switched_off_it_loops_as_freqtrade_does(bench: Bench, pair: str) -> None:
    begin(bench, IDLE, [pair], waking="loop")
    await_waking(bench, "loop", "setting")
    before = loops(bench)

    eventually_sync(lambda: loops(bench) > before + 4, message="loops")


def test_it_never_sleeps_on_a_price_that_nobody_watches(bench: Bench, pair: str) -> None:
    begin(bench, ENTERING, [pair])
    bench.await_events("trade.entry_fill")
    await_waking(bench, "loop", "prices_not_watched")

    bench.agent.follows = True
    await_waking(bench, "on_need")
    assert sleeps(bench)

    before = loops(bench)
    bench.agent.follows = False  # connected, and silent about prices
    eventually_sync(lambda: loops(bench) > before + 4, message="loops without anybody who watches")

    bench.agent.follows = True
    await_waking(bench, "on_need")
    before = loops(bench)
    bench.agent.stop()
    eventually_sync(lambda: loops(bench) > before + 4, message="loops without an agent")
    bench.agent.start()
    await_waking(bench, "on_need")


def test_a_crossed_price_closes_the_trade_and_the_free_slot_is_looked_at(
    bench: Bench, account: Account, pair: str
) -> None:
    bench.agent.follows = True
    begin(bench, ENTERING, [pair])
    bench.await_events("trade.entry_fill")
    await_waking(bench, "on_need")
    (watch,) = bench.agent.watches()[-1].watches
    filled = bench.agent.events("trade.entry_fill")[0].data
    assert watch.side == "bid"
    assert watch.above is None
    assert watch.below is not None
    assert abs(float(watch.below) / float(filled["open_rate"]) - 0.95) < 0.001

    account.hold(pair, 0.9)
    before = loops(bench)
    bench.agent.send(LookFrame(trade_ids=[watch.trade_id]))
    await_exit(bench, pair, "stop_loss")
    eventually_sync(lambda: loops(bench) > before, 20, "a loop for the slot that is free")


def test_a_crossing_that_the_bot_does_not_see_keeps_its_loop(bench: Bench, pair: str) -> None:
    bench.agent.follows = True
    begin(bench, ENTERING, [pair])
    bench.await_events("trade.entry_fill")
    await_waking(bench, "on_need")
    (watch,) = bench.agent.watches()[-1].watches

    bench.agent.send(LookFrame(trade_ids=[watch.trade_id]))

    await_waking(bench, "loop", "price_beyond")
