"""A real bot does what its agent asks."""

import asyncio
import contextlib
import json
import os
import signal

import httpx
import pytest
from websockets.asyncio.client import unix_connect
from websockets.exceptions import InvalidStatus

from pool.contract import exit_codes
from pool.contract.slots import DesiredState, StrategySource
from pool.ipc.unix_address import short_address
from tests.process.bot.harness import BUYER, Bench, Exchange, files_with
from tests.process.bot.live import Account
from tests.support import eventually_sync


def test_pause_stops_entries_and_outlasts_a_reload_until_resumed(bench: Bench) -> None:
    bench.write_slot(bench.spec({"max_open_trades": 1}))
    bench.run()
    bench.await_events("trade.entry_fill")
    assert bench.agent.command("pause").ok
    bench.agent.await_heartbeat(trader_state="paused", paused_by_flotilla=True)

    bench.write_slot(bench.spec(generation=2))
    assert bench.agent.command("reload_config").ok
    bench.agent.await_heartbeat(trader_state="paused", paused_by_flotilla=True, observed_generation=2)
    entries = len(bench.agent.events("trade.entry_fill"))
    bench.agent.await_heartbeat(trader_state="paused")
    assert len(bench.agent.events("trade.entry_fill")) == entries == 1

    assert bench.agent.command("resume").ok
    bench.await_events("trade.entry_fill", len(bench.pairs))
    bench.agent.await_heartbeat(trader_state="running", paused_by_flotilla=False)


def test_a_bot_wanted_paused_starts_paused(bench: Bench) -> None:
    bench.write_slot(bench.spec(desired=DesiredState.PAUSED))
    bench.run()

    bench.agent.await_heartbeat(trader_state="paused", paused_by_flotilla=True, flat=True)
    assert bench.agent.events("trade.") == []


def test_force_exit_of_one_of_none_and_of_all(bench: Bench) -> None:
    bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    assert bench.agent.command("pause").ok

    one = bench.agent.command("force_exit", trade_id=2)
    assert (one.ok, one.data["exited"]) == (True, [2])
    bench.await_events("trade.exit_fill", 1)
    assert bench.agent.events("trade.exit_fill")[0].data["trade_id"] == 2

    none = bench.agent.command("force_exit", trade_id=999)
    assert not none.ok
    assert none.data["failed"][0]["trade_id"] == 999
    assert not bench.agent.command("force_exit").ok

    assert bench.agent.command("force_exit", trade_id="all").ok
    bench.await_events("trade.exit_fill", len(bench.pairs))
    bench.agent.await_heartbeat(flat=True)


VETOING = (
    BUYER
    + """
    def confirm_trade_exit(self, pair, **_):
        return False
"""
)


def test_flatten_closes_everything_against_a_veto_then_stop_ends_the_process(bench: Bench) -> None:
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Buyer", source=VETOING)))
    pid = bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    bench.agent.await_heartbeat(flat=False)

    assert bench.agent.command("flatten").data == {"trades": len(bench.pairs)}
    bench.agent.await_heartbeat(flat=True, trader_state="paused")
    bench.await_events("trade.exit_fill", len(bench.pairs))
    assert len(bench.agent.events("trade.exit_fill")) == len(bench.pairs)
    closed = eventually_sync(lambda: [shot for shot in bench.agent.snapshots() if not shot.open_trades])[-1]
    assert closed.equity == closed.free == closed.starting_balance + closed.realised

    assert bench.agent.command("stop").ok
    assert bench.await_exit(pid) == exit_codes.OK


def test_a_pause_ends_a_flatten(bench: Bench, exchange: Exchange) -> None:
    account, pairs = Account(exchange, 0), exchange.pairs[-13:-10]
    for pair in pairs:
        account.hold(pair)
    far = {"price_side": "same", "use_order_book": True, "order_book_top": 20}
    config = {"exit_pricing": far, "exchange": {"pair_whitelist": pairs}}
    source = VETOING.replace('"exit": "market"', '"exit": "limit"')
    bench.write_slot(bench.spec(config, strategy=StrategySource(class_name="Buyer", source=source)))
    bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    assert bench.agent.command("flatten").ok
    assert bench.agent.command("pause").ok
    for _ in range(2):  # what was asked for before is told by then
        bench.agent.await_heartbeat()
    asked, beats = len(bench.agent.events("trade.exit")), len(bench.agent.heartbeats())

    eventually_sync(lambda: len(bench.agent.heartbeats()) > beats + 12, message="the time of a second attempt")
    bench.agent.await_heartbeat(flat=False, paused_by_flotilla=True)
    assert len(bench.agent.events("trade.exit")) == asked, "exits that rest stay, and none is asked for again"


RESTING = BUYER.replace('"entry": "market"', '"entry": "limit"')


def test_flatten_cancels_entries_that_rest(bench: Bench) -> None:
    far = {"price_side": "same", "use_order_book": True, "order_book_top": 5}
    slot = bench.spec({"entry_pricing": far}, strategy=StrategySource(class_name="Buyer", source=RESTING))
    bench.write_slot(slot)
    bench.run()
    bench.await_events("trade.entry")

    assert bench.agent.command("flatten").ok
    bench.agent.await_heartbeat(flat=True)

    def trades(event: str) -> set[int]:
        return {told.data["trade_id"] for told in bench.agent.events(event)}

    eventually_sync(lambda: trades("trade.exit_fill") == trades("trade.entry_fill"), message="what was filled is sold")


def test_sigterm_keeps_trades_and_the_next_run_manages_them(bench: Bench) -> None:
    pid = bench.run()
    bench.await_events("trade.entry_fill", len(bench.pairs))
    os.kill(pid, signal.SIGTERM)
    assert bench.await_exit(pid) == exit_codes.OK
    bench.agent.forget()

    bench.run()
    snapshot = eventually_sync(bench.agent.snapshots)[-1]
    assert {trade.pair for trade in snapshot.open_trades} == set(bench.pairs)
    assert bench.agent.events("trade.exit_fill") == []


def test_a_reload_brings_the_new_generation_into_force(bench: Bench) -> None:
    bench.write_slot(bench.spec({"max_open_trades": 1}))
    bench.run()
    bench.await_events("trade.entry_fill")
    renamed = StrategySource(class_name="Renamed", source=BUYER.replace("class Buyer", "class Renamed"))
    bench.write_slot(bench.spec(generation=2, strategy=renamed))

    assert bench.agent.command("reload_config").ok
    bench.agent.await_heartbeat(observed_generation=2)
    bench.await_events("trade.entry_fill", len(bench.pairs))
    assert [path.name for path in (bench.directory / "strategy").glob("*.py")] == ["Renamed.py"]


@pytest.mark.parametrize("broken", ["{", '{"epoch": 1}', "syntax"])
def test_a_reload_to_something_broken_is_refused_and_trading_goes_on(bench: Bench, broken: str) -> None:
    bench.run()
    if broken == "syntax":
        bench.write_slot(bench.spec(generation=2, strategy=StrategySource(class_name="Buyer", source="class Buyer(:")))
    else:
        (bench.directory / "slot.json").write_text(broken)

    result = bench.agent.command("reload_config")
    assert not result.ok
    assert result.message
    beat = bench.agent.await_heartbeat(trader_state="running")
    assert beat.observed_generation == 1


def test_the_rest_api_is_served_with_credentials_on_the_socket_alone(bench: Bench) -> None:
    pid = bench.run()
    with pytest.raises(httpx.ReadTimeout), bench.rest("user", "word") as client:
        client.get("ping", timeout=1)  # the socket listens from the start; nobody serves it yet

    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        assert client.get("ping").json() == {"status": "pong"}
        assert client.get("show_config").json()["bot_name"] == "bot-1"
        assert "word" not in client.get("show_config").text
        token = client.post("token/login").json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert client.get("show_config", auth=None, headers=bearer).status_code == 200
    with bench.rest("user", "guess") as client:
        assert client.get("show_config").status_code == 401

    bench.write_slot(bench.spec(generation=2))
    assert bench.agent.command("reload_config").ok
    with bench.rest("user", "word") as client:
        assert client.get("status").status_code == 200

    assert bench.agent.command("serve_api", username="other", password="phrase").ok
    with bench.rest("user", "word") as client:
        assert client.get("show_config").status_code == 401
    with bench.rest("other", "phrase") as client:
        assert client.get("show_config").status_code == 200
        stale = client.get("show_config", auth=None, headers=bearer)
    assert stale.status_code == 401
    assert not _listens_on_the_network(pid)
    assert files_with(bench.directory, "phrase") == []


async def test_the_websocket_tells_messages_at_once(bench: Bench) -> None:
    bench.run()
    assert bench.agent.command("serve_api", username="user", password="word").ok
    with bench.rest("user", "word") as client:
        token = client.post("token/login").json()["access_token"]
    with short_address(bench.directory / "api.sock") as address:
        uri = f"ws://bot/api/v1/message/ws?token={token}"
        async with unix_connect(address, uri) as channel, asyncio.timeout(60):
            await channel.send(json.dumps({"type": "subscribe", "data": ["status"]}))
            await channel.send(json.dumps({"type": "whitelist", "data": None}))
            assert set(json.loads(await channel.recv())["data"]) == set(bench.pairs)
            await asyncio.to_thread(bench.agent.command, "pause")
            assert json.loads(await channel.recv()) == {"type": "status", "status": "paused"}
        with pytest.raises(InvalidStatus):
            async with unix_connect(address, "ws://bot/api/v1/message/ws?token=guess"):
                pass


def _listens_on_the_network(pid: int) -> bool:
    inodes = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it was closed since; what listens stays open
            inodes.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    return True
    return False


def test_an_unusable_command_is_answered(bench: Bench) -> None:
    bench.run()

    assert not bench.agent.command("serve_api", username="user").ok
    assert bench.agent.await_heartbeat(trader_state="running")
