"""The paper exchange as a service, and what is known of markets."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from orchestrator.errors import InvalidSpec
from orchestrator.exchanges import markets as markets_module
from orchestrator.exchanges.markets import MarketDirectory, search
from orchestrator.exchanges.paper import PaperExchange
from tests.integration.orchestrator.rig import Rig
from tests.support import eventually


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[PaperExchange]:
    exchange = PaperExchange(tmp_path / "paper-exchange", symbols=20)
    yield exchange
    await exchange.stop()


async def test_it_starts_trades_and_comes_back_at_the_same_address(exchange: PaperExchange, tmp_path: Path) -> None:
    assert exchange.url() is None
    await exchange.ensure()
    await exchange.ensure()
    url = await eventually(exchange.url)
    markets = MarketDirectory(exchange.url)
    pairs = await markets.pairs("paper")
    assert pairs is not None
    assert "BTC/USDT" in pairs
    assert "BTC/USDT:USDT" not in pairs
    assert "BTC/USDT:USDT" in (await markets.pairs("paper", "futures") or ())
    adopted = PaperExchange(tmp_path / "paper-exchange", symbols=20)
    await eventually(adopted.alive)
    assert adopted.url() == url
    pid = adopted._living_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    async def dead() -> bool:
        return not await exchange.alive()

    await eventually(dead)
    await exchange.ensure()

    async def answers() -> bool:
        return await MarketDirectory(exchange.url).pairs("paper") is not None

    await eventually(answers)
    assert exchange.url() == url
    await exchange.stop()
    assert not await exchange.alive()


def answering(status: int, body: object) -> MarketDirectory:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    return MarketDirectory(lambda: "http://paper", transport)


SYMBOLS = {
    "symbols": [
        {"baseAsset": "BTC", "quoteAsset": "USDT", "status": "TRADING"},
        {"baseAsset": "OLD", "quoteAsset": "USDT", "status": "BREAK"},
    ]
}


async def test_pairs_that_the_exchange_lacks_are_named(rig: Rig) -> None:
    markets = answering(200, SYMBOLS)
    await markets.check_pairs(rig.spec(pairs=["BTC/USDT"]))
    with pytest.raises(InvalidSpec) as refused:
        await markets.check_pairs(rig.spec(pairs=["BTC/USDT", "OLD/USDT", "NONE/USDT"]))
    assert refused.value.params["field"] == "pairs"
    assert refused.value.params["missing"] == ["OLD/USDT", "NONE/USDT"]
    assert "OLD/USDT, NONE/USDT" in refused.value.message


@pytest.mark.parametrize(("status", "body"), [(503, {}), (200, {}), (200, []), (200, {"symbols": [{}]})])
async def test_an_exchange_that_cannot_be_asked_forbids_nothing(rig: Rig, status: int, body: object) -> None:
    markets = answering(status, body)
    assert await markets.pairs("paper") is None
    await markets.check_pairs(rig.spec(pairs=["NONE/USDT"]))


async def test_real_exchanges_are_not_asked(rig: Rig) -> None:
    markets = answering(200, SYMBOLS)
    assert await markets.pairs("binance") is None
    await markets.check_pairs(rig.spec(exchange="binance", pairs=["NONE/USDT"]))
    assert await MarketDirectory(lambda: None).pairs("paper") is None


async def test_an_exchange_that_does_not_answer_is_left_alone_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, now = [], [100.0]
    monkeypatch.setattr(markets_module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(503) if len(asked) == 1 else httpx.Response(200, json=SYMBOLS)

    markets = MarketDirectory(lambda: "http://paper", httpx.MockTransport(answer))
    assert await markets.pairs("paper") is None
    assert await markets.pairs("paper") is None
    assert len(asked) == 1, "whoever waited for it would wait once more"
    assert await markets.pairs("paper", "futures") == {"BTC/USDT"}, "of which it was not asked"
    now[0] += 2.5
    assert await markets.pairs("paper") == {"BTC/USDT"}
    now[0] += 30
    assert await markets.pairs("paper") == {"BTC/USDT"}
    assert len(asked) == 3
    now[0] += 31
    assert await markets.pairs("paper") == {"BTC/USDT"}
    assert len(asked) == 4


PAIRS = ["BTC/USDT", "BTCDOM/USDT", "WBTC/USDT", "BTC/EUR", "ETH/BTC", "ETH/USDT", "ETH/USDT:USDT"]


@pytest.mark.parametrize(
    ("text", "quote", "found"),
    [
        ("btc", None, ["BTC/EUR", "BTC/USDT", "BTCDOM/USDT", "ETH/BTC", "WBTC/USDT"]),
        ("btc", "USDT", ["BTC/USDT", "BTCDOM/USDT", "WBTC/USDT"]),
        (" BTC/u ", None, ["BTC/USDT", "WBTC/USDT"]),
        ("", "BTC", ["ETH/BTC"]),
        ("eth/usdt", "USDT", ["ETH/USDT", "ETH/USDT:USDT"]),
        ("none", None, []),
    ],
)
def test_what_is_searched_for_comes_first(text: str, quote: str | None, found: list[str]) -> None:
    assert search(PAIRS, text, quote) == found
