"""A real bot tells its agent who it is, how it does, what it trades."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from pool.contract import PROTOCOL_VERSION
from pool.contract.slots import DesiredState
from tests.process.bot.harness import Bench
from tests.support import eventually_sync


def test_it_greets_with_its_nonce_and_beats(bench: Bench) -> None:
    order = bench.order()
    pid = bench.fork(order)
    bench.agent.await_heartbeat(phase="running")

    hello = bench.agent.hellos[0]
    assert (hello.protocol, hello.bot_id, hello.run_id) == (PROTOCOL_VERSION, "bot-1", order.run_id)
    assert (hello.pid, hello.epoch, hello.nonce) == (pid, 1, order.nonce.get_secret_value())
    assert hello.incarnation_seen is None
    first = bench.agent.heartbeats()[0]
    assert first.phase == "booting"
    later = bench.agent.await_heartbeat(trader_state="running", observed_generation=1)
    assert later.progress > first.progress
    assert later.patience_seconds > 0
    eventually_sync(lambda: len(bench.agent.heartbeats()) >= 4, message="a heartbeat each second")


def test_it_left_everything_of_its_parent_behind(bench: Bench) -> None:
    pid = bench.run()
    process = Path(f"/proc/{pid}")

    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == os.getsid(0), "all bots are one session: their agent weighs as much as all of them"
    assert (process / "cwd").resolve() == bench.directory
    assert (process / "comm").read_text().startswith("bot:bot-1")
    assert os.readlink(process / "fd" / "0") == os.devnull
    assert {os.readlink(process / "fd" / str(number)) for number in (1, 2)} == {str(bench.directory / "bot.log")}
    pipes = [link for link in (process / "fd").iterdir() if os.readlink(link).startswith("pipe:")]
    assert pipes == []
    names = ("config.json", "bot.log", "lock", "epoch", "tradesv3.sqlite")
    assert {(bench.directory / name).stat().st_mode & 0o777 for name in names} == {0o600}
    assert (bench.directory / "api.sock").stat().st_mode & 0o777 == 0o600
    running = "freqtrade.worker - INFO - Changing state to: RUNNING"
    eventually_sync(lambda: running in bench.log(), message="FreqTrade's own words are in its log")


def test_trades_are_events_and_figures_that_agree(bench: Bench) -> None:
    bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))

    assert len(bench.agent.events("trade.entry")) >= len(bench.pairs)
    fill = bench.agent.events("trade.entry_fill")[0].data
    assert fill["pair"] in bench.pairs
    assert Decimal(fill["amount"]) > 0
    assert isinstance(fill["stake_amount"], str)
    snapshot = eventually_sync(
        lambda: [shot for shot in bench.agent.snapshots() if len(shot.open_trades) == len(bench.pairs)],
        message="all trades in a snapshot",
    )[-1]
    assert {trade.pair for trade in snapshot.open_trades} == set(bench.pairs)
    assert (snapshot.mode, snapshot.stake_currency, snapshot.starting_balance) == ("dry", "USDT", 1000)
    assert snapshot.equity == snapshot.free + snapshot.in_trades
    assert snapshot.equity == snapshot.starting_balance + snapshot.realised + snapshot.unrealised
    assert snapshot.in_trades == sum(trade.value_stake for trade in snapshot.open_trades)
    assert snapshot.conversion is not None
    assert snapshot.conversion.rate == 1
    assert {balance.currency for balance in snapshot.balances} >= {"USDT", bench.pairs[0].split("/")[0]}


def test_figures_are_those_of_freqtrade_itself(bench: Bench) -> None:
    bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    assert bench.agent.command("pause").ok
    assert bench.agent.command("force_exit", trade_id=1).ok
    bench.await_events("trade.exit_fill")
    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        profit, balance = client.get("profit").json(), client.get("balance").json()
    snapshot = eventually_sync(
        lambda: [shot for shot in bench.agent.snapshots() if shot.closed_trades == 1], message="the exit in a snapshot"
    )[-1]

    assert profit["closed_trade_count"] == snapshot.closed_trades
    assert profit["winning_trades"] == snapshot.winning_trades
    assert float(snapshot.realised) == pytest.approx(profit["profit_closed_coin"], abs=1e-8)
    assert snapshot.realised_today == snapshot.realised
    money = next(item for item in balance["currencies"] if item["currency"] == "USDT")
    assert float(snapshot.free) == pytest.approx(money["free"], abs=1e-6)
    # FreqTrade values positions without the exit's fee, and prices moved in between.
    assert float(snapshot.equity) == pytest.approx(balance["total"], rel=0.01)


def test_a_snapshot_comes_at_least_each_interval(bench: Bench) -> None:
    bench.run()
    count = len(bench.agent.snapshots())

    eventually_sync(lambda: len(bench.agent.snapshots()) >= count + 3, message="a snapshot each second")


def test_it_reports_when_freqtrade_was_stopped(bench: Bench) -> None:
    bench.write_slot(bench.spec(desired=DesiredState.PAUSED))
    bench.run()
    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        assert client.post("stop").status_code == 200

    bench.agent.await_heartbeat(trader_state="stopped")
    bench.agent.forget()
    eventually_sync(lambda: len(bench.agent.snapshots()) >= 2, message="snapshots while stopped")
    assert bench.agent.command("resume").ok
    bench.agent.await_heartbeat(trader_state="running")


def test_another_reporting_currency_has_a_rate_or_none(bench: Bench) -> None:
    base = bench.pairs[0].split("/")[0]
    bench.write_slot(bench.spec(reporting_currency=base))
    bench.run()

    snapshot = eventually_sync(bench.agent.snapshots)[-1]
    assert snapshot.conversion is not None
    assert (snapshot.conversion.source, snapshot.conversion.target) == ("USDT", base)
    assert snapshot.conversion.rate > 0
    price = Decimal(1) / snapshot.conversion.rate
    traded = [trade.current_rate for trade in snapshot.open_trades if trade.base_currency == base]
    assert all(abs(rate / price - 1) < Decimal("0.05") for rate in traded)

    bench.write_slot(bench.spec(reporting_currency="XAU", generation=2))
    assert bench.agent.command("reload_config").ok
    eventually_sync(lambda: bench.agent.snapshots()[-1].conversion is None, message="no rate to an unknown currency")


def test_the_configuration_on_disk_is_composed(bench: Bench) -> None:
    bench.write_slot(bench.spec({"api_server": {"enabled": True}, "db_url": "sqlite:////tmp/x"}))
    bench.run()

    config = json.loads((bench.directory / "config.json").read_text())
    assert "api_server" not in config
    assert config["db_url"] == f"sqlite:///{bench.directory}/tradesv3.sqlite"
    assert (bench.directory / "strategy" / "Buyer.py").exists()
