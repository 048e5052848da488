"""The worker's side of a websocket: looks at the exchange bear it out, or end it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pool.contract.market import Price
from pool.exchange.gateway.prices import looks, streaming
from tests.integration.simulator.conftest import Rig as Paper
from tests.integration.simulator.conftest import rig  # noqa: F401 (a fixture)
from tests.support import eventually


class Bench:
    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.pushed: list[dict[str, Any]] = []
        self.client = paper.pro_client(fetchMarkets={"types": ["spot"]})
        self.stream = streaming.Stream("spot", self._opened, self.pushed.append)
        self.stream.want(["BTCUSDT"])

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Any]:
        if self.client.markets is None:
            await self.client.load_markets()
        yield self.client

    async def look(self, *others: str) -> bool:
        """Whether it is borne out by a look at its market, and at others that it does not follow."""
        seen = await looks.best(self.client, "paper", "spot", ["BTCUSDT", *others])
        assert seen["prices"].keys() == {"BTCUSDT", *others}
        told = {name: Price.model_validate(price) for name, price in seen["prices"].items()}
        return bool(self.stream.judge(told, seen["asked_at"])["proven"])

    async def falls(self) -> None:
        """Each second, so that what is late is wrong."""
        await self.paper.control("POST", "prices/ramp", symbol="BTCUSDT", ratio="0.5", seconds=600)

    def heard(self) -> bool:
        return any(told.get("prices") for told in self.pushed)

    def broken(self) -> list[str]:
        return [told["broken"] for told in self.pushed if "broken" in told]


@pytest.fixture
async def bench(rig: Paper) -> AsyncIterator[Bench]:  # noqa: F811
    bench = Bench(rig)
    await bench.falls()
    await eventually(bench.heard)
    yield bench
    await bench.stream.aclose()


async def test_a_look_at_more_than_is_followed_bears_out_what_is(bench: Bench) -> None:
    await eventually(lambda: bench.look("ETHUSDT"), message="it is borne out")


async def test_what_is_late_without_telling_times_is_not_borne_out_and_opened_anew(bench: Bench) -> None:
    await eventually(bench.look, message="it is borne out")
    bench.pushed.clear()
    await bench.paper.control("POST", "faults", kind="stream_delayed", milliseconds=10_000)

    async def ended() -> list[str]:
        await bench.look()
        return bench.broken()

    assert await eventually(ended) == ["What its websocket tells is not what the exchange answers."]
    await bench.paper.control("DELETE", "faults")
    bench.pushed.clear()
    await eventually(bench.heard, message="another connection tells prices")
    await eventually(bench.look, message="it is borne out")
