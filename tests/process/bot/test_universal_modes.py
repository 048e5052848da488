"""What modes do to a running bot: who may enter, what rests, what still closes, and that a halt can flatten."""

from typing import Any

from pool.bot.universal.standing import HALT_FLAG, boot_clock
from pool.contract.frames import MandateFrame
from pool.contract.risk import Flag, Mode
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, next_snapshot
from tests.process.bot.rules import actions, await_exit, exits, policy, refusals
from tests.support import eventually_sync

LEAVING = StrategySource(
    class_name="Buyer",
    source=BUYER.replace('"entry": "market"', '"entry": "limit"').replace('{"0": 10}', '{"0": 0.015}')
    + """
    def custom_entry_price(self, pair, proposed_rate, **_):
        return proposed_rate * 0.985 if pair == self.dp.current_whitelist()[-1] else proposed_rate
""",
)
"""Leaves by itself at +1.5 %; in the last pair its entry rests."""


def mandate(bench: Bench, number: int, mode: Mode, seconds: float = 600, **more: Any) -> None:
    until = boot_clock() + seconds
    bench.agent.send(MandateFrame(number=number, mode=mode, lease_until=until, why="as the test wants", **more))
    bench.agent.await_heartbeat(mode=mode)


def test_each_mode_allows_what_it_should(bench: Bench, exchange: Exchange) -> None:
    account = Account(exchange, 1000)
    pairs = exchange.pairs[-3:]
    for pair in pairs:
        account.hold(pair)
    config = {"max_open_trades": 3, "exchange": {"pair_whitelist": pairs}}
    always = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "00:00", "end": "00:00"}
    rules = policy(
        time_zone="Europe/Berlin", hard_stop={"distance": "0.05"}, limits={"trading_hours": [always]}
    )  # a time zone's data is read by the bot, behind its walls
    bench.write_slot(bench.spec(config, strategy=LEAVING, governed=True, policy=rules))
    bench.run()

    bench.agent.await_heartbeat(mode=Mode.REDUCING, policy=rules.fingerprint)
    eventually_sync(lambda: refusals(bench), message="a refused entry")
    assert refusals(bench)[0].data["limit"] == "mode"
    assert not bench.agent.events("trade.entry")

    mandate(bench, 1, Mode.ACTIVE)
    bench.await_events("trade.entry", 5)  # three that were placed, two that were filled
    (rests,) = next_snapshot(bench, lambda shot: len(shot.open_trades) == 3).entering or ()
    assert (rests.pair, rests.reservation is None) == (pairs[2], False)

    mandate(bench, 2, Mode.REDUCING, reduce_fraction="0.5")
    for pair in pairs[:2]:
        await_exit(bench, pair, "flotilla:reduce:2", part=True)
    assert len(exits(bench)) == 2

    mandate(bench, 3, Mode.HALTED)
    eventually_sync(lambda: actions(bench, kind="cancel_entry"), message="the entry that rests is cancelled")
    account.hold(pairs[0], 1.03)
    account.hold(pairs[1], 0.93)
    await_exit(bench, pairs[1], "flotilla:hard_stop")
    assert len(exits(bench)) == 3, "the strategy's own exits are off"
    assert bench.agent.await_heartbeat(mode=Mode.HALTED).trader_state == "running"

    mandate(bench, 4, Mode.HALTED, flatten=True)
    await_exit(bench, pairs[0], "force_exit")
    bench.agent.await_heartbeat(flat=True, mode=Mode.HALTED)
    eventually_sync(lambda: actions(bench, kind="flatten", stage="done"), message="the end of the flatten")

    entered = len(bench.agent.events("trade.entry"))
    mandate(bench, 5, Mode.ACTIVE)
    bench.await_events("trade.entry", entered + 1)
    told = len(actions(bench, kind="mode", rule="reducing"))
    bench.agent.send(MandateFrame(number=6, mode=Mode.ACTIVE, lease_until=boot_clock() + 3, why="as the test wants"))
    bench.agent.await_heartbeat(mode=Mode.REDUCING)  # nobody renews the lease
    eventually_sync(lambda: len(actions(bench, kind="mode", rule="reducing")) > told, message="it is told")


def test_a_flag_file_halts_with_nobody_there_to_say_so(bench: Bench) -> None:
    bench.run()
    bench.await_events("trade.entry_fill", 3)
    flag = bench.directory / HALT_FLAG

    flag.write_text("halt")
    bench.agent.await_heartbeat(mode=Mode.HALTED, flat=False)
    flag.write_bytes(Flag(flatten=True, why="by hand").to_json())
    bench.agent.await_heartbeat(mode=Mode.HALTED, flat=True)

    flag.unlink()
    bench.agent.await_heartbeat(mode=None, trader_state="running")
