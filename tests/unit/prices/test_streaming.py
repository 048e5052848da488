"""What ccxt's websockets tell of best bids and asks, as each exchange's documentation words it, and their pings."""

from types import SimpleNamespace
from typing import Any

import ccxt.pro
import pytest
from aiohttp import WSMsgType

from pool.exchange.gateway.prices.sources import STREAMED, price
from pool.exchange.gateway.prices.streaming import Connection, listen

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
MESSAGES: list[tuple[str, str, str, str, dict[str, Any], int | None]] = [
    (
        "binance", "wss://stream.binance.com:9443/ws/0", "BTCUSDT", SPOT,
        {"u": 400900217, "s": "BTCUSDT", "b": "25.3", "B": "31.2", "a": "25.4", "A": "40.6"},
        None,
    ),
    (
        "binanceusdm", "wss://fstream.binance.com/public/ws/0", "BTCUSDT", SWAP,
        {
            "e": "bookTicker", "u": 400900217, "E": 1568014460893, "T": 1568014460891, "s": "BTCUSDT",
            "b": "25.3", "B": "31.2", "a": "25.4", "A": "40.6",
        },
        1568014460893,
    ),
    (
        "binanceus", "wss://stream.binance.us:9443/ws/0", "BTCUSDT", SPOT,
        {"u": 400900217, "s": "BTCUSDT", "b": "25.3", "B": "31.2", "a": "25.4", "A": "40.6"},
        None,
    ),
    (
        "bitget", "wss://ws.bitget.com/v2/ws/public", "BTCUSDT", SPOT,
        {
            "action": "snapshot", "arg": {"instType": "SPOT", "channel": "ticker", "instId": "BTCUSDT"},
            "data": [
                {
                    "instId": "BTCUSDT", "lastPr": "25.35", "open24h": "25", "high24h": "26", "low24h": "24",
                    "change24h": "0.01", "bidPr": "25.3", "askPr": "25.4", "bidSz": "1", "askSz": "2",
                    "baseVolume": "10", "quoteVolume": "250", "openUtc": "25", "changeUtc24h": "0.01",
                    "ts": "1695702438018",
                }
            ],
            "ts": 1695702438029,
        },
        1695702438018,
    ),
    (
        "bybit", "wss://stream.bybit.com/v5/public/spot", "BTCUSDT", SPOT,
        {
            "topic": "orderbook.1.BTCUSDT", "type": "snapshot", "ts": 1672304484978, "cts": 1672304484976,
            "data": {"s": "BTCUSDT", "b": [["25.3", "30"]], "a": [["25.4", "20"]], "u": 18521288, "seq": 7961638724},
        },
        1672304484978,
    ),
    (
        "gate", "wss://api.gateio.ws/ws/v4/", "BTC_USDT", SPOT,
        {
            "time": 1606293275, "time_ms": 1606293275723, "channel": "spot.book_ticker", "event": "update",
            "result": {
                "t": 1606293275123, "u": 48733182, "s": "BTC_USDT", "b": "25.3", "B": "0.0134", "a": "25.4",
                "A": "0.0353",
            },
        },
        1606293275123,
    ),
    (
        "kraken", "wss://ws.kraken.com/v2", "XBTUSDT", SPOT,
        {
            "channel": "ticker", "type": "update",
            "data": [
                {
                    "symbol": "BTC/USDT", "bid": 25.3, "bid_qty": 740.0, "ask": 25.4, "ask_qty": 740.0, "last": 25.35,
                    "volume": 997038.98, "vwap": 25.1, "low": 24, "high": 26, "change": 0.1, "change_pct": 0.4,
                }
            ],
        },
        None,
    ),
    (
        "krakenfutures", "wss://futures.kraken.com/ws/v1", "PF_XBTUSD", "BTC/USD:USD",
        {
            "feed": "ticker_lite", "product_id": "PF_XBTUSD", "bid": 25.3, "ask": 25.4, "change": 0.4, "premium": 0.1,
            "volume": 6899673.0, "tag": "perpetual", "pair": "XBT:USD", "dtm": 0, "maturityTime": 0,
            "volumeQuote": 6899673.0,
        },
        None,
    ),
    (
        "okx", "wss://ws.okx.com:8443/ws/v5/public", "BTC-USDT", SPOT,
        {
            "arg": {"channel": "bbo-tbt", "instId": "BTC-USDT"},
            "data": [{"asks": [["25.4", "11", "0", "1"]], "bids": [["25.3", "9", "0", "1"]], "ts": "1597026383085"}],
        },
        1597026383085,
    ),
]  # fmt: skip


def market(client: Any, name: str, symbol: str) -> dict[str, Any]:
    pair, _, settle = symbol.partition(":")
    base, quote = pair.split("/")
    swap = bool(settle)
    return dict(
        client.safe_market_structure(
            {
                "id": name, "lowercaseId": name.lower(), "symbol": symbol, "base": base, "quote": quote,
                "baseId": base, "quoteId": quote, "settle": settle or None, "settleId": settle or None,
                "type": "swap" if swap else "spot", "spot": not swap, "swap": swap, "future": False, "option": False,
                "contract": swap, "linear": True if swap else None, "inverse": False if swap else None, "active": True,
                "info": {},
            }
        )
    )  # fmt: skip


class Socket:
    """ccxt's, as far as exchanges use it."""

    def __init__(self, url: str = "", ping: Any = None) -> None:
        self.url = url
        self.ping = ping
        self.lastPong: int | None = 5
        self.subscriptions: dict[str, Any] = {}
        self.futures: dict[str, Any] = {}
        self.ping_looper = SimpleNamespace(cancel=self.cancelled)
        self.cancels = 0
        self.sent: list[Any] = []
        self.connection = SimpleNamespace(ping=self.send)

    def resolve(self, result: Any, message_hash: str) -> Any:
        return result

    def cancelled(self) -> None:
        self.cancels += 1

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def handle_message(self, message: Any) -> None:
        if message.type is WSMsgType.PONG or message.data == "pong":
            self.lastPong = 7


def test_of_each_exchange_that_is_streamed_a_message_is_known() -> None:
    assert {exchange for exchange, *_ in MESSAGES} == STREAMED - {"paper"}
    assert all(getattr(ccxt.pro, exchange)().has["watchBidsAsks"] for exchange, *_ in MESSAGES)


@pytest.mark.parametrize(
    ("exchange", "url", "name", "symbol", "message", "at"), MESSAGES, ids=[exchange for exchange, *_ in MESSAGES]
)
def test_what_an_exchange_tells_is_heard(
    exchange: str, url: str, name: str, symbol: str, message: dict[str, Any], at: int | None
) -> None:
    client = getattr(ccxt.pro, exchange)()
    client.set_markets([market(client, name, symbol)])
    heard: list[tuple[str, Any]] = []
    listen(client, lambda *told: heard.append(told))
    client.handle_message(Socket(url), message)
    ((told_symbol, ticker),) = heard
    told = price(ticker)
    assert told is not None
    assert (told_symbol, float(told.bid), float(told.ask), told.exchange_ms) == (symbol, 25.3, 25.4, at)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def pong(data: Any) -> Any:
    return SimpleNamespace(type=WSMsgType.PONG, data=data)


async def test_a_connection_is_as_alive_as_when_the_ping_was_sent_that_was_answered() -> None:
    clock, socket = Clock(), Socket()
    connection: Any = Connection(socket, clock)
    assert socket.cancels == 1, "ccxt's own pings would be answered, too"
    for clock.now in (101.0, 102.0, 103.0):
        await connection.ping()
    clock.now = 110.0
    socket.handle_message(pong(b"nobody's"))
    assert connection.alive_at == 100.0
    socket.handle_message(pong(socket.sent[1]))
    assert connection.alive_at == 102.0
    socket.handle_message(pong(socket.sent[0]))
    assert connection.alive_at == 102.0, "an older one makes it no older, and no younger"
    socket.handle_message(pong(socket.sent[2]))
    assert connection.alive_at == 103.0


async def test_where_an_exchange_has_pings_of_its_own_they_are_answered_in_turn() -> None:
    clock, socket = Clock(), Socket(ping=lambda _: "ping")
    connection: Any = Connection(socket, clock)
    for clock.now in (101.0, 102.0):
        await connection.ping()
    assert socket.sent == ["ping", "ping"]
    text = SimpleNamespace(type=WSMsgType.TEXT, data="prices")
    for message in (text, pong(b"1")):
        socket.handle_message(message)
        assert connection.alive_at == 100.0
    text.data = "pong"
    for at in (101.0, 102.0, 102.0):
        socket.handle_message(text)
        assert connection.alive_at == at
    text.data = "prices"
    socket.handle_message(text)
    assert socket.lastPong == 7
