"""A bot that trades with a key: given over the socket, kept in memory over a reload, never written down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pool.contract import exit_codes
from tests.fakes.account_proxy import AccountProxy, account_proxy
from tests.process.bot.conftest import MakeBench
from tests.process.bot.harness import Bench, Exchange, credentials, files_with
from tests.support import eventually_sync

KEY, SECRET = "k" * 16 + "KEY", "s" * 16 + "SECRET"


@pytest.fixture
def proxy(exchange: Exchange) -> Iterator[AccountProxy]:
    with account_proxy(exchange.url) as running:
        yield running


@pytest.fixture
def live_bench(make_bench: MakeBench, proxy: AccountProxy) -> Bench:
    bench = make_bench(exchange_url=proxy.url)
    bench.write_slot(bench.spec({"max_open_trades": 0}, trading="paper_live"))
    return bench


def test_the_key_signs_requests_and_is_on_no_disk(live_bench: Bench, proxy: AccountProxy) -> None:
    live_bench.agent.credentials = credentials(KEY, SECRET)
    pid = live_bench.run()
    snapshot = eventually_sync(live_bench.agent.snapshots)[-1]

    assert (snapshot.mode, snapshot.free, snapshot.starting_balance) == ("live", 500, 500)
    assert set(proxy.keys) == {KEY}
    assert live_bench.agent.command("serve_api", username="user", password="word").ok
    with live_bench.rest("user", "word") as client:
        for path in ("show_config", "logs", "balance"):
            assert not _mentions(client.get(path).content), path
    assert files_with(live_bench.pool, KEY, SECRET) == []
    for name in ("environ", "cmdline"):
        assert not _mentions(Path(f"/proc/{pid}/{name}").read_bytes()), name


def test_the_key_outlasts_a_reload_and_an_agent_that_forgot_it(live_bench: Bench, proxy: AccountProxy) -> None:
    live_bench.agent.credentials = credentials(KEY, SECRET)
    live_bench.run()
    live_bench.agent.stop()
    live_bench.agent.credentials = None
    live_bench.agent.start()
    live_bench.agent.await_heartbeat(trader_state="running")
    proxy.keys.clear()

    live_bench.write_slot(live_bench.spec({"max_open_trades": 0}, trading="paper_live", generation=2))
    assert live_bench.agent.command("reload_config").ok
    live_bench.agent.await_heartbeat(observed_generation=2, trader_state="running")
    assert set(proxy.keys) == {KEY}


def test_a_live_bot_without_its_key_says_so(live_bench: Bench) -> None:
    assert live_bench.await_exit(live_bench.fork()) == exit_codes.BOOT_FAILED
    (condition,) = eventually_sync(live_bench.agent.conditions)
    assert condition.type == "SecretsNeeded"


def _mentions(content: bytes) -> bool:
    return KEY.encode() in content or SECRET.encode() in content
