"""One of ten connections to the exchange is lost: before a request, instead of its answer, or in the middle of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ccxt
import pytest

from pool.bot.market.clients import routed
from pool.bot.market.fallback import Fallback
from pool.bot.market.kinds import sending
from pool.bot.market.routing import Router
from pool.bot.universal.journal import Intent, Journal, Purpose, State
from pool.bot.universal.orders_sending import Found, Gone, OutcomeUnknown, Sender
from pool.exchange.urls import paper_urls
from tests.integration.gateway.lossy import Lossy, between
from tests.integration.gateway.test_budget_real import Behind, gateway, limited
from tests.integration.gateway.test_budget_real import paper as paper
from tests.integration.gateway.test_budget_real import tables as tables
from tests.integration.simulator.conftest import Rig as Paper

SHARE, SEED, ORDERS, LIMIT = 0.1, 5, 40, 600
PAIR = "BTC/USDT"
ENTRY = Intent(
    purpose=Purpose.ENTRY, pair=PAIR, side="buy", is_short=False, order_type="limit", amount=0.001, rate=20_000.0,
    leverage=1.0, decided_at=datetime(2026, 11, 22, tzinfo=UTC).isoformat(),
)  # fmt: skip


class World:
    """The exchange by its own address, and what loses connections to it."""

    def __init__(self, paper: Paper, way: Lossy, behind: Behind, plain: Any, direct: str) -> None:
        self.paper, self.between, self.behind, self.plain, self.direct = paper, way, behind, plain, direct

    async def asked_straight(self, path: str) -> bytes:
        async with self.paper.http.get(self.direct + path) as reply:
            assert reply.status == 200
            return await reply.read()

    def lost_of(self, what: str) -> set[str]:
        return {loss for one, loss in self.between.lost if one == what}

    async def trader(self) -> tuple[Any, str]:
        """A bot's client whose signed requests go through the gateway, and its key."""
        made = await self.paper.control("POST", "accounts", balances={"USDT": "100000"})
        client = ccxt.binance({"apiKey": made["key"], "secret": made["secret"], "enableRateLimit": False})
        client.urls["api"] = paper_urls(self.paper.url, client.urls["api"])
        client.set_markets(self.plain.markets, self.plain.currencies)
        self.paper.follow(client)
        client.milliseconds = self.paper.now_ms
        client.options["timeDifference"] = 0
        router = Router(
            self.behind.url, Fallback("bot-1", lambda _: None), bot_id="bot-1", tenant="pool-1",
            exchange=lambda: "paper", signed_through=True, building=lambda: False,
        )  # fmt: skip
        return routed(client, router), made["key"]


@pytest.fixture
async def world(paper: Paper, tmp_path: Path, tables: Path) -> AsyncIterator[World]:
    plain, direct = paper.client(), paper.url
    await paper.control("POST", "weight-limit", limit=LIMIT)  # before it is listed for the first time
    await plain.load_markets()
    async with between(Lossy(direct, SHARE, SEED)) as loses:
        paper.url = loses.url
        async with gateway(paper, tmp_path / "gateway", tables) as behind:
            yield World(paper, loses, behind, plain, direct)
        paper.url = direct


async def test_answers_are_right_or_none_and_the_limit_is_kept_though_it_is_not_always_told(world: World) -> None:
    one = world.behind
    looks = {number: f"/api/v3/klines?symbol=BTCUSDT&interval=1m&limit={100 + number}" for number in range(300)}
    right = {number: await world.asked_straight(path) for number, path in looks.items() if number % 10 == 0}
    await limited_in_time(one)
    replies = dict(zip(looks, await asyncio.gather(*(one.ask(path) for path in looks.values())), strict=True))
    for number, reply in replies.items():
        assert (reply.status, reply.refused) in ((200, None), (502, "unreachable"), (429, "budget")), reply
        if reply.status == 200 and number in right:
            assert reply.body == right[number]
    told = [number for number, reply in replies.items() if reply.status == 200]
    assert set(told) & set(right)
    assert world.lost_of("GET /api/v3/klines") == {"before", "after", "within"}
    assert len(told) > 0.6 * 0.7 * LIMIT / 2, "what is lost counts at most as if it had arrived"
    counts = await one.charged()
    assert (counts["refused"], counts["banned"]) == (0, 0)
    again = await asyncio.gather(*(one.ask(looks[number]) for number in told))
    assert [reply.body for reply in again] == [replies[number].body for number in told]


async def limited_in_time(one: Behind) -> None:
    """The exchange's list of markets may be lost, too."""
    for _ in range(10):
        try:
            await limited(one, LIMIT)
        except AssertionError:
            continue
        return
    raise AssertionError("all of them were lost")


async def test_no_order_is_there_twice_and_of_each_it_is_known_whether_it_is(world: World, tmp_path: Path) -> None:
    client, key = await world.trader()
    journal, now = Journal(tmp_path / "orders.sqlite", "bot-1"), 1_000.0
    sender = Sender(journal, client, clock=lambda: now, sleep=lambda _: None)

    def send(number: int) -> None:
        intent = journal.plan(replace(ENTRY, tag=f"number {number}"))
        try:
            with sending("entry"):
                sender.send(intent, lambda more: client.create_order(PAIR, "limit", "buy", 0.001, 20_000.0, more))
        except (OutcomeUnknown, ccxt.BaseError):
            pass  # it stays open, or has ended: what the journal says is looked at below

    for number in range(ORDERS):
        await asyncio.to_thread(send, number)
    assert world.lost_of("POST /api/v3/order") == {"before", "after", "within"}
    unknown = {intent.number for intent in journal.all() if intent.state is State.PLANNED}
    assert unknown, "of some it is not known at once"
    for _ in range(20):
        now += 10.0
        for intent in journal.all():
            if intent.state is State.PLANNED:
                outcome = await asyncio.to_thread(sender.look, intent)
                if isinstance(outcome, Found | Gone):
                    journal.change(intent, state=State.PLACED if isinstance(outcome, Found) else State.VANISHED)
    assert {one.state for one in journal.all()} <= {State.PLACED, State.VANISHED}, "of each it is known in the end"
    ledger = await world.paper.control("GET", f"ledger?key={key}")
    there = [order["client_order_id"] for order in ledger["orders"]]
    assert len(there) == len(set(there)), "no order twice"
    assert set(there) == {one.client_order_id for one in journal.all() if one.state is State.PLACED}
    assert len(there) > ORDERS / 2
    journal.close()
