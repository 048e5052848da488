"""Costs are those that ccxt itself reckons, for the calls that FreqTrade makes, and only its addresses are allowed."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from pool.exchange.gateway import tables as tables_module
from pool.exchange.gateway.tables import Table, Tables
from pool.exchange.gateway.tables_reader import UNKNOWN_EXCHANGE, main, table
from tests.support import PATIENT_SECONDS

MARKETS = {
    "binance": [("BTC/USDT", {}), ("BTC/USDT:USDT", {"options": {"defaultType": "swap"}})],
    "kraken": [("BTC/USD", {})],
    "okx": [("BTC/USDT", {}), ("BTC/USDT:USDT", {"options": {"defaultType": "swap"}})],
    "bybit": [("BTC/USDT:USDT", {"options": {"defaultType": "swap"}})],
    "kucoin": [("BTC/USDT", {})],
    "gate": [("BTC/USDT", {}), ("BTC/USDT:USDT", {"options": {"defaultType": "swap"}})],
    "bitget": [("BTC/USDT:USDT", {"options": {"defaultType": "swap"}})],
    "hyperliquid": [("BTC/USDC:USDC", {"options": {"defaultType": "swap"}})],
}
CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("fetch_ohlcv", ("1m", None, 500)),
    ("fetch_order_book", (5,)),
    ("fetch_order_book", (500,)),
    ("fetch_ticker", ()),
    ("fetch_trades", (None, 100)),
    ("fetch_open_orders", ()),
    ("fetch_order", ()),
    ("cancel_order", ()),
    ("create_order", ()),
    ("fetch_funding_rate_history", (None, 100)),
]
WHOLE = ["fetch_tickers", "fetch_bids_asks", "fetch_balance", "fetch_positions", "fetch_time", "fetch_markets"]


class Seen(Exception):
    """Instead of an answer."""


@dataclass
class Spy:
    """Every request that ccxt would make, with what it reckons that it costs."""

    requests: list[tuple[str, str, float]] = field(default_factory=list)

    def on(self, exchange: Any) -> None:
        reckon = type(exchange).calculate_rate_limiter_cost
        costs: list[float] = []

        def calculate(*arguments: Any) -> Any:
            costs.append(float(reckon(exchange, *arguments)))
            return costs[-1]

        def fetch(url: str, method: str = "GET", *_: Any) -> None:
            self.requests.append((method, url, costs[-1]))
            raise Seen

        exchange.calculate_rate_limiter_cost = calculate
        exchange.throttle = lambda _: None
        exchange.fetch = fetch


def client(exchange_id: str, symbol: str, settings: dict[str, Any]) -> Any:
    """ccxt's, with one market and without a network."""
    secrets = {"apiKey": "a" * 32, "secret": "YWFh" * 11, "password": "a", "uid": "1"}
    secrets |= {"walletAddress": "0x" + "1" * 40, "privateKey": "0x" + "1" * 64}
    exchange = getattr(ccxt, exchange_id)({**secrets, **settings, "enableRateLimit": True})
    base, _, quote = symbol.partition(":")[0].partition("/")
    swap = ":" in symbol
    market = {
        "id": f"{base}{quote}",
        "lowercaseId": f"{base}{quote}".lower(),
        "symbol": symbol,
        "base": base,
        "quote": quote,
        "settle": quote if swap else None,
        "settleId": quote.lower() if swap else None,
        "baseId": "0" if exchange_id == "hyperliquid" else base,
        "quoteId": quote,
        "type": "swap" if swap else "spot",
        "spot": not swap,
        "margin": False,
        "swap": swap,
        "future": False,
        "option": False,
        "contract": swap,
        "linear": True if swap else None,
        "inverse": False if swap else None,
        "contractSize": 1.0 if swap else None,
        "active": True,
        "precision": {"amount": 0.001, "price": 0.01},
        "limits": {name: {"min": None, "max": None} for name in ("amount", "price", "cost", "leverage")},
        "info": {"altname": f"{base}{quote}", "productType": "USDT-FUTURES"},
    }
    exchange.set_markets([market], {})
    return exchange


def asked_by_freqtrade(exchange_id: str) -> list[tuple[str, str, float]]:
    spy = Spy()
    for symbol, settings in MARKETS[exchange_id]:
        for name, arguments in [*CALLS, *((name, None) for name in WHOLE)]:
            exchange = client(exchange_id, symbol, settings)
            spy.on(exchange)
            given: tuple[Any, ...] = () if arguments is None else (symbol, *arguments)
            if name in ("fetch_order", "cancel_order"):
                given = ("123", symbol)
            if name == "create_order":
                given = (symbol, "limit", "buy", 1.0, 10.0)
            with_answer = getattr(exchange, name)
            try:
                with_answer(*given)
            except Seen:
                continue
            except ccxt.BaseError:  # not a call of this exchange, or one that needs an answer first
                continue
    return spy.requests


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    return {}


def read(told: dict[str, dict[str, Any]], exchange_id: str) -> dict[str, Any]:
    if exchange_id not in told:
        found = table(exchange_id)
        assert found is not None
        told[exchange_id] = json.loads(json.dumps(found))
    return told[exchange_id]


@pytest.mark.parametrize("exchange_id", sorted(MARKETS))
def test_costs_are_ccxts_own_for_what_freqtrade_asks(exchange_id: str, told: dict[str, dict[str, Any]]) -> None:
    known = Table(read(told, exchange_id))
    requests = asked_by_freqtrade(exchange_id)
    assert len({urlsplit(url).path for _, url, _ in requests}) >= (2 if exchange_id == "hyperliquid" else 8)
    for method, url, cost in requests:
        parts = urlsplit(url)
        assert parts.netloc in known.authorities
        found = known.endpoint(parts.netloc, method, parts.path, parts.query)
        assert not found.name.endswith("*"), f"{method} {url} is not in the table"
        if exchange_id == "hyperliquid" and parts.path == "/info":
            assert found.cost >= cost, "what it is for stands in its body: it counts as the dearest"
        else:
            assert found.cost == pytest.approx(cost), f"{method} {url}"


def test_costs_by_limit_and_without_a_symbol(told: dict[str, dict[str, Any]]) -> None:
    known = Table(read(told, "binance"))

    def cost(query: str, path: str = "/api/v3/depth") -> float:
        return known.endpoint("api.binance.com", "GET", path, query).cost

    small, great = cost("symbol=BTCUSDT&limit=5"), cost("symbol=BTCUSDT&limit=5000")
    assert small < cost("symbol=BTCUSDT&limit=500") < great
    assert cost("symbol=BTCUSDT&limit=many") == cost("symbol=BTCUSDT")
    assert cost("", "/api/v3/ticker/24hr") > cost("symbol=BTCUSDT", "/api/v3/ticker/24hr")


def test_the_smallest_cost_of_a_family_is_one_weight_of_the_exchange(told: dict[str, dict[str, Any]]) -> None:
    known = Table(read(told, "binance"))
    weights = {
        path: known.endpoint(host, "GET", path, "symbol=BTCUSDT").weight
        for host, path in [
            ("api.binance.com", "/api/v3/ping"),
            ("api.binance.com", "/api/v3/klines"),
            ("api.binance.com", "/api/v3/exchangeInfo"),
            ("fapi.binance.com", "/fapi/v1/ping"),
        ]
    }
    assert weights == {
        "/api/v3/ping": pytest.approx(1),
        "/api/v3/klines": pytest.approx(2),
        "/api/v3/exchangeInfo": pytest.approx(20),
        "/fapi/v1/ping": pytest.approx(1),
    }


def test_paths_with_a_part_that_varies_and_unknown_ones(told: dict[str, dict[str, Any]]) -> None:
    known = Table(read(told, "gate"))
    found = known.endpoint("api.gateio.ws", "GET", "/api/v4/spot/orders/123", "currency_pair=BTC_USDT")
    assert found.name == "GET /api/v4/spot/orders/{order_id}"
    unknown = known.endpoint("api.gateio.ws", "GET", "/api/v4/nothing/of/this")
    assert (unknown.name, unknown.cost) == ("GET *", 1.0)
    assert known.endpoint("elsewhere.example", "GET", "/api/v4/spot/orders/123").name == "GET *"


def test_all_exchanges_that_freqtrade_supports_have_tables() -> None:
    from freqtrade.exchange.common import SUPPORTED_EXCHANGES

    for exchange_id in SUPPORTED_EXCHANGES:
        found = table(exchange_id)
        assert found is not None
        known = Table(found)
        declared = len({(one["method"], one["url"]) for one in found["endpoints"]})
        assert declared >= 2, exchange_id
        assert all(urlsplit(one["url"]).netloc in known.authorities for one in found["endpoints"]), exchange_id


def test_paper_is_binance_with_all_families_at_one_address(told: dict[str, dict[str, Any]]) -> None:
    known = Table(read(told, "binance"), at="http://127.0.0.1:9100")
    assert known.authorities == {"127.0.0.1:9100"}
    spot = known.endpoint("127.0.0.1:9100", "GET", "/api/v3/klines", "symbol=BTCUSDT&limit=300")
    linear = known.endpoint("127.0.0.1:9100", "GET", "/fapi/v1/klines", "symbol=BTCUSDT&limit=1500")
    assert (spot.weight, linear.weight) == (pytest.approx(2), pytest.approx(10))


def test_the_reader_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flotilla"]) == UNKNOWN_EXCHANGE
    assert main(["kraken"]) == 0
    assert json.loads(capsys.readouterr().out)["exchange"] == "kraken"


async def test_a_table_is_read_by_a_process_once_and_kept_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Any, ...]] = []
    real = asyncio.create_subprocess_exec

    async def counting(*arguments: Any, **options: Any) -> Any:
        started.append(arguments)
        return await real(*arguments, **options)

    monkeypatch.setattr(tables_module.asyncio, "create_subprocess_exec", counting)
    first = Tables(tmp_path / "tables", "http://127.0.0.1:9100")
    assert first.allowed("kraken") == frozenset()
    one, other = await asyncio.gather(first.load("kraken"), first.load("kraken"))
    assert one is other is first.of("kraken")
    assert "api.kraken.com" in first.allowed("kraken")
    second = Tables(tmp_path / "tables")
    assert await second.load("kraken") is not None
    assert len(started) == 1, "the second process of the gateway reads what the first kept"
    assert not list((tmp_path / "tables").glob("*.part"))


async def test_a_damaged_table_on_disk_is_read_anew(tmp_path: Path) -> None:
    tables = Tables(tmp_path)
    kept = tmp_path / f"kraken.{tables_module.ccxt_version()}.json"
    kept.write_text('{"exchange": "kra')
    assert await tables.load("kraken") is not None
    assert json.loads(kept.read_text())["exchange"] == "kraken"


async def test_a_full_disk_keeps_no_table_but_gives_it(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a directory is to be")
    assert await Tables(blocked / "tables").load("kraken") is not None


async def test_the_paper_exchange_and_the_one_that_it_is_like_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, dict[str, Any]]
) -> None:
    started, output = 0, json.dumps(read(told, "binance")).encode()

    async def start(*_: Any, **__: Any) -> Any:
        nonlocal started
        started += 1
        return Reader(0, output)

    monkeypatch.setattr(tables_module.asyncio, "create_subprocess_exec", start)
    some = Tables(tmp_path, "http://127.0.0.1:9100")
    assert all(await asyncio.gather(some.load("binance"), some.load("paper")))
    assert started == 1


class Reader:
    """In place of the process: ends so, having said that."""

    pid = 0

    def __init__(self, code: int, said: bytes) -> None:
        self.returncode, self._said = code, said

    async def communicate(self) -> tuple[bytes, None]:
        return self._said, None


@pytest.mark.parametrize(
    "outcome",
    [Reader(1, b""), Reader(0, b"not JSON"), Reader(0, b"{}"), OSError("no memory")],
    ids=["failed", "no JSON", "no tables", "no memory"],
)
async def test_what_cannot_be_read_starts_one_process_in_half_a_minute(
    outcome: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, now = 0, 5.0

    async def start(*_: Any, **__: Any) -> Any:
        nonlocal started
        started += 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(tables_module.asyncio, "create_subprocess_exec", start)
    tables = Tables(tmp_path, clock=lambda: now)
    for _ in range(5):
        failures = await asyncio.gather(tables.load("kraken"), tables.load("kraken"), return_exceptions=True)
        assert [type(one) for one in failures] == [OSError] * 2
    assert started == 1
    assert tables.allowed("kraken") == frozenset()
    now += 31
    with pytest.raises(OSError, match=r"memory|read|table"):
        await tables.load("kraken")
    assert started == 2
    monkeypatch.undo()
    now += 31
    assert await tables.load("kraken") is not None


@pytest.mark.parametrize("name", ["paper", "flotilla", "../kraken", "Kraken", "kraken/..", "", "base", "__init__"])
async def test_what_ccxt_cannot_know_starts_no_process(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(tables_module.asyncio, "create_subprocess_exec", refuse)
    assert await Tables(tmp_path, None).load(name) is None


def keep(directory: Path, *names: str) -> None:
    for name in names:
        told = {"rate_limit_ms": 1.0, "window_ms": 0.0, "origins": [f"https://{name}"], "endpoints": []}
        (directory / f"{name}.{tables_module.ccxt_version()}.json").write_text(json.dumps(told))


async def test_the_table_used_longest_ago_goes_first_and_none_that_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "_MOST_EXCHANGES", 2)
    keep(tmp_path, "binance", "kraken", "okx", "gate")
    now = 0.0
    some = Tables(tmp_path, clock=lambda: now)
    await some.load("binance")
    await some.load("kraken")
    now += 601
    assert some.allowed("binance") == {"binance"}
    for name in ("okx", "gate"):
        await some.load(name)
    names = ("binance", "kraken", "okx", "gate")
    assert [bool(some.allowed(name)) for name in names] == [True, False, True, True]


async def test_who_has_a_table_on_disk_does_not_wait_for_anothers_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hang(*_: Any, **__: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(tables_module.asyncio, "create_subprocess_exec", hang)
    keep(tmp_path, "kraken")
    some = Tables(tmp_path)
    async with asyncio.timeout(PATIENT_SECONDS):
        other = asyncio.create_task(some.load("okx"))
        await begun.wait()
        assert await some.load("kraken") is not None
    assert not other.done()
    reading = some._reading["okx"]
    for task in (other, reading):
        task.cancel()
    await asyncio.gather(other, reading, return_exceptions=True)
