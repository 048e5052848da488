"""What the agent asks through the gateway, and how it does without."""

from collections.abc import Callable, Iterator

import aiohttp
import pytest

from pool.agent import asking
from pool.agent.asking import Answer, Asking
from pool.bot.market.fallback import Fallback
from pool.contract.market import Kind
from tests.integration.bot.stand_in import Server, server
from tests.support import free_port
from tests.unit.bot.clock import Clock

_LONG, _SHORT = 60.0, 0.2
TICKER, PATH = Kind(name="ticker"), "/api/v3/ticker/bookTicker"


@pytest.fixture
def exchange() -> Iterator[Server]:
    with server("exchange") as running:
        yield running


@pytest.fixture
def gateway() -> Iterator[Server]:
    with server("gateway") as running:
        yield running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """So long an answer is waited for; long, unless a test is about who never answers."""

    def wait_for(seconds: float) -> None:
        for name in ("_THROUGH_SECONDS", "_PING_SECONDS"):
            monkeypatch.setattr(asking, name, seconds)

    wait_for(_LONG)
    return wait_for


class Agent:
    def __init__(self, gateway: str | None, exchange: Server) -> None:
        self.clock = Clock()
        self.told: list[str | None] = []
        self._asking = Asking(gateway, "pool-1", Fallback("agent", self.told.append, clock=self.clock))
        self._url = exchange.url + PATH

    async def ask(self) -> Answer:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_LONG)) as session:
            return await self._asking.get(session, "paper", self._url, {"symbols": '["BTCUSDT","ETHUSDT"]'}, TICKER)


async def test_prices_come_through_the_gateway(gateway: Server, exchange: Server) -> None:
    answer = await Agent(gateway.url, exchange).ask()
    assert (answer.status, answer.body) == (200, b"[]")
    assert exchange.requests == []
    (asked,) = gateway.requests
    assert asked.path == f"/x/paper/http/{exchange.url.removeprefix('http://')}{PATH}"
    assert asked.query.replace("%5B", "[").replace("%22", '"').replace("%2C", ",").replace("%5D", "]") == (
        'symbols=["BTCUSDT","ETHUSDT"]'
    )
    assert (asked.headers["x-flotilla-kind"], asked.headers["x-flotilla-tenant"]) == ("ticker", "pool-1")
    assert asked.headers["x-flotilla-priority"] == "price", "exits wait for it"


async def test_without_a_gateway_as_ever(exchange: Server) -> None:
    assert (await Agent(None, exchange).ask()).status == 200
    assert exchange.headers_of(PATH) == {}


@pytest.mark.parametrize("mode", ["dead", "stranger", "cut", "hanging"])
async def test_where_the_gateway_fails_the_exchange_is_asked_until_it_is_back(
    mode: str, gateway: Server, exchange: Server, patience: Callable[[float], None]
) -> None:
    patience(_SHORT if mode == "hanging" else _LONG)
    gateway.mode = "good" if mode == "dead" else mode  # type: ignore[assignment]
    agent = Agent(f"http://127.0.0.1:{free_port()}" if mode == "dead" else gateway.url, exchange)
    assert (await agent.ask()).status == 200
    asked = len(gateway.requests)
    assert (await agent.ask()).status == 200
    assert (len(exchange.requests), len(gateway.requests)) == (2, asked), "no further look goes to a dead gateway"
    assert len(agent.told) == 1
    if mode == "dead":
        return
    gateway.mode = "good"
    patience(_LONG)
    agent.clock.pass_(5)
    assert (await agent.ask()).status == 200
    assert len(exchange.requests) == 2
    assert agent.told[1:] == [None]


async def test_what_the_gateway_refuses_is_not_asked_straight(gateway: Server, exchange: Server) -> None:
    agent = Agent(gateway.url, exchange)
    gateway.refusal = (429, "budget")
    assert (await agent.ask()).status == 429
    assert exchange.requests == []
    gateway.refusal = (403, "host")
    assert (await agent.ask()).status == 200
    assert len(exchange.requests) == 1
    assert agent.told == []
