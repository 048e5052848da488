"""Scripted trouble as clients feel it, request weights, and who may use the control endpoint."""

import asyncio
import time
from typing import Any

import aiohttp
import ccxt
import pytest

from tests.integration.simulator.conftest import Rig
from tests.support import eventually


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ccxt.DDoSProtection),
        (418, ccxt.DDoSProtection),
        (500, ccxt.ExchangeNotAvailable),
        (503, ccxt.ExchangeNotAvailable),
    ],
)
async def test_refusals_for_a_number_of_requests(rig: Rig, status: int, error: type[Exception]) -> None:
    client = rig.client()
    await client.load_markets()
    await rig.control("POST", "faults", kind="fail", path="/api/v3/klines", status=status, times=2)

    for _ in range(2):
        with pytest.raises(error):
            await client.fetch_ohlcv("BTC/USDT", "1m", limit=1)
        await client.fetch_ticker("BTC/USDT")
    assert len(await client.fetch_ohlcv("BTC/USDT", "1m", limit=1)) == 1


async def test_refusals_for_some_seconds(rig: Rig) -> None:
    await rig.control("POST", "faults", kind="fail", status=429, seconds=30)

    status, content, headers = await rig.get("/api/v3/ping")
    assert (status, content["code"]) == (429, -1003)
    assert 25 <= int(headers["Retry-After"]) <= 30
    rig.pass_seconds(31)
    assert (await rig.get("/api/v3/ping"))[0] == 200


async def test_an_order_may_be_accepted_though_the_answer_is_an_error(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    order = ("ETH/USDT", "limit", "buy", 1, 1_900)
    await rig.control("POST", "faults", kind="fail_after", path="/api/v3/order", method="POST", status=504, times=1)

    with pytest.raises(ccxt.NetworkError):
        await trader.create_order(*order, {"newClientOrderId": "ambiguous"})

    found = await trader.fetch_order(None, "ETH/USDT", {"origClientOrderId": "ambiguous"})
    assert found["status"] == "open"


async def test_an_answer_may_be_held_back_after_the_deed(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    held = {"kind": "latency_after", "path": "/api/v3/order", "method": "POST", "milliseconds": 30_000, "times": 1}
    await rig.control("POST", "faults", **held)

    sent = asyncio.ensure_future(
        trader.create_order("ETH/USDT", "limit", "buy", 1, 1_900, {"newClientOrderId": "held"})
    )
    await eventually(lambda: _met(rig), message="the order at the exchange")
    found = await trader.fetch_order(None, "ETH/USDT", {"origClientOrderId": "held"})
    assert (found["status"], sent.done()) == ("open", False)
    sent.cancel()


@pytest.mark.parametrize(("kind", "orders"), [("drop", 0), ("drop_after", 1)])
async def test_connections_drop_before_or_after_the_deed(rig: Rig, kind: str, orders: int) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    await rig.control("POST", "faults", kind=kind, path="/api/v3/order", times=1)

    with pytest.raises(ccxt.NetworkError):
        await trader.create_order("ETH/USDT", "limit", "buy", 1, 1_900)

    assert len(await trader.fetch_open_orders("ETH/USDT")) == orders


async def test_latency_holds_matching_requests_alone(rig: Rig) -> None:
    await rig.control("POST", "faults", kind="latency", path="/api/v3/time", milliseconds=4_000)
    begin = time.monotonic()
    slow = asyncio.create_task(rig.get("/api/v3/time"))

    assert (await rig.get("/api/v3/ping"))[0] == 200
    assert not slow.done()
    assert (await slow)[0] == 200
    assert time.monotonic() - begin > 3.9
    await rig.control("DELETE", "faults")
    assert await rig.control("GET", "faults") == []


async def test_weights_are_told_as_binance_counts_them(rig: Rig) -> None:
    used = 0
    for path, weight in (
        ("/api/v3/ping", 1),
        ("/api/v3/exchangeInfo", 20),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m", 2),
        ("/api/v3/ticker/24hr", 80),
        ("/api/v3/ticker/24hr?symbol=BTCUSDT", 2),
        ("/api/v3/ticker/bookTicker", 4),
        ("/api/v3/depth?symbol=BTCUSDT&limit=1000", 50),
    ):
        _, _, headers = await rig.get(path)
        now = int(headers["X-MBX-USED-WEIGHT-1M"])
        assert now - used == weight or now == weight, path  # a new minute may have begun
        used = now


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/fapi/v1/ping", 1),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=99", 1),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=499", 2),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1000", 5),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1001", 10),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=50", 2),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=100", 5),
        ("/fapi/v1/depth?symbol=BTCUSDT", 10),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20),
        ("/fapi/v1/ticker/price?symbol=BTCUSDT", 1),
        ("/fapi/v1/ticker/price", 2),
        ("/fapi/v1/ticker/bookTicker", 5),
        ("/fapi/v1/ticker/24hr", 40),
    ],
)
async def test_perpetuals_weigh_as_at_binance(rig: Rig, path: str, weight: int) -> None:
    rig.stand_still()
    await rig.get("/api/v3/exchangeInfo")  # spot's count by themselves
    status, _, headers = await rig.get(path)
    assert (status, headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(weight))


async def test_perpetuals_have_a_limit_of_their_own(rig: Rig) -> None:
    rig.stand_still()
    told = await rig.control("POST", "weight-limit", limit=1_000, futures=2)
    assert (told["limit"], told["futures"]) == (1_000, 2)

    _, info, _ = await rig.get("/fapi/v1/exchangeInfo")
    assert info["rateLimits"][0]["limit"] == 2
    assert [(await rig.get("/fapi/v1/ping"))[0] for _ in range(2)] == [200, 429]
    assert (await rig.get("/api/v3/ping"))[0] == 200
    counted = await rig.control("GET", "weight-limit")
    assert (counted["charged"], counted["refused"], counted["banned"]) == (3, 1, 0)


async def test_the_weight_limit_is_enforced_where_it_is_asked_for(rig: Rig) -> None:
    rig.stand_still()
    await rig.control("POST", "weight-limit", limit=10)

    answers = [await rig.get("/api/v3/ping") for _ in range(25)]

    statuses = [status for status, _, _ in answers]
    assert statuses[:10] == [200] * 10
    assert 429 in statuses
    assert statuses[-1] == 418
    assert all("Retry-After" in headers for status, _, headers in answers if status != 200)
    await rig.control("POST", "weight-limit", limit=1_000)
    assert (await rig.get("/api/v3/ping"))[0] == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v3/nothing", 404, -5000),
        ("/", 404, -5000),
        ("/control/nothing", 404, -5000),
        ("/api/v3/klines?symbol=NOPE&interval=1m", 400, -1121),
        ("/api/v3/klines?symbol=BTCUSDT", 400, -1102),
        ("/api/v3/klines?symbol=BTCUSDT&interval=9m", 400, -1120),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=x", 400, -1100),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=0", 400, -1130),
        ("/api/v3/ticker/price?symbol=BTCUSDT&symbols=[]", 400, -1128),
        ("/api/v3/ticker/price?symbols=nonsense", 400, -1100),
        ("/api/v3/account", 401, -2014),
    ],
)
async def test_wrong_requests_get_binances_errors(rig: Rig, path: str, status: int, code: int) -> None:
    answered, content, _ = await rig.get(path)

    assert (answered, content["code"]) == (status, code)
    assert content["msg"]


async def test_a_huge_request_is_refused(rig: Rig) -> None:
    async with rig.http.post(rig.url + "/api/v3/order", data=b"x" * 3_000_000) as reply:
        assert reply.status == 413


async def test_control_wants_its_token(rig: Rig) -> None:
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}):
        status, content, _ = await rig.get("/control/ledger", **header)
        assert status == 401
        assert "token" in content["msg"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("accounts", {"balances": {"USDT": "-1"}}, "balances"),
        ("accounts", {"balances": {"USDT": "lots"}}, "USDT"),
        ("accounts", {"fee_rate": "2"}, "fee_rate"),
        ("accounts", {"colour": "red"}, "colour"),
        ("deposits", {"key": "x", "asset": "USDT", "amount": "1"}, "key"),
        ("prices/set", {"symbol": "NOPE", "price": 1}, "Invalid symbol"),
        ("prices/set", {"symbol": "BTCUSDT", "price": 0}, "price"),
        ("prices/set", {"symbol": "BTCUSDT", "price": 1, "after": "dance"}, "hold, follow"),
        ("prices/crash", {"ratio": "1"}, "ratio"),
        ("prices/ramp", {"symbol": "BTCUSDT", "seconds": 1}, "price"),
        ("faults", {"kind": "earthquake"}, "latency"),
        ("faults", {"kind": "fail", "status": 200}, "status"),
        ("partial-fills", {"ratio": "1.5"}, "ratio"),
    ],
)
async def test_a_wrong_control_request_names_the_field(rig: Rig, path: str, body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        await rig.control("POST", path, **body)
    assert await rig.control("GET", "accounts") == []


async def test_requests_are_counted_by_path(rig: Rig) -> None:
    client = rig.client()
    await client.load_markets()
    for _ in range(3):
        await client.fetch_ticker("BTC/USDT")

    counters = await rig.control("GET", "counters")
    assert counters["GET /api/v3/ticker/24hr"] == 3
    assert counters["GET /api/v3/exchangeInfo"] == 1
    await rig.control("DELETE", "counters")
    assert await rig.control("GET", "counters") == {}


async def test_the_ledger_tells_everything_but_secrets(rig: Rig) -> None:
    trader = await rig.trader(USDT=10_000)
    await rig.price("ETHUSDT", 2_000)
    await trader.create_order("ETH/USDT", "market", "buy", 1)
    await rig.control("POST", "deposits", key=trader.apiKey, asset="USDT", amount="-100")

    ledger = await rig.control("GET", f"ledger?key={trader.apiKey}")

    assert [order["status"] for order in ledger["orders"]] == ["FILLED"]
    assert {change["reason"] for change in ledger["changes"]} == {"deposit", "withdrawal", "fill", "fee"}
    assert trader.secret not in str(ledger)
    assert await rig.control("GET", "accounts") == [{"id": 1, "key": trader.apiKey}]


async def test_fifty_clients_asking_the_same_get_the_same(rig: Rig) -> None:
    rig.stand_still()
    path = f"{rig.url}/api/v3/klines?symbol=BTCUSDT&interval=15m&limit=260"

    async def ask(session: aiohttp.ClientSession) -> bytes:
        async with session.get(path) as reply:
            return await reply.read()

    answers = await asyncio.gather(*(ask(rig.http) for _ in range(50)))

    assert len(set(answers)) == 1


async def _met(rig: Rig) -> bool:
    """No fault stands any more."""
    return bool(await rig.control("GET", "faults") == [])
