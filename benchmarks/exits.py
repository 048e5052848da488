"""`make bench-exits`: from a price crossing at the exchange to the exit order that it receives.

Bots in a pool under a universal document (a take-profit level, or a trailing stop), and beside them, in the same run
and on the same exchange, plain `freqtrade trade` processes with the same rule of their own (`minimal_roi`,
`trailing_stop`). All trade live with signed orders on the paper exchange, each its own pair and account, with one
strategy that enters whenever it may. Again and again, at moments of its own, each pair's price is moved across its
bot's threshold; what counts is from just before that until the exchange's time stamp of the sell order, in seconds.
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.rigs import PlainRig, PoolRig, paper_exchange, plain, pool, wait_until
from orchestrator.templates.render import RenderedBot
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.slots import StrategySource

RULES = ("take_profit", "trailing_stop")
_DOCUMENTS: dict[str, dict[str, Any]] = {
    "take_profit": {"take_profit": {"levels": [{"profit": "0.02"}]}},
    "trailing_stop": {"trailing_stop": {"activation": "0.01", "distance": "0.005"}},
}
_OWN: dict[str, dict[str, Any]] = {
    "take_profit": {"minimal_roi": {"0": 0.02}},
    "trailing_stop": {
        "trailing_stop": True,
        "trailing_stop_positive": 0.005,
        "trailing_stop_positive_offset": 0.01,
        "trailing_only_offset_is_reached": True,
    },
}
"""The same to FreqTrade itself."""
_PEAK, _BEYOND = 1.02, {"take_profit": 1.03, "trailing_stop": 1.008}
"""Of the entry price: where a trailing stop is pulled up, and what crosses each threshold."""
_PEAK_SECONDS = 12.0
"""Two loops of FreqTrade: all have seen the peak."""
_REST_SECONDS = (7.0, 14.0)
_PATIENCE_SECONDS = 60.0
_STRATEGY = '''
from freqtrade.strategy import IStrategy


class Enters(IStrategy):
    """Enters whenever it may; what closes is configured."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.5
    startup_candle_count = 5
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''


def main() -> None:
    arguments = _arguments()
    scratch = Path(tempfile.mkdtemp(prefix="flotilla-exits-"))
    try:
        result = _measure(scratch, arguments.bots, arguments.plain, arguments.minutes * 60)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.json:
        print(json.dumps(result))
        return
    table = Table("seconds from crossing to order", "exits", "p50", "p99", "max", "missed", title="Exits")
    for side in ("pool", "plain"):
        for rule in RULES:
            told = result[side][rule]
            table.add_row(f"{side}, {rule}", *(str(told[name]) for name in ("exits", "p50", "p99", "max", "missed")))
    Console().print(table)


@dataclass
class _Market:
    """The exchange's control."""

    url: str
    token: str

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=f"{self.url}/control", headers=headers, timeout=30)

    def accounts(self, count: int) -> list[dict[str, str]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=f"{self.url}/control", headers=headers, timeout=30) as client:
            body = {"balances": {"USDT": "100000"}}
            return [client.post("/accounts", json=body).raise_for_status().json() for _ in range(count)]

    def prices(self) -> dict[str, float]:
        """Of pairs against USDT that are worth something."""
        told = httpx.get(f"{self.url}/api/v3/ticker/price", timeout=30).raise_for_status().json()
        known = {one["symbol"]: float(one["price"]) for one in told}
        return {name: price for name, price in known.items() if name.endswith("USDT") and price > 0.05}


@dataclass
class _Bot:
    """One bot of either side, on a pair of its own."""

    side: str
    rule: str
    symbol: str
    base: float
    account: dict[str, str]
    seconds: list[float] = field(default_factory=list)
    missed: int = 0

    @property
    def pair(self) -> str:
        return f"{self.symbol.removesuffix('USDT')}/USDT"


def _measure(scratch: Path, bots: int, plain_bots: int, seconds: float) -> dict[str, Any]:
    count = bots + plain_bots
    with paper_exchange(scratch / "exchange", max(3 * count, 60)) as url:
        market = _Market(url, (scratch / "exchange" / "control-token").read_text().strip())
        fleet = _fleet(market, bots, plain_bots)
        asyncio.run(_set_all(market, fleet))
        in_pool = [bot for bot in fleet if bot.side == "pool"]
        beside = [bot for bot in fleet if bot.side == "plain"]
        with pool(scratch / "pool", url, max(bots, 1)) as rig, plain(scratch / "plain", url) as other:
            _start_pool(rig, in_pool)
            other.start([_rendered(bot) for bot in beside])
            other.wait_running(600)
            wait_until(lambda: rig.running() == bots, 600, "all bots")
            asyncio.run(_drive(market, fleet, seconds))
            _check_alive(rig, other, bots)
    return {side: {rule: _summary(fleet, side, rule) for rule in RULES} for side in ("pool", "plain")}


def _fleet(market: _Market, bots: int, plain_bots: int) -> list[_Bot]:
    sides = ["pool"] * bots + ["plain"] * plain_bots
    prices = iter(market.prices().items())
    accounts = market.accounts(len(sides))
    fleet = []
    for number, (side, account) in enumerate(zip(sides, accounts, strict=True)):
        symbol, price = next(prices)
        fleet.append(_Bot(side, RULES[number % len(RULES)], symbol, price, account))
    return fleet


def _start_pool(rig: PoolRig, bots: list[_Bot]) -> None:
    for number, bot in enumerate(bots):
        rendered = _rendered(bot)
        body = {
            "epoch": 1,
            "generation": 1,
            "desired": "running",
            "exchange": "paper",
            "trading": "paper_live",
            "credentials": {"key": bot.account["key"], "secret": bot.account["secret"]},
            "config": rendered.config,
            "strategy": rendered.strategy.model_dump(),
            "policy": _policy(bot.rule).model_dump(mode="json"),
        }
        rig.agent.put(f"/v1/slots/bench-{number:03d}", json=body).raise_for_status()


def _policy(rule: str) -> PolicyInForce:
    document = PolicyDocument.model_validate(_DOCUMENTS[rule])
    return PolicyInForce(label="1.0.0", fingerprint=rule, document=document)


def _rendered(bot: _Bot) -> RenderedBot:
    """A bot of the pool keeps the document; a plain one has the rule as FreqTrade's own, and its key in its file."""
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    exchange: dict[str, Any] = {"pair_whitelist": [bot.pair]}
    config: dict[str, Any] = {
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": 100,
        "timeframe": "1m",
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "pairlists": [{"method": "StaticPairList"}],
        "exchange": exchange,
    }
    if bot.side == "plain":
        exchange |= {"key": bot.account["key"], "secret": bot.account["secret"]}
        config |= {"dry_run": False, **_OWN[bot.rule]}
    return RenderedBot(config, StrategySource(class_name="Enters", source=_STRATEGY))


async def _set_all(market: _Market, fleet: list[_Bot]) -> None:
    async with market.client() as client:
        for bot in fleet:
            await _set(client, bot, 1.0)


async def _drive(market: _Market, fleet: list[_Bot], seconds: float) -> None:
    until = time.monotonic() + seconds
    async with market.client() as client:
        await asyncio.gather(*(_drive_one(client, bot, until) for bot in fleet))


async def _drive_one(client: httpx.AsyncClient, bot: _Bot, until: float) -> None:
    while time.monotonic() < until:
        await _set(client, bot, 1.0)
        if not await _holds(client, bot, until):
            return
        await asyncio.sleep(random.uniform(*_REST_SECONDS))
        if bot.rule == "trailing_stop":
            await _set(client, bot, _PEAK)
            await asyncio.sleep(_PEAK_SECONDS)
        crossed_at = time.time()
        await _set(client, bot, _BEYOND[bot.rule])
        took = await _sold_after(client, bot, crossed_at)
        if took is None:
            bot.missed += 1
        else:
            bot.seconds.append(took)


async def _set(client: httpx.AsyncClient, bot: _Bot, ratio: float) -> None:
    body = {"symbol": bot.symbol, "price": f"{bot.base * ratio:.8f}"}
    (await client.post("/prices/set", json=body)).raise_for_status()


async def _holds(client: httpx.AsyncClient, bot: _Bot, until: float) -> bool:
    """Waits for a purchase that is not sold again; False when the time is over."""
    while time.monotonic() < until:
        orders = await _orders(client, bot)
        if orders and orders[-1]["side"] == "BUY" and orders[-1]["status"] == "FILLED":
            return True
        await asyncio.sleep(1)
    return False


async def _sold_after(client: httpx.AsyncClient, bot: _Bot, at: float) -> float | None:
    """Seconds from then to the sell order; None where none came."""
    deadline = time.time() + _PATIENCE_SECONDS
    while time.time() < deadline:
        await asyncio.sleep(1)
        for order in await _orders(client, bot):
            if order["side"] == "SELL" and order["created_ms"] / 1000 >= at - 0.001:
                return float(order["created_ms"] / 1000 - at)
    return None


async def _orders(client: httpx.AsyncClient, bot: _Bot) -> list[dict[str, Any]]:
    """Oldest first."""
    told = (await client.get("/ledger", params={"key": bot.account["key"]})).raise_for_status().json()
    return sorted(told["orders"], key=lambda order: int(order["id"]))


def _check_alive(rig: PoolRig, other: PlainRig, bots: int) -> None:
    if rig.running() != bots or other.dead():
        raise RuntimeError(f"{bots - rig.running()} bots of the pool and {other.dead()} plain ones ended meanwhile")


def _summary(fleet: list[_Bot], side: str, rule: str) -> dict[str, float]:
    mine = [bot for bot in fleet if (bot.side, bot.rule) == (side, rule)]
    ordered = sorted(seconds for bot in mine for seconds in bot.seconds)
    found: dict[str, float] = {"exits": len(ordered), "missed": sum(bot.missed for bot in mine)}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        found[name] = round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else 0.0
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exits", description=__doc__)
    parser.add_argument("--bots", type=int, default=50, help="bots in the pool")
    parser.add_argument("--plain", type=int, default=10, help="plain processes beside them")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
