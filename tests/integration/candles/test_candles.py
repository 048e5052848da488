"""Candles through the real gateway, its worker with ccxt, and the paper exchange."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pyarrow import feather

from pool.exchange.gateway.candles.endpoint import ARROW, MOST_PAIRS
from pool.exchange.gateway.candles.files import frame_of_table
from pool.exchange.gateway.candles.frames import frame_of
from pool.exchange.gateway.candles.rollup import EVIDENCE
from pool.exchange.gateway.candles.series import Series
from pool.exchange.gateway.candles.service import MOST
from pool.exchange.simulator.faults import Fault, Kind
from tests.integration.candles.rigs import HOUR, MINUTE, Rig, opened

T = TypeVar("T")
DAY = 24 * HOUR
PAST = int(time.time() * 1000) // DAY * DAY - 3 * DAY


def this_minute() -> int:
    return int(time.time() * 1000) // MINUTE * MINUTE


async def within_a_minute(ask: Callable[[], Awaitable[T]]) -> tuple[int, T]:
    """The first answer that came before the minute ended in which it was asked for, and that minute."""
    while True:
        before, answer = this_minute(), await ask()
        if this_minute() == before:
            return before, answer


async def test_pages_are_the_exchanges_own_and_asked_for_once(rig: Rig) -> None:
    found: list[list[float]] = []
    query: dict[str, Any] = {"since": PAST, "until": PAST + 2500 * MINUTE, "limit": 1500}
    while True:
        status, body = await rig.ask(**query)
        assert status == 200, body
        found += body["rows"]
        if body["next"] is None:
            break
        query["since"] = body["next"]
    assert [row[0] for row in found] == list(range(PAST, PAST + 2500 * MINUTE, MINUTE))
    first = await rig.own(symbol="BTCUSDT", interval="1m", startTime=PAST, limit=1000)
    assert found[:1000] == first
    asked = rig.candle_requests
    assert asked <= 4
    assert await rig.rows(since=PAST, until=PAST + 2500 * MINUTE, limit=2500) == found
    assert rig.candle_requests == asked
    assert {(priority, tenant) for tenant, priority, _, _ in rig.gateway.budgets.asked} == {("data", None)}


async def test_the_last_candles_hold_the_current_one(rig: Rig) -> None:
    minute, (status, body) = await within_a_minute(lambda: rig.ask(limit=5))
    assert status == 200
    assert body["partial"] is True
    assert body["rows"][-1][0] == minute
    assert len(body["rows"]) == 5


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
async def test_a_machine_whose_clock_is_wrong_tells_the_exchanges_current_candle(tmp_path: Path, ahead: int) -> None:
    async with opened(tmp_path, ahead) as rig:
        minute, (status, body) = await within_a_minute(lambda: rig.ask(limit=5))
        assert (status, body["partial"], len(body["rows"])) == (200, True, 5), body
        assert body["rows"][-1][0] == minute


@pytest.mark.parametrize(
    ("kind", "pair", "timeframe"),
    [("futures", "BTC/USDT:USDT", "1h"), ("mark", "BTC/USDT:USDT", "1h"), ("funding_rate", "BTC/USDT:USDT", "8h")],
)
async def test_futures_mark_prices_and_funding(rig: Rig, kind: str, pair: str, timeframe: str) -> None:
    step = {"1h": HOUR, "8h": 8 * HOUR}[timeframe]
    query = {"type": kind, "pair": pair, "timeframe": timeframe, "since": PAST, "until": PAST + 6 * step}
    rows = await rig.rows(**query)
    assert [row[0] for row in rows] == list(range(PAST, PAST + 6 * step, step))
    asked = len(rig.gateway.budgets.asked)
    assert await rig.rows(**query) == rows
    assert len(rig.gateway.budgets.asked) == asked


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"exchange": "nowhere"}, "exchange"),
        ({"exchange": "kraken/"}, "exchange"),
        ({"pair": "NOPE/USDT"}, "pair"),
        ({"pair": "BTC"}, "pair"),
        ({"timeframe": "7m"}, "timeframe"),
        ({"timeframe": "1M"}, "timeframe"),
        ({"type": "index"}, "type"),
        ({"limit": MOST + 1}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"since": "-1"}, "since"),
    ],
)
async def test_a_wrong_question_names_its_field(rig: Rig, query: dict[str, Any], field: str) -> None:
    status, body = await rig.ask(**query)
    assert (status, body["field"]) == (422, field)
    assert body["message"].endswith(".")


async def test_rolled_up_candles_are_the_exchanges_own(rig: Rig) -> None:
    await rig.rows(since=PAST, until=PAST + 4 * EVIDENCE * 15 * MINUTE, limit=MOST)
    count = 4 * EVIDENCE
    whole = await rig.own(symbol="BTCUSDT", interval="15m", startTime=PAST, limit=count)
    evidence = {"since": PAST + 3 * EVIDENCE * 15 * MINUTE, "limit": EVIDENCE}
    assert await rig.rows(timeframe="15m", **evidence) == whole[3 * EVIDENCE :]
    asked = rig.candle_requests
    assert await rig.rows(timeframe="15m", since=PAST, limit=count) == whole
    assert rig.candle_requests == asked
    async with rig.gateway.http.get(f"{rig.gateway.url}/metrics") as reply:
        told = await reply.text()
    assert f"gateway_candle_rolled_total {count - EVIDENCE}.0" in told


async def test_a_feather_file_can_be_had(rig: Rig, tmp_path: Path) -> None:
    query = {"exchange": "paper", "pair": "BTC/USDT", "timeframe": "1m", "since": str(PAST), "limit": "100"}
    headers = {"Accept": ARROW}
    async with rig.gateway.http.get(f"{rig.gateway.url}/v1/candles", params=query, headers=headers) as reply:
        assert (reply.status, reply.content_type) == (200, ARROW)
        assert reply.headers["X-Flotilla-Next"] == str(PAST + 100 * MINUTE)
        content = await reply.read()
    (tmp_path / "page.feather").write_bytes(content)
    frame = frame_of_table(feather.read_table(tmp_path / "page.feather"), Series.of("paper", "BTC/USDT", "1m"))
    assert frame.rows() == frame_of(await rig.rows(since=PAST, limit=100), 5).rows()


async def test_tickers_of_many_pairs_cost_one_request(rig: Rig) -> None:
    status, body = await rig.ask("/v1/tickers", pair="BTC/USDT")
    assert status == 200
    assert body["tickers"]["BTC/USDT"]["last"] > 0
    asked = len(rig.gateway.budgets.asked)
    url = f"{rig.gateway.url}/v1/tickers?exchange=paper&pair=BTC/USDT&pair=ETH/USDT&pair=NOPE/USDT"
    async with rig.gateway.http.get(url) as reply:
        assert set((await reply.json())["tickers"]) == {"BTC/USDT", "ETH/USDT"}
    assert len(rig.gateway.budgets.asked) == asked + 1
    many = "&".join(f"pair=A{number}/USDT" for number in range(MOST_PAIRS + 1))
    async with rig.gateway.http.get(f"{rig.gateway.url}/v1/tickers?exchange=paper&{many}") as reply:
        assert reply.status == 422


async def test_what_was_kept_is_told_while_the_exchange_is_away_and_the_rest_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        there = await rig.rows(since=PAST, limit=100)
        rig.exchange.front.faults.add(Fault(0, Kind.FAIL))
        status, body = await rig.ask(since=PAST, limit=200)
        assert (status, body.get("field")) == (503, None), body
        assert await rig.rows(since=PAST, limit=100) == there


async def test_a_gateway_that_starts_again_has_what_was_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        there = await rig.rows(since=PAST, limit=300)
    async with opened(tmp_path) as rig:
        assert await rig.rows(since=PAST, limit=300) == there
        assert rig.candle_requests == 0


async def test_of_one_address_only_so_many_are_worked_on_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOTILLA_GATEWAY_CANDLES_PER_PEER", "1")
    async with opened(tmp_path) as rig:
        answers = await asyncio.gather(*(rig.ask(since=PAST, limit=10) for _ in range(5)))
        assert sorted(status for status, _ in answers) == [200, 429, 429, 429, 429]
        assert (await rig.ask(since=PAST, limit=10))[0] == 200
