"""Payments of funding, as `/fapi` lists them."""

import json
from collections import Counter

import pytest

from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.futures.perpetuals import FUNDING_SECONDS, Perpetuals
from pool.exchange.simulator.futures.public import FuturesPublicApi
from pool.exchange.simulator.klines import Klines
from pool.exchange.simulator.listings import make_listings
from pool.exchange.simulator.market import Market
from pool.exchange.simulator.scripts import Piece

DUE = 1_790_000_000 // FUNDING_SECONDS * FUNDING_SECONDS
_PATH = "/fapi/v1/fundingRate"


def test_prices_of_past_payments_are_made_once_and_those_of_this_second_may_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    market, ticks, asked = Market(7, *make_listings(5)), Market.ticks, Counter[int]()
    api = FuturesPublicApi(market, Perpetuals(7, market.listings), Klines(market)).endpoints()[("GET", _PATH)]

    def counted(it: Market, symbol: str, second: int) -> int:
        asked[second] += 1
        return ticks(it, symbol, second)

    def prices() -> list[float]:
        body = api.answer(Call("GET", _PATH, "symbol=BTCUSDT&limit=50", b"", {}, DUE * 1000))
        assert isinstance(body, bytes)
        return [float(payment["markPrice"]) for payment in json.loads(body)]

    monkeypatch.setattr(Market, "ticks", counted)
    before = prices()
    market.script("BTCUSDT", Piece(DUE, 0, 50_000, 50_000))

    assert len(before) == 50
    assert prices() == [*before[:-1], 50_000]
    assert asked == {DUE: 2} | {DUE - number * FUNDING_SECONDS: 1 for number in range(1, 50)}
