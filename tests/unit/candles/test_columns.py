"""Candles that the worker makes of what the gateway keeps, for bots to map: by ccxt itself, over a stand-in gateway."""

import asyncio
import base64
import json
from array import array
from collections.abc import AsyncIterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest

from pool.contract.mapped import ASKED_HEADER, COLUMNS, KEPT_HEADER, MOST_ROWS
from pool.contract.market import KIND_HEADER, PRIORITY_HEADER, behind
from pool.exchange.gateway.candles.through import through
from pool.exchange.gateway.candles.worker import Desk

GATEWAY = "http://127.0.0.1:1"
NOON_MS = 1_795_435_200_000
ASKED = {ASKED_HEADER: "4711.123456789 1795435203000 -250"}
KLINES = [
    [NOON_MS + 60_000 * number, "0.1", "1e5", "0.30000000000000004", "9007199254740993", "0", 0, "0", 1, "0", "0", "0"]
    for number in range(3)
]
ROW = [NOON_MS, 1.0, 1.0, 1.0, 1.0, 1.0]


class Client(ccxt.async_support.binance):  # type: ignore[misc]
    """As ccxt comes, but for what is beneath its `fetch`, and `given` in place of what it reads."""

    def __init__(self) -> None:
        super().__init__()
        market = {"id": "BTCUSDT", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "type": "spot", "spot": True}
        self.set_markets([self.safe_market_structure(market)])
        self.status, self.text, self.told = 200, json.dumps(KLINES), dict(ASKED)
        self.given: list[Any] | None = None
        self.times = 1
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def load_markets(self, reload: bool = False, params: Any = None) -> Any:
        return self.markets

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        self.asked.append((url, headers))
        self.on_rest_response(self.status, "", url, method, self.told, self.text, headers, body)
        self.handle_errors(self.status, "", url, method, self.told, self.text, json.loads(self.text), headers, body)
        self.handle_http_status_code(self.status, "", url, method, self.text)
        return json.loads(self.text)

    async def fetch_ohlcv(self, *given: Any, **named: Any) -> list[Any]:
        for _ in range(self.times):
            rows: list[Any] = await super().fetch_ohlcv(*given, **named)
        return rows if self.given is None else self.given


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = type("binance", (Client,), through(GATEWAY, "paper"))()
    yield client
    await client.close()


@pytest.fixture
def desk(client: Client, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(GATEWAY, None)
    monkeypatch.setattr(desk, "_made", lambda exchange, spot: client)
    return desk


async def ask(desk: Desk, symbol: str = "BTC/USDT") -> dict[str, Any]:
    """In a task of its own, as questions are answered."""
    series = {"symbol": symbol, "timeframe": "1m", "limit": 3}
    question = {"ask": "mapped", "exchange": "paper", "type": "spot", "series": series}
    return await asyncio.create_task(desk.answer(question))


def rows(told: dict[str, Any]) -> list[list[float]]:
    content, count = base64.b64decode(told["columns"]), told["rows"] * 8
    times = array("q", content[:count])
    columns = [array("d", content[count * number : count * (number + 1)]) for number in range(1, 1 + COLUMNS)]
    assert len(content) == count * (1 + COLUMNS)
    return [list(row) for row in zip(times, *columns, strict=True)]


async def test_columns_are_ccxts_rows_to_the_bit(desk: Desk, client: Client) -> None:
    told = (await ask(desk))["mapped"]
    theirs = await client.fetch_ohlcv("BTC/USDT", "1m", limit=3)
    assert len(theirs) == 3
    assert rows(told) == theirs
    assert [told["asked_boot"], told["asked_ms"], told["skew_ms"]] == [4711.123456789, 1_795_435_203_000, -250]
    assert told["maker"] == ccxt.__version__


async def test_it_asks_the_gateway_alone_and_says_what_of_the_exchange_it_was(desk: Desk, client: Client) -> None:
    told = (await ask(desk))["mapped"]
    ((url, headers),) = client.asked
    assert url == behind(GATEWAY, "paper", told["url"])
    assert told["url"].startswith("https://")
    assert "klines" in told["url"]
    assert headers[KEPT_HEADER] == "1"
    assert headers[KIND_HEADER] == "candles;timeframe=60;limit=3;at_close=True"
    assert headers[PRIORITY_HEADER] == "data"


async def test_other_questions_may_ask_the_exchange(client: Client) -> None:
    await client.fetch_ohlcv("BTC/USDT", "1m")
    assert KEPT_HEADER not in client.asked[0][1]


async def test_what_is_kept_waits_for_no_leave_and_takes_none(desk: Desk, client: Client) -> None:
    """Of ccxt's own limiter, which prices wait for in the same client."""
    leave: list[float] = []

    async def throttler(cost: float) -> None:
        leave.append(cost)

    client.throttler = throttler
    assert (await ask(desk))["mapped"]
    assert leave == []
    await client.fetch_ohlcv("BTC/USDT", "1m")
    assert len(leave) == 1


async def test_none_where_the_gateway_keeps_nothing(desk: Desk, client: Client) -> None:
    client.status, client.told, client.text = 404, {}, '{"detail":"This is not kept."}'
    assert await ask(desk) == {"mapped": None}
    assert len(client.asked) == 1


async def test_none_where_another_than_the_gateway_answers(desk: Desk, client: Client) -> None:
    """One that does not know what it is asked for might have asked the exchange."""
    client.told = {}
    assert await ask(desk) == {"mapped": None}


async def test_none_of_more_than_one_answer(desk: Desk, client: Client) -> None:
    client.times = 2
    assert await ask(desk) == {"mapped": None}
    assert len(client.asked) == 2


@pytest.mark.parametrize(
    "given",
    [
        [],
        [ROW, [NOON_MS, None, 1.0, 1.0, 1.0, 1.0]],
        [ROW, [NOON_MS, 1.0, 1.0, 1.0, 1.0, 1]],
        [ROW, [NOON_MS, 1.0, 1.0, 1.0, 1.0, "1"]],
        [ROW, ROW[:-1]],
        [[*ROW, 1.0], ROW],
        [[*ROW, 1.0]],
        [ROW, [float(NOON_MS), *ROW[1:]]],
        [ROW, [None, *ROW[1:]]],
        [[-1, *ROW[1:]]],
        [[True, *ROW[1:]]],
        [ROW] * (MOST_ROWS + 1),
    ],
    ids=[
        "empty",
        "none",
        "int",
        "text",
        "shorter",
        "longer",
        "all longer",
        "fraction",
        "no time",
        "past",
        "bool",
        "many",
    ],
)
async def test_none_of_rows_that_are_not_whole_times_with_five_fractions(
    desk: Desk, client: Client, given: list[Any]
) -> None:
    client.given = given
    assert await ask(desk) == {"mapped": None}


async def test_as_many_rows_as_a_file_takes(desk: Desk, client: Client) -> None:
    client.given = [ROW] * MOST_ROWS
    assert rows((await ask(desk))["mapped"]) == client.given


@pytest.mark.parametrize("text", ['{"code":-1121,"msg":"Invalid symbol."}', '{"code":-1003,"msg":"Too much."}', "7"])
async def test_errors_of_the_exchange_do_not_become_columns(desk: Desk, client: Client, text: str) -> None:
    client.text = text
    told = await ask(desk)
    assert told.keys() == {"error"}, told
    assert told["error"]["message"].endswith(".")


async def test_a_pair_that_is_not_traded_is_an_error_and_nothing_is_asked(desk: Desk, client: Client) -> None:
    assert (await ask(desk, "NOPE/USDT")).keys() == {"error"}
    assert client.asked == []
