"""How a bot begins and ends, and what it does without an agent."""

import json
import os
import signal
import socket
import subprocess
import sys
import uuid

from pool.contract import exit_codes
from pool.contract.slots import StrategySource
from tests.process.bot.conftest import MakeBench
from tests.process.bot.harness import BUYER, ROOT, Bench, Init
from tests.support import eventually_sync


def test_the_same_agent_gets_only_what_it_missed(bench: Bench) -> None:
    bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    seen = max(event.seq for event in bench.agent.events())
    for _ in range(2):  # by then it has heard that those arrived
        bench.agent.await_heartbeat()
    bench.agent.stop()
    bench.agent.forget()

    bench.agent.start()
    bench.agent.await_heartbeat(trader_state="running")
    assert bench.agent.hellos[-1].incarnation_seen == bench.agent.incarnation
    assert bench.agent.command("pause").ok
    bench.await_events("bot.trader_state")
    assert all(event.seq > seen for event in bench.agent.events())


def test_a_new_incarnation_gets_every_event_again(bench: Bench) -> None:
    pid = bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    before = {event.seq: event for event in bench.agent.events()}
    first = bench.agent.incarnation
    bench.agent.stop()
    bench.agent.forget()

    bench.agent.start(incarnation=uuid.uuid4().hex)
    eventually_sync(lambda: {event.seq for event in bench.agent.events()} >= set(before), message="all events again")
    assert bench.agent.hellos[-1].incarnation_seen == first
    assert bench.agent.hellos[-1].pid == pid
    assert all(before[event.seq] == event for event in bench.agent.events() if event.seq in before)
    eventually_sync(bench.agent.snapshots, message="the snapshot for the new agent")


def test_events_without_an_agent_are_kept_and_the_bot_trades_on(bench: Bench) -> None:
    bench.write_slot(bench.spec({"max_open_trades": 1}))
    pid = bench.run()
    bench.await_events("trade.entry_fill")
    bench.agent.stop()
    bench.agent.forget()
    bench.write_slot(bench.spec(generation=2))

    bench.agent.start()
    assert bench.agent.command("reload_config").ok
    bench.await_events("trade.entry_fill", len(bench.pairs) - 1)
    assert bench.agent.hellos[-1].pid == pid


def test_without_a_welcome_nothing_is_built(bench: Bench) -> None:
    bench.agent.greets = False
    pid = bench.fork()
    eventually_sync(lambda: len(bench.agent.hellos) >= 3, message="repeated dials")

    assert not (bench.directory / "config.json").exists()
    os.kill(pid, signal.SIGTERM)
    assert bench.await_exit(pid) == exit_codes.OK


def test_an_orphan_ends_itself_in_good_order(make_bench: MakeBench) -> None:
    init = Init()
    bench = make_bench(init=init, orphan_timeout_seconds=1)
    pid = bench.run()
    bench.await_events("trade.entry_fill")
    init.kill()
    bench.agent.await_heartbeat(trader_state="running")  # an agent is left: it goes on

    bench.agent.stop()
    eventually_sync(lambda: not os.path.exists(f"/proc/{pid}"), message="the orphan's end")
    assert f"Exit code {exit_codes.ORPHANED}" in bench.log()
    assert "Cleaning up modules" in bench.log()


def test_without_agent_but_with_init_it_goes_on(make_bench: MakeBench) -> None:
    bench = make_bench(orphan_timeout_seconds=0.5)
    bench.write_slot(bench.spec({"internals": {"process_throttle_secs": 1, "heartbeat_interval": 1}}))
    pid = bench.run()
    bench.agent.stop()
    loops = bench.log().count("Bot heartbeat")
    eventually_sync(lambda: bench.log().count("Bot heartbeat") >= loops + 4, message="four more seconds of life")

    bench.agent.start()
    bench.agent.await_heartbeat(trader_state="running")
    assert bench.agent.hellos[-1].pid == pid


def test_a_second_process_is_locked_out_and_the_first_unharmed(bench: Bench) -> None:
    bench.run()
    second = bench.fork()

    assert bench.await_exit(second) == exit_codes.LOCKED
    bench.agent.await_heartbeat(trader_state="running")
    assert len(bench.agent.hellos) == 1


def test_an_older_epoch_is_fenced(bench: Bench) -> None:
    pid = bench.fork(bench.order(epoch=7))
    bench.agent.await_heartbeat(phase="running")
    assert bench.agent.command("stop").ok
    assert bench.await_exit(pid) == exit_codes.OK

    assert bench.await_exit(bench.fork(bench.order(epoch=6))) == exit_codes.FENCED
    assert len(bench.agent.hellos) == 1


def test_an_unreachable_exchange_is_waited_for_not_a_crash(make_bench: MakeBench) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        bench = make_bench(exchange_url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert bench.await_exit(bench.fork()) == exit_codes.EXCHANGE_UNREACHABLE

    (condition,) = eventually_sync(bench.agent.conditions)
    assert condition.type == "ExchangeUnreachable"
    assert "does not answer" in condition.message
    assert "127.0.0.1" in condition.message


def test_a_stop_while_the_exchange_hangs_is_prompt(make_bench: MakeBench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bench = make_bench(exchange_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        pid = bench.fork()
        silent.settimeout(60)
        connection, _ = silent.accept()
        assert bench.agent.command("stop").ok
        assert bench.await_exit(pid, 30) == exit_codes.OK
        connection.close()


def test_a_strategy_that_does_not_load_is_told(bench: Bench) -> None:
    broken = BUYER.replace("from freqtrade.strategy import IStrategy", "from no_such_library import IStrategy")
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Buyer", source=broken)))

    assert bench.await_exit(bench.fork()) == exit_codes.BOOT_FAILED
    (condition,) = eventually_sync(bench.agent.conditions)
    assert condition.type == "BootFailed"
    assert "no_such_library" in condition.message

    leaving = f"{BUYER}\n    def bot_start(self, **_):\n        raise SystemExit(0)\n"
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Buyer", source=leaving)))
    assert bench.await_exit(bench.fork()) == exit_codes.BOOT_FAILED
    eventually_sync(lambda: "sys.exit" in bench.agent.conditions()[-1].message, message="it is told")


def test_a_configuration_that_freqtrade_refuses_is_told(bench: Bench) -> None:
    bench.write_slot(bench.spec({"stake_currency": "NOPE"}))

    assert bench.await_exit(bench.fork()) == exit_codes.BOOT_FAILED
    (condition,) = eventually_sync(bench.agent.conditions)
    assert (condition.type, "NOPE" in condition.message) == ("BootFailed", True)


def test_a_crash_is_a_crash_with_its_traceback_in_the_log(bench: Bench) -> None:
    crashing = BUYER + "\n    def __init__(self, config):\n        raise ZeroDivisionError('by design')\n"
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Buyer", source=crashing)))

    assert bench.await_exit(bench.fork()) == 1
    assert "ZeroDivisionError: by design" in bench.log()
    assert bench.agent.conditions() == []


HANGING = (
    BUYER
    + """
    def bot_loop_start(self, current_time, **_):
        import pathlib, time
        while pathlib.Path("hang").exists():
            time.sleep(0.1)
"""
)


def test_a_hanging_strategy_shows_as_heartbeats_without_progress(bench: Bench) -> None:
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Buyer", source=HANGING)))
    bench.run()
    bench.await_events("trade.entry_fill")
    (bench.directory / "hang").touch()

    def stands() -> bool:
        beats = [beat.progress for beat in bench.agent.heartbeats()[-4:]]
        return len(beats) == 4 and len(set(beats)) == 1

    eventually_sync(stands, message="four heartbeats of the same progress")
    (bench.directory / "hang").unlink()
    stood = bench.agent.heartbeats()[-1].progress
    eventually_sync(lambda: bench.agent.heartbeats()[-1].progress > stood, message="progress again")


def test_a_cold_process_is_the_same_bot(bench: Bench) -> None:
    """`python -m pool.bot`, without a zygote; the environment of FreqTrade does not reach it."""
    order = bench.order()
    environment = {**os.environ, "FREQTRADE__MAX_OPEN_TRADES": "0", "FREQTRADE__EXCHANGE__KEY": "leaked"}
    command = [sys.executable, "-m", "pool.bot", "--directory", str(bench.pool)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, env=environment)
    try:
        assert process.stdin is not None
        process.stdin.write(order.to_json(reveal_secrets=True))
        process.stdin.close()
        bench.agent.await_heartbeat(phase="running")
        bench.await_events("trade.entry_fill", len(bench.pairs))
        assert bench.agent.command("stop").ok
        assert process.wait(180) == exit_codes.OK
    finally:
        process.kill()
        process.wait()
    assert json.loads((bench.directory / "config.json").read_text())["max_open_trades"] == len(bench.pairs)
