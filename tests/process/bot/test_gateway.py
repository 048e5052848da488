"""Real bots behind a real gateway: they trade as without one, tell it nothing of their accounts, and go on when it
dies."""

import itertools
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pool.contract.slots import ConditionType, StrategySource
from tests.process.bot.conftest import MakeBench
from tests.process.bot.gateways import Gateway, Listener, listening
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, Books, symbol, trade_live
from tests.support import eventually_sync

SEEN = "seen.json"
WATCHER = StrategySource(
    class_name="Buyer",
    source=BUYER.replace("        return dataframe\n", '''        import json, pathlib
        file = pathlib.Path(self.config["user_data_dir"], "seen.json")
        rows = dataframe[["date", "open", "high", "low", "close", "volume"]].copy()
        rows["date"] = [int(date.timestamp() * 1000) for date in rows["date"]]
        told = json.loads(file.read_text()) if file.exists() else {}
        file.with_suffix(".new").write_text(json.dumps({**told, metadata["pair"]: rows.to_numpy().tolist()}))
        file.with_suffix(".new").rename(file)
        return dataframe
''', 1),
)  # fmt: skip
"""A buyer that writes down the candles that it is shown."""

_pairs = itertools.count()


@pytest.fixture
def gateway(tmp_path: Path, exchange: Exchange) -> Iterator[Gateway]:
    running = Gateway(tmp_path / "gateway", exchange.url)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def line(gateway: Gateway) -> Iterator[Listener]:
    with listening(gateway) as listener:
        yield listener


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, 1000)


@pytest.fixture
def pair(exchange: Exchange, account: Account) -> str:
    """One that no other test uses, its price at rest. Other tests begin at the front."""
    taken = exchange.pairs[-1 - next(_pairs)]
    account.hold(taken)
    return taken


def seen(bench: Bench, pair: str) -> list[list[float]]:
    file = bench.directory / SEEN
    rows: list[list[float]] = json.loads(file.read_text()).get(pair, []) if file.exists() else []
    return rows


def candles(exchange: Exchange, pair: str) -> dict[int, list[float]]:
    """The exchange's own, by their opening."""
    url = f"{exchange.url}/api/v3/klines?symbol={symbol(pair)}&interval=1m&limit=1000"
    with urllib.request.urlopen(url, timeout=60) as response:
        return {row[0]: [row[0], *map(float, row[1:6])] for row in json.load(response)}


def conditions(bench: Bench) -> list[str]:
    """What was told of the gateway, in order."""
    return [one.message for one in bench.agent.conditions() if one.type == ConditionType.GATEWAY_UNREACHABLE]


def test_a_bot_sees_the_exchanges_candles_and_trades_on_them(
    make_bench: MakeBench, exchange: Exchange, line: Listener, gateway: Gateway, account: Account, pair: str
) -> None:
    bench = make_bench(gateway_url=line.url)
    config = {"exchange": {"pair_whitelist": [pair]}, "max_open_trades": 1, "minimal_roi": {"0": 0.05}}
    bench.write_slot(bench.spec(config, strategy=WATCHER))
    bench.run()
    bench.await_events("trade.entry_fill")
    account.hold(pair, 1.1)
    bench.await_events("trade.exit_fill")

    rows = seen(bench, pair)
    theirs = candles(exchange, pair)
    closed = [row for row in rows if row[0] in theirs][:-1]
    assert len(closed) > 50
    assert closed == [theirs[int(row[0])] for row in closed]
    kinds = {one.headers["x-flotilla-kind"].partition(";")[0] for one in line.of("GET", "/x/paper/")}
    assert {"markets", "candles", "book"} <= kinds
    assert {one.headers["x-flotilla-bot"] for one in line.of("GET", "/x/paper/")} == {"bot-1"}
    assert line.of("POST", "") == [], "a dry run signs nothing"
    assert conditions(bench) == []
    told = gateway.told()
    assert told is not None
    assert told.hits + told.joined > 0


def test_signed_requests_of_a_live_bot_go_straight_with_leave_and_exits_before_entries(
    make_bench: MakeBench, line: Listener, account: Account, pair: str
) -> None:
    bench = make_bench(gateway_url=line.url)
    trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    account.hold(pair, 1.1)
    bench.await_events("trade.exit_fill")
    assert bench.agent.command("pause").ok
    Books(bench, account).await_agreement()

    permits = [json.loads(one.body) for one in line.of("POST", "/v1/permits")]
    orders = [one["priority"] for one in permits if one["method"] == "POST" and one["url"].endswith("/order")]
    assert orders[:2] == ["entry", "exit"]
    looks = [(one["url"].rpartition("/")[2], one["priority"]) for one in permits if one["method"] == "GET"]
    assert {priority for _, priority in looks} == {"order", "exit"}
    assert ("account", "exit") in looks, "the wallet, before an exit"
    assert line.of("GET", "/x/paper/"), "market data goes through"
    for one in line.heard:
        words = (account.key, account.secret, "signature", "x-mbx-apikey")
        assert not [word for word in words if word in one.everything], one.path


def test_by_the_pools_setting_they_go_through_the_gateway(
    make_bench: MakeBench, line: Listener, account: Account, pair: str
) -> None:
    bench = make_bench(gateway_url=line.url, signed_requests="gateway")
    trade_live(bench, account, [pair], {"minimal_roi": {"0": 0.05}})
    bench.await_events("trade.entry_fill")
    account.hold(pair, 1.1)
    bench.await_events("trade.exit_fill")
    assert bench.agent.command("pause").ok
    Books(bench, account).await_agreement()
    sent = [one.headers["x-flotilla-priority"] for one in line.of("POST", "/api/v3/order")]
    assert sent[:2] == ["entry", "exit"]
    assert len(sent) == len(account.orders()), "each order once"
    assert line.of("POST", "/v1/permits") == []


def test_a_gateway_killed_as_a_candle_closes_is_done_without_until_it_is_back(
    make_bench: MakeBench, exchange: Exchange, gateway: Gateway, account: Account, pair: str
) -> None:
    bench = make_bench(gateway_url=gateway.url)
    config = {"exchange": {"pair_whitelist": [pair]}, "max_open_trades": 1, "minimal_roi": {"0": 0.05}}
    bench.write_slot(bench.spec(config, strategy=WATCHER))
    pid = bench.run()
    bench.await_events("trade.entry_fill")
    eventually_sync(lambda: time.time() % 60 > 58, message="the end of a minute")
    gateway.kill()
    opening = int(time.time() // 60) * 60_000
    eventually_sync(lambda: conditions(bench), message="the condition")
    assert conditions(bench)[0].startswith("asks its exchange itself")

    account.hold(pair, 1.1)
    bench.await_events("trade.exit_fill")
    eventually_sync(lambda: seen(bench, pair)[-1][0] >= opening, message="the candle that closed as the gateway died")
    rows, theirs = seen(bench, pair), candles(exchange, pair)
    assert rows[-2] == theirs[int(rows[-2][0])]
    assert bench.log().count("market-data gateway does not answer") == 1, "told once, not per request"

    gateway.start()
    eventually_sync(lambda: conditions(bench)[-1] == "", message="the way back")
    before = _requests(gateway)
    eventually_sync(lambda: _requests(gateway) > before + 1, message="requests through the gateway")
    assert bench.status(pid) is None


def _requests(gateway: Gateway) -> int:
    told = gateway.told()
    return 0 if told is None else told.requests
