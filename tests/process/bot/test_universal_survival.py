"""Open trades are managed whatever fails: a rule, the strategy, FreqTrade's loop, a reload, the next start."""

import os
import signal

from pool.contract import exit_codes
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account
from tests.process.bot.rules import alerts, await_exit, bring, policy, refusals
from tests.support import eventually_sync

BREAKING = StrategySource(
    class_name="Buyer",
    source=BUYER.replace("stoploss = -0.9", "stoploss = -0.04")
    + """
    def bot_start(self, **_):
        import os
        from freqtrade.freqtradebot import FreqtradeBot
        whole = FreqtradeBot.startup

        def startup(bot):
            if os.path.exists("break-start"):
                raise KeyError("broken")
            whole(bot)

        FreqtradeBot.startup = startup

    def informative_pairs(self):
        import os
        from freqtrade.exceptions import OperationalException
        from pool.bot.universal import exits
        if os.path.exists("break-rules"):
            exits.decide = None
        if os.path.exists("break-loop"):
            raise OperationalException("broken")
        return []
""",
)


def test_a_rule_that_raises_denies_entries_and_keeps_exits(bench: Bench, exchange: Exchange) -> None:
    account, (pair, other) = Account(exchange, 1000), exchange.pairs[-2:]
    account.hold(pair)
    account.hold(other)
    config = {"max_open_trades": 1, "exchange": {"pair_whitelist": [pair, other]}}
    rules = policy(hard_stop={"distance": "0.02"})
    bench.write_slot(bench.spec(config, strategy=BREAKING, policy=rules))
    bench.run()
    bench.await_events("trade.entry_fill", 1)
    (bench.directory / "break-rules").touch()
    eventually_sync(lambda: alerts(bench, "rule_failed"), message="an alert")

    account.hold(pair, 0.95)
    eventually_sync(lambda: bench.agent.events("trade.exit_fill"), message="the exit by FreqTrade's own stop")
    eventually_sync(
        lambda: [event for event in refusals(bench) if event.data["limit"] == "rule_failed"], message="a refused entry"
    )
    assert len(bench.agent.events("trade.entry_fill")) == 1
    assert len(alerts(bench, "rule_failed")) == 1


def test_a_start_and_a_loop_that_fail_and_a_stop_leave_no_open_trade_alone(bench: Bench, exchange: Exchange) -> None:
    account, pairs = Account(exchange, 1000), exchange.pairs[-4:]  # the fourth one waits for a place
    for pair in pairs:
        account.hold(pair)
    config = {"max_open_trades": 3, "exchange": {"pair_whitelist": pairs}}
    bench.write_slot(bench.spec(config, strategy=BREAKING, policy=policy(hard_stop={"distance": "0.02"})))
    bench.run()
    bench.await_events("trade.entry_fill", 3)
    (bench.directory / "break-start").touch()
    assert bench.agent.command("reload_config").ok
    eventually_sync(lambda: alerts(bench, "startup_failed"), message="an alert")
    account.hold(pairs[0], 0.97)
    await_exit(bench, pairs[0], "flotilla:hard_stop")
    eventually_sync(
        lambda: [event for event in refusals(bench) if event.data["limit"] == "startup_failed"],
        message="a refused entry",
    )

    (bench.directory / "break-loop").touch()
    eventually_sync(lambda: alerts(bench, "loop_failed"), message="an alert")
    account.hold(pairs[1], 0.97)
    await_exit(bench, pairs[1], "flotilla:hard_stop")
    assert bench.agent.heartbeats()[-1].trader_state == "running"

    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        assert client.post("stop").status_code == 200
    bench.agent.await_heartbeat(trader_state="paused")
    eventually_sync(lambda: alerts(bench, "trader_stopped"), message="an alert")
    account.hold(pairs[2], 0.97)
    await_exit(bench, pairs[2], "flotilla:hard_stop")


def test_a_slot_that_cannot_be_built_leaves_the_last_good_one_managing(bench: Bench, exchange: Exchange) -> None:
    account, pairs = Account(exchange, 1000), exchange.pairs[-3:]  # the third one waits for a place
    for pair in pairs:
        account.hold(pair)
    config = {"max_open_trades": 2, "exchange": {"pair_whitelist": pairs}}
    bench.write_slot(bench.spec(config))
    pid = bench.run()
    bench.await_events("trade.entry_fill", 2)
    bring(bench, hard_stop={"distance": "0.05"})

    broken = StrategySource(class_name="Buyer", source=f"import nothing_of_that_name\n{BUYER}")
    bench.write_slot(bench.spec(config, generation=2, strategy=broken))
    result = bench.agent.command("reload_config")
    assert not result.ok
    assert "nothing_of_that_name" in result.message
    bench.agent.await_heartbeat(trader_state="running", observed_generation=2)
    assert eventually_sync(bench.agent.conditions)[-1].type == "BootFailed"
    eventually_sync(lambda: alerts(bench, "slot_failed"), message="an alert")
    account.hold(pairs[0], 0.93)
    await_exit(bench, pairs[0], "flotilla:hard_stop")
    eventually_sync(
        lambda: [event for event in refusals(bench) if event.data["limit"] == "slot"], message="a refused entry"
    )

    os.kill(pid, signal.SIGKILL)
    bench.await_exit(pid)
    leaving = StrategySource(class_name="Buyer", source=f"import sys\n{BUYER}\nsys.exit(0)\n")
    bench.write_slot(bench.spec(config, generation=3, strategy=leaving))
    bench.agent.forget()
    pid = bench.run()
    assert "sys.exit" in eventually_sync(bench.agent.conditions, message="a condition")[-1].message
    bring(bench, hard_stop={"distance": "0.05"})

    os.kill(pid, signal.SIGKILL)
    bench.await_exit(pid)
    good = (bench.directory / "slot.good.json").rename(bench.directory / "kept")
    assert bench.await_exit(bench.fork()) == exit_codes.BOOT_FAILED
    assert "sys.exit" in eventually_sync(lambda: alerts(bench, "trades_unmanaged"), message="an alert")[0].data["text"]

    good.rename(bench.directory / "slot.good.json")
    bench.run()
    bring(bench, hard_stop={"distance": "0.05"})
    account.hold(pairs[1], 0.93)
    await_exit(bench, pairs[1], "flotilla:hard_stop")
