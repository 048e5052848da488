"""An exchange that does at once what it is asked, and answers when nobody waits any more; time stands still for it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pool.bot.market.kinds import sending
from pool.bot.universal.journal import Journal, State
from pool.bot.universal.orders_sending import Found, Gone, OutcomeUnknown, Sender
from pool.exchange.gateway.authority import MOST_FLYING
from pool.exchange.gateway.meters import SHARES
from tests.integration.gateway.lossy import Lossy, between
from tests.integration.gateway.test_budget_real import MARKETS, Behind, gateway
from tests.integration.gateway.test_budget_real import paper as paper
from tests.integration.gateway.test_budget_real import tables as tables
from tests.integration.gateway.test_lost_connections import ENTRY, LIMIT, PAIR, World
from tests.integration.simulator.conftest import Rig as Paper
from tests.support import PATIENT_SECONDS, eventually

DEPTH, CANCEL, ORDER = "GET /api/v3/depth", "DELETE /api/v3/order", "POST /api/v3/order"


class Slow(Lossy):
    """Nothing is lost."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange, 0.0, 0)
        self.answers = asyncio.Event()
        self.done: Counter[str] = Counter()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        reply = await super().answer(request)
        if not request.path.startswith("/control/"):
            self.done[f"{request.method} {request.path}"] += 1
            await self.answers.wait()
        return reply


@pytest.fixture
async def world(paper: Paper, tmp_path: Path, tables: Path) -> AsyncIterator[World]:
    plain, direct = paper.client(), paper.url
    await paper.control("POST", "weight-limit", limit=100 * LIMIT)
    await plain.load_markets()
    async with between(Slow(direct)) as slow:
        paper.url = slow.url
        async with gateway(paper, tmp_path / "gateway", tables, total_seconds=PATIENT_SECONDS) as behind:
            slow.answers.set()
            await behind.ask("/api/v3/exchangeInfo", **{"X-Flotilla-Kind": MARKETS})  # which tells its limits
            slow.answers.clear()
            yield World(paper, slow, behind, plain, direct)
            slow.answers.set()
        paper.url = direct


def slow_of(world: World) -> Slow:
    assert isinstance(world.between, Slow)
    return world.between


async def test_prices_are_refused_in_time_exits_go_and_nothing_is_asked_twice(world: World) -> None:
    one, slow, most = world.behind, slow_of(world), round(SHARES["price"] * MOST_FLYING)

    def look(number: int, priority: Any = "price") -> "asyncio.Task[Any]":
        return asyncio.create_task(one.ask(f"/api/v3/depth?symbol=BTCUSDT&limit={number + 5}", priority))

    async with asyncio.timeout(PATIENT_SECONDS):
        looks = [look(number) for number in range(most)]
        await eventually(lambda: slow.done[DEPTH] == most)
        others, late = [look(number) for number in range(10)], [look(most + number) for number in range(20)]
        await eventually(lambda: waiting(one) == len(late))
        world.paper.pass_seconds(6)
        cancel = asyncio.create_task(one.cancel())
        await eventually(lambda: slow.done[CANCEL] == 1, message="an exit goes whatever hangs")
        assert {reply.refused for reply in await asyncio.gather(*late)} == {"budget"}
        urgent = look(1_000, "urgent")
        await eventually(lambda: slow.done[DEPTH] == most + 1, message="so does a crossed stop's price")
        assert not any(task.done() for task in (cancel, urgent, *looks, *others))
        slow.answers.set()
        replies = await asyncio.gather(urgent, *looks, *others)
        assert {reply.status for reply in replies} == {200}
        assert (await cancel).status == 401, "nobody signed it"
    assert (slow.asked[DEPTH], slow.asked[CANCEL]) == (most + 1, 1)


def waiting(one: Behind) -> int:
    return sum(budget.waiting for budget in one.budgets.budgets("paper"))


async def test_an_order_of_which_nobody_heard_in_time_is_not_sent_again_and_found(world: World, tmp_path: Path) -> None:
    slow = slow_of(world)
    client, key = await world.trader()
    client.timeout = 300
    journal = Journal(tmp_path / "orders.sqlite", "bot-1")
    sender = Sender(journal, client, clock=lambda: 1_000.0, sleep=lambda _: None)
    intent = journal.plan(replace(ENTRY, tag="slow"))

    def send() -> None:
        with sending("exit"):
            sender.send(intent, lambda more: client.create_order(PAIR, "limit", "buy", 0.001, 20_000.0, more))

    with pytest.raises(OutcomeUnknown):
        await asyncio.to_thread(send)
    assert [one.state for one in journal.all()] == [State.PLANNED]
    await eventually(lambda: slow.done[ORDER] == 1)
    slow.answers.set()
    client.timeout = PATIENT_SECONDS * 1000
    async with asyncio.timeout(PATIENT_SECONDS):
        while not isinstance(outcome := await asyncio.to_thread(sender.look, intent), Found):
            assert not isinstance(outcome, Gone)
    ledger = await world.paper.control("GET", f"ledger?key={key}")
    assert [order["client_order_id"] for order in ledger["orders"]] == [intent.client_order_id]
    assert slow.asked[ORDER] == 1
    journal.close()
