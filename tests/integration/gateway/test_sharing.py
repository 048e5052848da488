"""Who gets what was fetched for another, and who does not."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pool.contract.market import Kind
from pool.exchange.gateway.seams import Refused
from tests.integration.gateway.rigs import CANDLES, Clocks, Reply, Rig, Scripted, json_of
from tests.support import eventually

MINUTE = 60_000
PADDING = "0" * 600
"""Answers this long are not taken for errors."""
BOOK, MARKETS = Kind(name="book"), Kind(name="markets")


def numbered(text: str = PADDING) -> Callable[[web.BaseRequest], web.Response]:
    """Another answer each time."""
    counted = iter(range(1_000))
    return lambda _: web.json_response([next(counted), text])


def candles(clocks: Clocks, late: int = 0) -> Callable[[web.BaseRequest], web.Response]:
    """The last three candles by the test's clocks, the current one among them unless the exchange is `late`."""

    def answer(_: web.BaseRequest) -> web.Response:
        now = clocks.now_ms()
        current = now // MINUTE * MINUTE
        return web.json_response([[current - back * MINUTE, "1", PADDING, now] for back in (late + 2, late + 1, late)])

    return answer


def next_minute(clocks: Clocks, seconds: float = 0.0) -> None:
    """Set the clocks forward, to so many seconds after the next close."""
    clocks.ahead += (MINUTE - clocks.now_ms() % MINUTE) / 1000 + seconds


async def both(rig: Rig, path: str, kind: Kind) -> tuple[Reply, Reply]:
    return await rig.get(path, kind), await rig.get(path, kind)


async def test_a_kept_answer_is_the_same_to_the_bit_and_tells_its_age(rig: Rig, exchange: Scripted) -> None:
    body = '[1.10, "\\u00e9", 1e5 ]' + " " * 600
    exchange.handlers["/markets"] = json_of(body)
    first, second = await both(rig, "/markets?b=2&a=1", MARKETS)
    assert (first.how, second.how) == ("miss", "hit")
    assert first.body == second.body == body.encode()
    rig.clocks.ahead += 100
    third = await rig.get("/markets?a=1&b=2", MARKETS)
    assert (third.how, third.body) == ("hit", body.encode())
    assert 100_000 <= int(third.headers["X-Flotilla-Age"]) < 300_000
    assert int(third.headers["Age"]) == int(third.headers["X-Flotilla-Age"]) // 1000
    assert third.headers["Content-Type"] == first.headers["Content-Type"]
    rig.clocks.ahead += 201
    assert (await rig.get("/markets?a=1&b=2", MARKETS)).how == "miss"
    assert exchange.count("/markets") == 2


async def test_how_fresh_is_for_the_asker_to_say_and_harms_nobody_else(rig: Rig, exchange: Scripted) -> None:
    """A bot that says that a book is a list of markets gets an old one; the next one does not."""
    exchange.handlers["/book"] = numbered()
    await rig.get("/book", MARKETS)
    rig.clocks.ahead += 20
    assert (await rig.get("/book", MARKETS)).how == "hit"
    honest = await rig.get("/book", BOOK)
    assert (honest.how, json.loads(honest.body)[0]) == ("miss", 1)


@pytest.mark.parametrize("liar", [Kind(name="time"), Kind(name="candles", timeframe=86_400, since=0, limit=1)])
async def test_nobody_can_keep_others_from_what_is_fresh(rig: Rig, exchange: Scripted, liar: Kind) -> None:
    exchange.handlers["/book"] = numbered()
    await rig.get("/book", liar)
    rig.clocks.ahead += 2
    assert (await rig.get("/book", BOOK)).how == "miss"


async def test_candles_come_once_a_minute(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/klines"] = candles(rig.clocks)
    assert [reply.how for reply in await both(rig, "/klines", CANDLES)] == ["miss", "hit"]
    next_minute(rig.clocks, 5.0)
    assert [reply.how for reply in await both(rig, "/klines", CANDLES)] == ["miss", "hit"]
    rig.clocks.ahead += 54.9
    assert (await rig.get("/klines", CANDLES)).how == "hit"
    assert exchange.count("/klines") == 2


async def test_right_after_a_close_they_come_once_a_second(rig: Rig, exchange: Scripted) -> None:
    """The exchange may still change the one that closed, and FreqTrade keeps what it is told for a minute."""
    exchange.handlers["/klines"] = candles(rig.clocks)
    next_minute(rig.clocks, 0.5)
    hows = []
    for _ in range(12):
        hows.append((await rig.get("/klines", CANDLES)).how)
        rig.clocks.ahead += 0.75
    assert hows == ["miss", "hit"] * 3 + ["miss"] + ["hit"] * 5


async def test_who_is_late_after_a_close_only_because_bots_are_spread_costs_no_request(
    rig: Rig, exchange: Scripted
) -> None:
    exchange.handlers["/klines"] = candles(rig.clocks)
    due = CANDLES.model_copy(update={"at_close": True})
    next_minute(rig.clocks, 1.1)
    hows = []
    for _ in range(15):
        hows.append((await rig.get("/klines", due)).how)
        rig.clocks.ahead += 0.75
    assert hows == ["miss"] + ["hit"] * 13 + ["miss"], "later than ten seconds he has what is certain"


async def test_who_asks_by_himself_after_a_close_has_nothing_older_by_those_who_are_late(
    rig: Rig, exchange: Scripted
) -> None:
    exchange.handlers["/klines"] = candles(rig.clocks)
    due = CANDLES.model_copy(update={"at_close": True})
    next_minute(rig.clocks, 1.1)
    assert (await rig.get("/klines", due)).how == "miss"
    rig.clocks.ahead += 1.5
    assert (await rig.get("/klines", CANDLES)).how == "miss"
    rig.clocks.ahead += 1.5
    assert (await rig.get("/klines", due)).how == "hit"
    assert (await rig.get("/klines", CANDLES)).how == "miss"
    assert exchange.count("/klines") == 3


async def test_a_request_that_hangs_after_a_close_holds_up_none_but_its_own_second(
    rig: Rig, exchange: Scripted
) -> None:
    held = exchange.handlers["/klines"] = Held()
    due = CANDLES.model_copy(update={"at_close": True})
    next_minute(rig.clocks, 1.1)
    first = asyncio.create_task(rig.get("/klines", due))
    await held.begun(1)
    rig.clocks.ahead += 1.5
    second = asyncio.create_task(rig.get("/klines", due))
    await held.begun(2)
    held.answer(1, ["second"])
    held.answer(0, ["first"])
    assert [(await first).body, (await second).body] == [b'["first"]', b'["second"]']


async def test_candles_that_the_exchange_has_not_made_yet_are_asked_for_again(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/klines"] = candles(rig.clocks, late=1)
    await rig.get("/klines", CANDLES)
    rig.clocks.ahead += 2
    assert (await rig.get("/klines", CANDLES)).how == "miss"
    exchange.handlers["/klines"] = candles(rig.clocks)
    rig.clocks.ahead += 2
    assert (await rig.get("/klines", CANDLES)).how == "miss"
    rig.clocks.ahead += 2
    assert (await rig.get("/klines", CANDLES)).how == "hit"


async def test_the_close_is_by_the_exchanges_clock(rig: Rig, exchange: Scripted) -> None:
    """Ours is ten seconds behind: what was fetched before its close is not served after it."""
    rig.clocks.jumped_ms = -10_000
    exchange.handlers["/klines"] = candles(rig.clocks)
    await rig.get("/klines", CANDLES)
    assert (await rig.state())["exchanges"][0]["clock_skew_ms"] in range(9_000, 11_001)
    rig.clocks.ahead += 45
    assert (await rig.get("/klines", CANDLES)).how == "hit"
    next_minute(rig.clocks, 1.0)
    assert (await rig.get("/klines", CANDLES)).how == "miss"


async def test_a_jump_of_the_clock_makes_candles_stale_and_nothing_else(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers |= {"/klines": candles(rig.clocks), "/markets": numbered()}
    await rig.get("/klines", CANDLES)
    await rig.get("/markets", MARKETS)
    assert (await rig.get("/klines", CANDLES)).how == "hit"
    rig.clocks.jumped_ms = 3_000
    assert (await rig.get("/klines", CANDLES)).how == "miss"
    assert (await rig.get("/markets", MARKETS)).how == "hit"


async def test_an_answer_that_another_cache_had_kept_is_as_old_as_that_says(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/markets"] = json_of(f'["{PADDING}"]', Age="290")
    first, second = await both(rig, "/markets", MARKETS)
    assert (first.how, second.how) == ("miss", "hit")
    assert int(first.headers["X-Flotilla-Age"]) >= 290_000
    rig.clocks.ahead += 11
    assert (await rig.get("/markets", MARKETS)).how == "miss"


@pytest.mark.parametrize("body", ["<html>busy</html>", '{"a": ', "", "\x00"])
async def test_what_is_not_json_is_passed_but_not_kept(rig: Rig, exchange: Scripted, body: str) -> None:
    exchange.handlers["/markets"] = json_of(body)
    replies = await both(rig, "/markets", MARKETS)
    assert [(reply.status, reply.how, reply.body.decode()) for reply in replies] == [(200, "miss", body)] * 2


async def test_nothing_stale_is_served_while_the_exchange_fails(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/book"] = numbered()
    await rig.get("/book", BOOK)
    rig.clocks.ahead += 2
    exchange.handlers["/book"] = lambda _: web.Response(status=503)
    assert (await rig.get("/book", BOOK)).status == 503


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?timestamp=1&signature=abc", {"X-MBX-APIKEY": "secret-key"}),
        ("?symbol=A", {"X-MBX-APIKEY": "secret-key"}),
        ("?symbol=A", {"Authorization": "Bearer secret-key"}),
        ("?apiKey=secret-key", {}),
    ],
)
async def test_no_credential_is_kept_or_joined(
    rig: Rig, exchange: Scripted, tmp_path: Path, query: str, headers: dict[str, str]
) -> None:
    """Neither by one asker after the other nor by two at once; nor is there any of it on disk."""
    started, release = asyncio.Event(), asyncio.Event()

    async def balance(request: web.BaseRequest) -> web.Response:
        started.set()
        await release.wait()
        return web.json_response([request.headers.get("X-MBX-APIKEY"), PADDING])

    exchange.handlers["/balance"] = balance
    path = f"/balance{query}"
    waiting = [asyncio.create_task(rig.get(path, MARKETS, **headers)) for _ in range(2)]
    await eventually(lambda: exchange.count("/balance") == 2)
    release.set()
    replies = [
        *await asyncio.gather(*waiting),
        *await both_with(rig, path, headers),
        await rig.get("/balance?symbol=A"),
    ]
    assert {reply.how for reply in replies[:4]} == {"pass"}
    assert exchange.count("/balance") == 5
    assert json.loads(replies[-1].body)[0] is None, "nobody sees what another's key brought"
    state = await rig.state()
    assert state["cached_answers"] == 1
    kept = b"".join(file.read_bytes() for file in (tmp_path / "gateway").iterdir() if file.is_file())
    assert b"secret-key" not in kept


async def both_with(rig: Rig, path: str, headers: dict[str, str]) -> list[Reply]:
    return [await rig.get(path, MARKETS, **headers) for _ in range(2)]


async def test_post_is_never_kept(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/info"] = numbered()
    for number in range(2):
        reply = await rig.ask("POST", "/info", data=b"{}", headers={"X-Flotilla-Kind": "markets"})
        assert (reply.how, json.loads(reply.body)[0]) == ("pass", number)
    reply = await rig.ask("GET", "/info", data=b"{}", headers={"X-Flotilla-Kind": "markets"})
    assert reply.how == "pass"


class Held:
    """An endpoint that answers when it is told to, each time something else."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[web.Response]] = []

    async def __call__(self, _: web.BaseRequest) -> web.Response:
        answer: asyncio.Future[web.Response] = asyncio.get_running_loop().create_future()
        self.waiting.append(answer)
        return await answer

    async def begun(self, count: int) -> None:
        await eventually(lambda: len(self.waiting) >= count, message=f"{count} requests")

    def answer(self, number: int, body: Any, status: int = 200) -> None:
        self.waiting[number].set_result(web.json_response(body, status=status))


async def joined(rig: Rig, count: int) -> None:
    """So many requests have arrived at the gateway."""

    async def arrived() -> bool:
        told = (await rig.state())["exchanges"]
        return bool(told) and told[0]["requests"] >= count

    await eventually(arrived)


async def test_fifty_at_once_cost_one_request(rig: Rig, exchange: Scripted) -> None:
    held = exchange.handlers["/book"] = Held()
    waiting = [asyncio.create_task(rig.get("/book", BOOK)) for _ in range(50)]
    await joined(rig, 50)
    held.answer(0, ["one"])
    replies = await asyncio.gather(*waiting)
    assert sorted(reply.how or "" for reply in replies) == ["joined"] * 49 + ["miss"]
    assert {reply.body for reply in replies} == {b'["one"]'}
    assert (exchange.count("/book"), len(rig.budgets.asked)) == (1, 1)


async def test_who_began_a_request_may_go(rig: Rig, exchange: Scripted) -> None:
    held = exchange.handlers["/book"] = Held()
    first = asyncio.create_task(rig.get("/book", BOOK))
    await held.begun(1)
    second = asyncio.create_task(rig.get("/book", BOOK))
    await joined(rig, 2)
    first.cancel()
    held.answer(0, ["one"])
    assert ((await second).how, exchange.count("/book")) == ("joined", 1)


async def test_a_failure_goes_to_all_who_waited(rig: Rig, exchange: Scripted) -> None:
    held = exchange.handlers["/book"] = Held()
    waiting = [asyncio.create_task(rig.get("/book", BOOK)) for _ in range(3)]
    await joined(rig, 3)
    held.answer(0, {"code": -1}, status=500)
    replies = await asyncio.gather(*waiting)
    assert [(reply.status, reply.body) for reply in replies] == [(500, b'{"code": -1}')] * 3
    again = asyncio.create_task(rig.get("/book", BOOK))
    await held.begun(2)
    held.answer(1, [])
    assert (await again).status == 200


async def test_a_request_that_was_sent_too_early_is_not_joined(rig: Rig, exchange: Scripted) -> None:
    """The later answer is the one that is kept, whichever comes first."""
    held = exchange.handlers["/book"] = Held()
    first = asyncio.create_task(rig.get("/book", BOOK))
    await held.begun(1)
    rig.clocks.ahead += 1.5
    second = asyncio.create_task(rig.get("/book", BOOK))
    await held.begun(2)
    held.answer(1, ["late"])
    assert (await second).body == b'["late"]'
    held.answer(0, ["early"])
    assert (await first).body == b'["early"]'
    third = await rig.get("/book", BOOK)
    assert (third.how, third.body) == ("hit", b'["late"]')


async def test_who_has_waited_for_a_slow_exchange_has_what_it_says_to_his_first_request(
    rig: Rig, exchange: Scripted
) -> None:
    held = exchange.handlers["/book"] = Held()
    waited = Kind(name="book", waited_ms=4_200)
    first = asyncio.create_task(rig.get("/book", BOOK))
    await held.begun(1)
    rig.clocks.ahead += 4.2
    again = asyncio.create_task(rig.get("/book", waited))
    await joined(rig, 2)
    held.answer(0, ["slow"])
    assert ((await first).how, (await again).how, (await again).body) == ("miss", "joined", b'["slow"]')
    assert (await rig.get("/book", waited)).how == "hit", "it came while he looked whether the gateway lives"
    assert exchange.count("/book") == 1


async def test_candles_are_not_joined_across_a_close(rig: Rig, exchange: Scripted) -> None:
    held = exchange.handlers["/klines"] = Held()
    first = asyncio.create_task(rig.get("/klines", CANDLES))
    await held.begun(1)
    next_minute(rig.clocks)
    second = asyncio.create_task(rig.get("/klines", CANDLES))
    await held.begun(2)
    held.answer(0, ["before"])
    held.answer(1, ["after"])
    assert [(await first).body, (await second).body] == [b'["before"]', b'["after"]']


async def test_a_price_does_not_wait_behind_data(rig: Rig, exchange: Scripted) -> None:
    """A request that waits for its budget is joined by its like and by less urgent ones alone."""
    exchange.handlers["/book"] = numbered()
    rig.budgets.gate = asyncio.Event()
    data = [asyncio.create_task(rig.get("/book", BOOK)) for _ in range(2)]
    await joined(rig, 2)
    price = asyncio.create_task(rig.get("/book", BOOK, **{"X-Flotilla-Priority": "price"}))
    await joined(rig, 3)
    assert [priority for _, priority, _, _ in rig.budgets.asked] == ["data", "price"]
    rig.budgets.gate.set()
    assert {reply.status for reply in await asyncio.gather(price, *data)} == {200}


async def test_a_budget_that_is_not_ones_own_is_no_reason_to_be_refused(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/book"] = numbered()
    rig.budgets.gate = asyncio.Event()
    rig.budgets.refuse = lambda tenant: Refused("budget", 1.5, 429) if tenant == "greedy" else None
    asked = [("greedy", 1), ("greedy", 2), ("modest", 3)]
    waiting = []
    for tenant, number in asked:
        waiting.append(asyncio.create_task(rig.get("/book", BOOK, **{"X-Flotilla-Tenant": tenant})))
        await joined(rig, number)
    rig.budgets.gate.set()
    replies = await asyncio.gather(*waiting)
    assert [(reply.status, reply.refused) for reply in replies] == [(429, "budget"), (429, "budget"), (200, None)]
    assert replies[0].headers["Retry-After"] == "2"
    assert exchange.count("/book") == 1


async def test_half_of_the_endpoints_fail_and_the_others_do_not_notice(rig: Rig, exchange: Scripted) -> None:
    def gone(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    kinds = {"/good": numbered(), "/error": lambda _: web.Response(status=500), "/gone": gone, "/odd": json_of("{")}
    exchange.handlers |= kinds
    replies = await asyncio.gather(*(rig.get(path, MARKETS) for path in [*kinds] * 10))
    told = {path: {reply.status for reply in replies[number::4]} for number, path in enumerate(kinds)}
    assert told == {"/good": {200}, "/error": {500}, "/gone": {502}, "/odd": {200}}
    assert exchange.count("/good") == 1
