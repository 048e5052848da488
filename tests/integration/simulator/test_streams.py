"""Best bids and asks by websocket: to ccxt as it comes, and the protocol as Binance's documentation has it."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from ccxt.base.errors import NetworkError

from pool.exchange.simulator.streams import MOST_STREAMS
from tests.integration.simulator.conftest import Rig
from tests.support import PATIENT_SECONDS, eventually

SPOT, FUTURES = "/stream.binance.com/ws", "/fstream.binance.com/public/ws"
BTC = "btcusdt@bookTicker"


async def opened(rig: Rig, path: str = SPOT, *, autoping: bool = True) -> aiohttp.ClientWebSocketResponse:
    return await rig.http.ws_connect(rig.url + path, autoping=autoping)


async def asked(socket: aiohttp.ClientWebSocketResponse, method: str, *names: str, number: Any = 1) -> Any:
    """The answer; prices that come before it are left out."""
    await socket.send_json({"method": method, "params": list(names), "id": number})
    while "id" not in (answer := await heard(socket)):
        pass
    return answer


async def heard(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return json.loads((await socket.receive(timeout=PATIENT_SECONDS)).data)


async def ended(socket: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage:
    while (message := await socket.receive(timeout=PATIENT_SECONDS)).type is aiohttp.WSMsgType.TEXT:
        pass
    return message


async def subscribed(rig: Rig, count: int = 1) -> None:
    streams = rig.exchange.front.streams
    assert streams is not None
    await eventually(lambda: len(streams.subscribed()) == count)


async def price(rig: Rig, value: int, symbol: str = "BTCUSDT") -> None:
    await rig.price(symbol, value)


async def bid(socket: aiohttp.ClientWebSocketResponse) -> float:
    told = await heard(socket)
    return float(told.get("data", told)["b"])


@pytest.mark.parametrize(("kind", "symbol"), [("spot", "BTC/USDT"), ("swap", "BTC/USDT:USDT")])
async def test_ccxt_watches_best_bids_and_asks_as_requests_tell_them(rig: Rig, kind: str, symbol: str) -> None:
    """Both kinds of market are loaded: their ids are the same, and the address decides."""
    await price(rig, 50_000)
    client = rig.pro_client(defaultType=kind)
    await client.load_markets()
    assert {"BTC/USDT", "BTC/USDT:USDT"} <= client.markets.keys()
    watching = asyncio.create_task(client.watch_bids_asks([symbol, symbol.replace("BTC", "ETH")]))
    await subscribed(rig, 2)
    await price(rig, 30_000)
    while symbol not in (told := await asyncio.wait_for(watching, PATIENT_SECONDS)):
        watching = asyncio.create_task(client.watch_bids_asks([symbol, symbol.replace("BTC", "ETH")]))
    expected = (await client.fetch_bids_asks([symbol]))[symbol]
    assert (told[symbol]["bid"], told[symbol]["ask"]) == (expected["bid"], expected["ask"])
    assert 29_990 < told[symbol]["bid"] < 30_000 < told[symbol]["ask"] < 30_010
    assert (told[symbol]["timestamp"] is None) == (kind == "spot")
    streams = rig.exchange.front.streams
    assert streams is not None
    assert streams.open == 1


async def test_ccxt_ends_a_subscription_and_begins_another(rig: Rig) -> None:
    client = rig.pro_client()
    for value in (30_000, 20_000):
        watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
        await subscribed(rig)
        await price(rig, value)
        while (await asyncio.wait_for(watching, PATIENT_SECONDS))["BTC/USDT"]["bid"] >= value:
            watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
        await asyncio.wait_for(client.un_watch_bids_asks(["BTC/USDT"]), PATIENT_SECONDS)
        await subscribed(rig, 0)


@pytest.mark.parametrize("path", [SPOT, FUTURES, "/ws", "/public/ws"])
async def test_streams_are_subscribed_listed_and_left(rig: Rig, path: str) -> None:
    await price(rig, 50_000)
    socket = await opened(rig, path)
    assert await asked(socket, "SUBSCRIBE", BTC, "nonsense@bookTicker", number="a") == {"result": None, "id": "a"}
    assert set((await asked(socket, "LIST_SUBSCRIPTIONS", number=7))["result"]) == {BTC, "nonsense@bookTicker"}
    await price(rig, 30_000)
    told = await heard(socket)
    futures = {"e", "E", "T"} if "public" in path else set()
    assert told.keys() == {"u", "s", "b", "B", "a", "A"} | futures
    assert (told["s"], float(told["b"]) < 30_000 < float(told["a"])) == ("BTCUSDT", True)
    assert (await asked(socket, "UNSUBSCRIBE", BTC))["result"] is None
    await price(rig, 20_000)
    await asked(socket, "SUBSCRIBE", BTC)
    await price(rig, 10_000)
    assert await bid(socket) < 10_000, "what it did not subscribe to it is not told"


async def test_streams_of_the_address_come_wrapped_or_bare(rig: Rig) -> None:
    await price(rig, 50_000)
    bare = await opened(rig, f"/ws/{BTC}")
    wrapped = await opened(rig, f"/stream?streams=ethusdt@bookTicker/{BTC}")
    await price(rig, 30_000)
    assert (await heard(bare))["s"] == "BTCUSDT"
    while (told := await heard(wrapped))["stream"] != BTC:
        pass
    assert told["data"]["s"] == "BTCUSDT"


async def test_what_is_not_understood_is_told_with_its_number(rig: Rig) -> None:
    socket = await opened(rig)
    await socket.send_str("{")
    assert (await heard(socket))["error"]["code"] == 3
    assert (await asked(socket, "SHOUT", number=9))["error"]["code"] == 2
    many = await asked(socket, "SUBSCRIBE", *(f"s{number}@bookTicker" for number in range(MOST_STREAMS + 1)), number=3)
    assert ("more than" in many["error"]["msg"], many["id"]) == (True, 3)


async def test_who_sends_too_many_messages_is_sent_away(rig: Rig) -> None:
    rig.stand_still()
    socket = await opened(rig)
    for number in range(5):
        assert (await asked(socket, "LIST_SUBSCRIPTIONS", number=number))["id"] == number
    await socket.ping()
    assert (await ended(socket)).data == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_connection_is_asked_whether_it_lives_and_lasts_a_day_at_most(rig: Rig) -> None:
    rig.stand_still()
    lively, mute = await opened(rig, autoping=False), await opened(rig, autoping=False)
    await asked(lively, "LIST_SUBSCRIPTIONS")
    await asked(mute, "LIST_SUBSCRIPTIONS")
    rig.pass_seconds(20)
    for socket in (lively, mute):
        assert (await socket.receive(timeout=PATIENT_SECONDS)).type is aiohttp.WSMsgType.PING
    await lively.pong()
    await asked(lively, "LIST_SUBSCRIPTIONS")  # it was heard
    rig.pass_seconds(60)
    assert (await ended(mute)).type is aiohttp.WSMsgType.CLOSE
    assert (await lively.receive(timeout=PATIENT_SECONDS)).type is aiohttp.WSMsgType.PING
    await lively.pong()
    await asked(lively, "LIST_SUBSCRIPTIONS")
    rig.pass_seconds(24 * 3600 - 80)
    assert (await ended(lively)).type is aiohttp.WSMsgType.CLOSE


async def test_a_silent_stream_tells_nothing_and_answers_pings(rig: Rig) -> None:
    await price(rig, 50_000)
    silent, other = await opened(rig, SPOT, autoping=False), await opened(rig, "/ws")
    for socket in (silent, other):
        await asked(socket, "SUBSCRIBE", BTC)
    fault = await rig.control("POST", "faults", kind="stream_silent", path=f"{SPOT}*")
    await price(rig, 30_000)
    assert await bid(other) < 30_000
    await silent.ping(b"here?")
    pong = await silent.receive(timeout=PATIENT_SECONDS)
    assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"here?")
    await rig.control("DELETE", f"faults?number={fault['number']}")
    await price(rig, 20_000)
    assert await bid(silent) < 20_000, "what was silenced never comes"


async def test_a_dead_stream_answers_no_ping(rig: Rig) -> None:
    socket = await opened(rig, autoping=False)
    await rig.control("POST", "faults", kind="stream_dead")
    await socket.ping(b"here?")
    await socket.ping(b"there?")
    await rig.control("DELETE", "faults")
    answer = await asked(socket, "LIST_SUBSCRIPTIONS", number=5)
    assert answer["id"] == 5, "no pong came before"


async def test_a_delayed_stream_is_late_by_the_exchanges_clock(rig: Rig) -> None:
    rig.stand_still()
    await price(rig, 50_000)
    late, other = await opened(rig), await opened(rig, "/ws")
    for socket in (late, other):
        await asked(socket, "SUBSCRIBE", BTC)
    await rig.control("POST", "faults", kind="stream_delayed", path=f"{SPOT}*", milliseconds=5_000)
    await price(rig, 30_000)
    assert await bid(other) < 30_000
    assert (await asked(late, "LIST_SUBSCRIPTIONS"))["result"] == [BTC]
    rig.pass_seconds(5)
    assert await bid(late) < 30_000


async def test_ccxt_hears_of_a_break_and_comes_back(rig: Rig) -> None:
    client = rig.pro_client()
    await client.load_markets()
    watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
    await subscribed(rig)
    await price(rig, 50_000)
    while (await asyncio.wait_for(watching, PATIENT_SECONDS))["BTC/USDT"]["bid"] >= 50_000:
        watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
    watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
    await rig.control("POST", "faults", kind="stream_disconnect", times=1)
    with pytest.raises(NetworkError):
        await asyncio.wait_for(watching, PATIENT_SECONDS)
    await subscribed(rig, 0)
    watching = asyncio.create_task(client.watch_bids_asks(["BTC/USDT"]))
    await subscribed(rig)
    await price(rig, 30_000)
    told = await asyncio.wait_for(watching, PATIENT_SECONDS)
    assert told["BTC/USDT"]["bid"] < 50_000
