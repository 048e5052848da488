"""The paper exchange as a process: killed and started again, alone in its directory, gone when told."""

import json
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest

from pool.exchange.urls import paper_urls
from tests.support import eventually_sync

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts an exchange in `tmp_path`/exchange; whatever still runs is killed at the end."""
    processes: list[subprocess.Popen[str]] = []

    def run(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pool.exchange.simulator", "--directory", str(tmp_path / "exchange")]
        process = subprocess.Popen([*command, "--symbols", "20", *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait(60)
        assert process.stderr is not None
        process.stderr.close()


def listening(directory: Path, process: subprocess.Popen[str]) -> str:
    """Where this very process listens."""

    def told() -> str | None:
        assert process.poll() is None, "it ended"
        try:
            record = json.loads((directory / "endpoint.json").read_text())
        except FileNotFoundError:
            return None
        return str(record["url"]) if record["pid"] == process.pid else None

    url = eventually_sync(told, message="the endpoint")
    assert url is not None
    return url


def control(directory: Path, url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {(directory / 'control-token').read_text()}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/control/{path}", data, headers)) as reply:
        return json.loads(reply.read())


def trader(url: str, account: dict[str, str]) -> Any:
    client = ccxt.binance({"apiKey": account["key"], "secret": account["secret"], "enableRateLimit": False})
    client.urls["api"] = paper_urls(url, client.urls["api"])
    return client


def test_killed_it_loses_nothing_acknowledged_and_comes_back_where_it_was(tmp_path: Path, start: Start) -> None:
    directory = tmp_path / "exchange"
    process = start()
    url = listening(directory, process)
    account = control(directory, url, "accounts", {"balances": {"USDT": "10000"}})
    control(directory, url, "prices/set", {"symbol": "ETHUSDT", "price": "2000"})
    client = trader(url, account)
    bought = client.create_order("ETH/USDT", "market", "buy", 1)
    resting = client.create_order("ETH/USDT", "limit", "buy", 1, 1_900, {"newClientOrderId": "resting"})
    before = client.fetch_balance()["total"], client.fetch_my_trades("ETH/USDT"), client.fetch_open_orders("ETH/USDT")

    process.kill()
    process.wait(60)
    url_again = listening(directory, start())

    assert url_again == url
    after = client.fetch_balance()["total"], client.fetch_my_trades("ETH/USDT"), client.fetch_open_orders("ETH/USDT")
    assert after == before
    assert [order["id"] for order in after[2]] == [resting["id"]]
    assert client.fetch_order(bought["id"], "ETH/USDT")["status"] == "closed"
    assert client.fetch_ticker("ETH/USDT")["last"] == 2_000  # the script holds
    control(directory, url, "prices/set", {"symbol": "ETHUSDT", "price": "1800"})
    eventually_sync(lambda: client.fetch_order(resting["id"], "ETH/USDT")["status"] == "closed", message="the fill")


def test_open_orders_fill_without_anyone_asking(tmp_path: Path, start: Start) -> None:
    directory = tmp_path / "exchange"
    url = listening(directory, start())
    account = control(directory, url, "accounts", {"balances": {"ETH": "1"}})
    control(directory, url, "prices/set", {"symbol": "ETHUSDT", "price": "2000"})
    trader(url, account).create_order("ETH/USDT", "limit", "sell", 1, 2_100)
    control(directory, url, "prices/ramp", {"symbol": "ETHUSDT", "price": "2200", "seconds": 1})

    log = directory / "ledger.sqlite"
    eventually_sync(lambda: _statuses(log) == ["FILLED"], message="the fill")


def _statuses(ledger: Path) -> list[str]:

    with sqlite3.connect(ledger) as database:
        return [row[0] for row in database.execute("SELECT status FROM orders")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_goes_at_once(tmp_path: Path, start: Start, number: signal.Signals) -> None:
    process = start()
    url = listening(tmp_path / "exchange", process)
    with urllib.request.urlopen(f"{url}/api/v3/ping") as reply:
        assert reply.status == 200

    process.send_signal(number)

    assert process.wait(30) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_second_one_is_told_to_leave(tmp_path: Path, start: Start) -> None:
    directory = tmp_path / "exchange"
    first = start()
    url = listening(directory, first)

    second = start()

    assert second.wait(180) == 1
    assert second.stderr is not None
    assert second.stderr.read() == f"A paper exchange already runs in {directory}.\n"
    assert listening(directory, first) == url


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--port", str(port))

        assert process.wait(180) == 1
    assert process.stderr is not None
    (sentence,) = process.stderr.read().splitlines()
    assert f"127.0.0.1:{port}" in sentence
    assert "--port" in sentence
    assert not (tmp_path / "exchange" / "endpoint.json").exists()


def test_nothing_of_it_is_for_others_to_read(tmp_path: Path, start: Start) -> None:
    directory = tmp_path / "exchange"
    url = listening(directory, start())
    account = control(directory, url, "accounts", {"balances": {}})

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for file in directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    log = (directory / "log").read_text()
    assert account["secret"] not in log
    assert (directory / "control-token").read_text() not in log
