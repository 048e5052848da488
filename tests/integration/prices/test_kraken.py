"""A price of another exchange is crossed and a bot is woken: the agent's watcher, the real gateway, its worker with
ccxt's own class, and answers as that exchange's documentation shows them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from pool.agent.asking import Asking
from pool.agent.watcher import Watcher
from pool.contract.frames import FollowFrame, LookFrame
from pool.contract.market import GatewayState
from pool.contract.risk import Watch
from pool.exchange.gateway.asking import Target
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.disk import Disk, boot_id
from pool.exchange.gateway.running import Options, Parts, running
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.server import serve
from pool.exchange.gateway.upstream import Answer
from tests.integration.gateway.rigs import OpenBudgets
from tests.support import eventually


def pair(altname: str, wsname: str, base: str, quote: str) -> dict[str, Any]:
    return {
        "altname": altname, "wsname": wsname, "aclass_base": "currency", "base": base, "aclass_quote": "currency",
        "quote": quote, "lot": "unit", "cost_decimals": 5, "pair_decimals": 1, "lot_decimals": 8, "lot_multiplier": 1,
        "leverage_buy": [2, 3], "leverage_sell": [2, 3], "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]],
        "fee_volume_currency": "ZUSD", "margin_call": 80, "margin_stop": 40, "ordermin": "0.00005", "costmin": "0.5",
        "tick_size": "0.1", "status": "online", "long_position_limit": 300, "short_position_limit": 240,
    }  # fmt: skip


def asset(altname: str) -> dict[str, Any]:
    return {"aclass": "currency", "altname": altname, "decimals": 10, "display_decimals": 5, "status": "enabled"}


def ticker(bid: str, ask: str) -> dict[str, Any]:
    return {
        "a": [ask, "1", "1.000"], "b": [bid, "1", "1.000"], "c": [bid, "0.00067643"], "v": ["4083.6", "4412.7"],
        "p": ["30706.7", "30689.1"], "t": [34619, 38907], "l": ["29868.3", "29868.3"], "h": ["31631.0", "31631.0"],
        "o": "30502.8",
    }  # fmt: skip


@dataclass
class Kraken:
    """In place of the network."""

    bid: str = "30300.0"
    silent: bool = False
    asked: list[Target] = field(default_factory=list)

    async def ask(self, method: str, asked: Target, headers: Any, body: bytes | None) -> Answer:
        self.asked.append(asked)
        if self.silent:
            raise Refused("unreachable", None, 502)
        results: dict[str, Any] = {
            "/0/public/Assets": {"XXBT": asset("XBT"), "XETH": asset("ETH"), "ZUSD": asset("USD")},
            "/0/public/AssetPairs": {
                "XXBTZUSD": pair("XBTUSD", "XBT/USD", "XXBT", "ZUSD"),
                "XETHZUSD": pair("ETHUSD", "ETH/USD", "XETH", "ZUSD"),
            },
            "/0/public/Ticker": {"XXBTZUSD": ticker(self.bid, "40000.0")},
        }
        told = json.dumps({"error": [], "result": results[asked.path]}).encode()
        return Answer(200, CIMultiDictProxy(CIMultiDict({"Content-Type": "application/json"})), told)

    async def close(self) -> None:
        return None

    def count(self, path: str) -> int:
        return sum(one.path == path for one in self.asked)


class Tables:
    def allowed(self, exchange: str) -> frozenset[str]:
        return frozenset({"api.kraken.com"} if exchange == "kraken" else ())

    async def load(self, exchange: str) -> None:
        return None


@dataclass
class Rig:
    kraken: Kraken
    budgets: OpenBudgets
    watcher: Watcher
    entry: Any
    sent: list[Any]
    state: Any

    def follows(self) -> list[FollowFrame]:
        return [frame for frame in self.sent if isinstance(frame, FollowFrame)]

    def looks(self) -> list[LookFrame]:
        return [frame for frame in self.sent if isinstance(frame, LookFrame)]


@asynccontextmanager
async def opened(directory: Path, exchange: str) -> AsyncIterator[Rig]:
    kraken, budgets, sent = Kraken(), OpenBudgets(), list[Any]()
    upstream: Any = kraken
    parts = Parts(Tables(), budgets, upstream, Clock(), Disk(directory / "answers.sqlite", boot_id()))
    async with running(Options(directory, streams=False), parts) as answer:
        runner, port = await serve(answer, "127.0.0.1", 0)
        facts = SimpleNamespace(spec=SimpleNamespace(exchange=exchange))
        entry: Any = SimpleNamespace(bot_id="bot", facts=facts, connection=SimpleNamespace(send=sent.append))
        keeper: Any = SimpleNamespace(entries={"bot": entry})
        url = f"http://127.0.0.1:{port}"
        watcher = Watcher(keeper, None, Asking(url, "pool-1"))
        watching = asyncio.create_task(watcher.watch_prices())

        async def state() -> GatewayState:
            async with watcher._session.get(f"{url}/v1/state") as reply:  # type: ignore[union-attr]
                return GatewayState.model_validate_json(await reply.read())

        try:
            yield Rig(kraken, budgets, watcher, entry, sent, state)
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await runner.cleanup()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path, "kraken") as rig:
        yield rig


def below(price: int, symbol: str = "XXBTZUSD") -> Watch:
    return Watch(trade_id=7, symbol=symbol, is_short=False, below=Decimal(price))


async def test_a_price_that_is_crossed_wakes_its_bot(rig: Rig) -> None:
    rig.watcher.watch(rig.entry, [below(30_000)], 1)
    (follow, *_) = await eventually(rig.follows, message="the bot is told that its price is followed")
    assert (follow.quotes["XXBTZUSD"].bid, follow.quotes["XXBTZUSD"].ask) == (Decimal(30_300), Decimal(40_000))
    assert rig.looks() == []
    rig.kraken.bid = "29999.9"
    (look, *_) = await eventually(rig.looks, message="the bot is woken")
    assert look.trade_ids == [7]
    assert {priority for _, priority, _, path in rig.budgets.asked if path == "/0/public/Ticker"} == {"price"}
    assert all("XXBTZUSD" in one.query for one in rig.kraken.asked if one.path == "/0/public/Ticker")
    (feed,) = (await rig.state()).feeds
    assert (feed.exchange, feed.market, feed.way, feed.symbols, feed.told) == ("kraken", "spot", "polling", 1, 1)
    assert rig.watcher.notes == []


async def test_a_market_without_a_price_is_not_followed_and_takes_none_from_others(rig: Rig) -> None:
    """ETH is traded there, but the answer lacks it: the bot that waits for both keeps its loop."""
    rig.watcher.watch(rig.entry, [below(30_000), below(1_000, "XETHZUSD"), below(1, "NEVER_HEARD_OF")], 1)
    rig.kraken.bid = "29999.9"
    await eventually(rig.looks, message="the price that is told wakes")
    asked = rig.kraken.count("/0/public/Ticker")
    await eventually(lambda: rig.kraken.count("/0/public/Ticker") > asked + 1)
    assert rig.follows() == []


async def test_while_the_exchange_is_silent_nobody_is_told_that_prices_are_followed(rig: Rig) -> None:
    rig.watcher.watch(rig.entry, [below(30_000)], 1)
    await eventually(rig.follows)
    rig.kraken.silent = True
    asked = rig.kraken.count("/0/public/Ticker")
    await eventually(lambda: rig.kraken.count("/0/public/Ticker") > asked, message="it is asked in vain")

    async def problem() -> str | None:
        feeds = (await rig.state()).feeds
        return str(feeds[0].problem) if feeds and feeds[0].problem else None

    assert "does not answer" in str(await eventually(problem))
    last = 0.0
    for _ in range(2):  # what was on its way to the agent has come by the first
        last = max(frame.until for frame in rig.follows())
        asked = rig.kraken.count("/0/public/Ticker")
        await eventually(lambda asked=asked: rig.kraken.count("/0/public/Ticker") > asked, message="asked in vain")
    assert max(frame.until for frame in rig.follows()) == last
    rig.kraken.silent, rig.kraken.bid = False, "29999.9"
    await eventually(rig.looks, message="it comes back by itself")


async def test_bots_of_an_exchange_whose_prices_are_not_comparable_keep_their_loop(tmp_path: Path) -> None:
    async with opened(tmp_path, "hyperliquid") as rig:
        rig.watcher.watch(rig.entry, [below(30_000, "BTC")], 1)
        (note,) = await eventually(lambda: rig.watcher.notes)
        assert "not the best of the book" in note
        assert (rig.follows(), rig.kraken.asked) == ([], [])
