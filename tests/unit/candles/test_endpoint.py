"""Who asks for much of one thing has the other all the same."""

import asyncio
from types import SimpleNamespace
from typing import Any

from multidict import MultiDict

from pool.exchange.gateway.candles.endpoint import CandleEndpoint
from tests.support import PATIENT_SECONDS


class Service:
    """Candles take their time."""

    settings = SimpleNamespace(per_peer=1)

    def __init__(self) -> None:
        self.port = 0
        self.begun, self.there = asyncio.Event(), asyncio.Event()

    async def page(self, _: Any) -> Any:
        self.begun.set()
        await self.there.wait()
        return SimpleNamespace(next=None, body=lambda: {"rows": []})

    async def tickers(self, exchange: str, kind: str, pairs: list[str]) -> dict[str, Any]:
        return {pair: {"last": 1.0} for pair in pairs}


def asking(**query: str) -> Any:
    named = MultiDict({"exchange": "paper", "pair": "BTC/USDT", **query})
    return SimpleNamespace(remote="peer", query=named, headers={}, get_extra_info=lambda _: ("127.0.0.1", 9100))


async def test_candles_of_one_address_take_no_place_of_its_prices() -> None:
    service: Any = Service()
    endpoint = CandleEndpoint(service)
    async with asyncio.timeout(PATIENT_SECONDS):
        page = asyncio.create_task(endpoint.candles(asking(timeframe="1m")))
        await service.begun.wait()
        assert (await endpoint.candles(asking(timeframe="1m"))).status == 429
        assert (await endpoint.tickers(asking())).status == 200
        service.there.set()
        assert (await page).status == 200
        assert (await endpoint.candles(asking(timeframe="1m"))).status == 200
