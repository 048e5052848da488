"""What reaches an exchange and what comes back, whether kept or not."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pool.contract.market import Kind
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.tally import Tally
from tests.integration.gateway.rigs import NoTables, Rig, Scripted, gateway, json_of


async def test_an_answer_comes_as_it_was_and_tells_of_itself(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/book"] = lambda _: web.Response(
        body=gzip.compress(b'{"bids": [] }'),
        headers={
            "Content-Encoding": "gzip",
            "Content-Type": "application/json",
            "X-MBX-USED-WEIGHT-1M": "7",
            "Set-Cookie": "session=1",
            "Server": "private",
        },
    )
    reply = await rig.get("/book?symbol=BTCUSDT&limit=5", Kind(name="book"))
    assert (reply.status, reply.body, reply.how) == (200, b'{"bids": [] }', "miss")
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-MBX-USED-WEIGHT-1M"] == "7"
    assert reply.headers["X-Flotilla-Gateway"] == (await rig.state())["incarnation"]
    assert 0 <= int(reply.headers["X-Flotilla-Age"]) < 60_000
    assert reply.headers["Age"].isdigit()
    assert not {"Set-Cookie", "Content-Encoding", "X-Flotilla-Refused"} & set(reply.headers)
    assert exchange.asked[0].raw_path == "/book?symbol=BTCUSDT&limit=5"


async def test_a_bot_is_told_its_share_of_what_the_exchange_bears(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/book"] = json_of("[]")
    kind = Kind(name="book")
    shares = [(await rig.get("/book", kind, **{"X-Flotilla-Bot": bot})).headers for bot in ("a", "b", "a")]
    assert [told["X-Flotilla-Share"] for told in shares] == ["20", "10", "10"]
    assert "X-Flotilla-Share" not in (await rig.get("/book", kind)).headers, "no bot"


async def test_what_is_ours_and_of_one_hop_never_goes_up(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/order"] = json_of("{}")
    headers = {
        "X-MBX-APIKEY": "key",
        "Cookie": "a=b",
        "X-Flotilla-Bot": "b",
        "X-Flotilla-Tenant": "t",
        "TE": "trailers",
    }
    reply = await rig.ask("POST", "/order?b=2&a=1%2F1&signature=ab", data=b"q=1", headers=headers)
    assert (reply.status, reply.how) == (200, "pass")
    (seen,) = exchange.asked
    assert seen.method == "POST"
    assert seen.raw_path == "/order?b=2&a=1%2F1&signature=ab"
    assert rig.budgets.bots == ["b"], "whose account it is, as far as we know"
    assert seen.headers["X-MBX-APIKEY"] == "key"
    assert seen.headers["Host"] == exchange.url.removeprefix("http://")
    assert not [name for name in seen.headers if name.lower().startswith("x-flotilla") or name in ("Cookie", "TE")]


async def test_a_body_arrives_as_it_was_sent(rig: Rig, exchange: Scripted) -> None:
    async def echo(request: web.BaseRequest) -> web.Response:
        return web.Response(body=await request.read(), content_type="application/json", status=201)

    exchange.handlers["/order"] = echo
    reply = await rig.ask("POST", "/order", data=b'{"a":1}', headers={"Content-Type": "application/json"})
    assert (reply.status, reply.body) == (201, b'{"a":1}')
    assert exchange.asked[0].headers["Content-Type"] == "application/json"


async def test_a_url_of_many_symbols_is_forwarded_however_long(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/tickers"] = exchange.handlers["/order"] = json_of("[]")
    symbols = ",".join(f"%22SYMBOL{number}USDT%22" for number in range(1_500))
    for reply in (await rig.get(f"/tickers?symbols={symbols}"), await rig.ask("POST", f"/order?symbols={symbols}")):
        assert (reply.status, reply.body) == (200, b"[]")
    assert [asked.raw_path.partition("=")[2] for asked in exchange.asked] == [symbols] * 2


@pytest.mark.parametrize("status", [400, 404, 418, 429, 500, 503])
async def test_what_an_exchange_refuses_is_passed_with_its_reasons_and_not_kept(
    rig: Rig, exchange: Scripted, status: int
) -> None:
    exchange.handlers["/x"] = lambda _: web.json_response({"code": -1}, status=status, headers={"Retry-After": "9"})
    for _ in range(2):
        reply = await rig.get("/x", Kind(name="markets"))
        assert (reply.status, reply.how, reply.refused) == (status, "miss", None)
        assert json.loads(reply.body) == {"code": -1}
        assert reply.headers["Retry-After"] == "9"
    assert exchange.count("/x") == 2
    assert rig.budgets.outcomes == [status, status]


@pytest.mark.parametrize(
    "odd", [{"Date": "Mon, 99999999999999999999 Jan 2026 00:00:00 GMT"}, {"Age": "\u00b2"}, {"Age": "9" * 5_000}]
)
async def test_headers_that_mean_nothing_harm_nothing(rig: Rig, exchange: Scripted, odd: dict[str, str]) -> None:
    exchange.handlers["/book"] = json_of("[]", **odd)
    reply = await rig.get("/book", Kind(name="book"))
    assert (reply.status, reply.body, rig.budgets.outcomes) == (200, b"[]", [200])


async def test_the_budget_hears_of_an_answer_whatever_else_fails(
    rig: Rig, exchange: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    exchange.handlers["/book"] = json_of("[]")
    monkeypatch.setattr(Tally, "count_answer", fail)
    reply = await rig.get("/book", Kind(name="book"))
    assert (reply.status, reply.refused, rig.budgets.outcomes) == (500, None, [200])
    assert "X-Flotilla-Unsent" not in (await rig.ask("POST", "/book")).headers, "the exchange has it"


async def test_what_was_surely_not_sent_says_so(rig: Rig, exchange: Scripted) -> None:
    """An order of it may go straight: by a fault before there was leave, or an address that makes no sense."""

    def fail(_: str | None) -> None:
        raise RuntimeError("a bug")

    rig.budgets.refuse = fail
    reply = await rig.ask("POST", "/order", data=b"{}", headers={"X-MBX-APIKEY": "key"})
    assert (reply.status, reply.refused, reply.headers["X-Flotilla-Unsent"]) == (503, None, "1")
    async with rig.http.delete(f"{rig.url}/x/paper/order") as odd:
        assert (odd.status, odd.headers["X-Flotilla-Unsent"]) == (404, "1")
    assert exchange.asked == []


async def test_a_redirect_is_not_followed(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/moved"] = lambda _: web.Response(status=302, headers={"Location": f"{exchange.url}/secret"})
    exchange.handlers["/secret"] = json_of("[1]")
    reply = await rig.get("/moved")
    assert (reply.status, reply.refused) == (502, "unreachable")
    assert exchange.count("/secret") == 0
    assert "Location" not in reply.headers


async def test_only_the_exchanges_own_addresses_are_asked(rig: Rig, exchange: Scripted) -> None:
    root = f"{rig.url}/x"
    host = exchange.url.removeprefix("http://")
    refused = [
        f"{root}/paper/https/{host}/book",
        f"{root}/paper/http/127.0.0.1:1/book",
        f"{root}/binance/https/{host}/book",
        f"{root}/binance/http/{host}/book",
        f"{root}/nobody/https/localhost/book",
    ]
    for url in refused:
        async with rig.http.get(url) as reply:
            assert (reply.status, reply.headers["X-Flotilla-Refused"]) == (403, "host"), url
    for url in (f"{root}/paper/file/etc/passwd", f"{root}/paper/http/user:pw@{host}/book", f"{root}/"):
        async with rig.http.get(url) as reply:
            assert reply.status == 404, url
    assert exchange.asked == []


async def test_an_exchange_that_breaks_off_is_unreachable(rig: Rig, exchange: Scripted) -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
        await reply.prepare(request)
        await reply.write(b"[1, 2")
        assert request.transport is not None
        request.transport.close()
        return reply

    def gone(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    exchange.handlers |= {"/broken": broken, "/gone": gone}
    for path in ("/broken", "/gone"):
        reply = await rig.get(path, Kind(name="markets"))
        assert (reply.status, reply.refused) == (502, "unreachable"), path
    state = (await rig.state())["exchanges"][0]
    assert state["failures"] == state["upstream"] >= 2
    assert all(isinstance(outcome, Exception) for outcome in rig.budgets.outcomes)


async def test_an_exchange_that_is_too_slow_is_unreachable(exchange: Scripted, tmp_path: Path) -> None:
    never = asyncio.Event()

    async def slow(_: web.BaseRequest) -> web.Response:
        await never.wait()
        return web.Response()

    exchange.handlers["/slow"] = slow
    async with gateway(tmp_path, exchange.url, total_seconds=0.2) as rig:
        reply = await rig.get("/slow")
        assert (reply.status, reply.refused) == (504, "unreachable")
    never.set()


async def test_an_answer_that_is_too_large_is_none(exchange: Scripted, tmp_path: Path) -> None:
    exchange.handlers["/large"] = json_of("[" + "1," * 5_000 + "1]")
    exchange.handlers["/bomb"] = lambda _: web.Response(
        body=gzip.compress(b"0" * 50_000), headers={"Content-Encoding": "gzip"}
    )
    async with gateway(tmp_path, exchange.url, most_bytes=8_000) as rig:
        for path in ("/large", "/bomb"):
            reply = await rig.get(path)
            assert (reply.status, reply.refused) == (502, "unreachable"), path


async def test_nobody_listens(tmp_path: Path) -> None:
    async with gateway(tmp_path, "http://127.0.0.1:1") as rig:
        reply = await rig.get("/book")
        assert (reply.status, reply.refused) == (502, "unreachable")


async def test_it_tells_of_itself(rig: Rig, exchange: Scripted) -> None:
    exchange.handlers["/x"] = json_of("[]")
    for _ in range(3):
        await rig.get("/x", Kind(name="book"))
    state = (await rig.state())["exchanges"]
    assert [(one["exchange"], one["requests"], one["upstream"] + one["hits"]) for one in state] == [("paper", 3, 3)]
    async with rig.http.get(f"{rig.url}/v1/ping") as ping:
        assert ping.status == 200
    async with rig.http.get(f"{rig.url}/metrics") as told:
        text = await told.text()
    assert 'gateway_upstream_total{exchange="paper",outcome="2xx"}' in text
    assert 'gateway_breaker{exchange="paper",state="closed"} 1.0' in text


async def test_an_exchange_whose_addresses_are_not_known_for_now_is_a_failure_and_no_refusal(
    exchange: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that bots ask it themselves; that it did not answer would stop them."""

    async def fail(*_: Any) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(NoTables, "load", fail)
    exchange.handlers["/book"] = json_of("[]")
    permit = {"exchange": "kraken", "url": "https://api.kraken.com/0/private/Balance", "method": "POST"}
    async with gateway(tmp_path, exchange.url) as rig:
        asked = [
            rig.http.get(f"{rig.url}/x/kraken/https/api.kraken.com/0/public/Time"),
            rig.http.post(f"{rig.url}/v1/permits", json=permit),
        ]
        for request in asked:
            async with request as reply:
                assert (reply.status, reply.headers["X-Flotilla-Unsent"]) == (503, "1")
                assert "X-Flotilla-Gateway" in reply.headers
                assert not {"X-Flotilla-Refused", "X-Flotilla-Cache"} & set(reply.headers)
        assert (await rig.get("/book")).status == 200, "paper's address is known without"


async def test_leave_is_given_and_refused(rig: Rig, exchange: Scripted) -> None:
    async def leave(**told: Any) -> tuple[int, str | None]:
        body = {"exchange": "paper", "url": f"{exchange.url}/order", "method": "POST", "priority": "exit", **told}
        async with rig.http.post(f"{rig.url}/v1/permits", json=body) as reply:
            return reply.status, reply.headers.get("X-Flotilla-Refused")

    assert await leave() == (204, None)
    assert rig.budgets.asked == [(None, "exit", "POST", "/order")]
    assert await leave(url="https://elsewhere.example/order") == (403, "host")
    assert await leave(priority="first") == (422, None)
    rig.budgets.refuse = lambda tenant: Refused("banned", 60.0, 429)
    assert await leave() == (429, "banned")
    async with rig.http.get(f"{rig.url}/metrics") as told:
        text = await told.text()
    assert 'gateway_permits_total{exchange="paper"} 1.0' in text
    assert 'gateway_refused_total{exchange="paper",reason="banned"} 1.0' in text


async def test_its_state_tells_how_often_its_store_had_what_was_wanted(rig: Rig) -> None:
    levels = (await rig.state())["levels"]
    assert levels == [{"level": level, "hits": 0, "misses": 0} for level in ("l1", "l3")]
