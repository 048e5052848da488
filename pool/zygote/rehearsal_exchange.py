"""A little exchange for the warm-up: a child process that answers what a dry-run bot asks Binance.

The warm-up must need nothing from outside, and must leave neither sockets nor threads in the zygote: so the exchange is
a process of its own, there for the warm-up alone. Prices are a sine around a level, quick enough that the rehearsing
bot enters and leaves trades.
"""

import ctypes
import json
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

COINS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LTC", "DOT", "LINK", "AVAX")
_PR_SET_PDEATHSIG = 1
_HIGHEST_DESCRIPTOR = 4096
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_WAVE_SECONDS = 0.6


@contextmanager
def rehearsal_exchange() -> Iterator[str]:
    """Root URL of the exchange while the context lasts. Raises OSError where loopback or fork is refused."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(write)
    os.close(write)
    try:
        with os.fdopen(read, "rb") as pipe:
            port = int(pipe.read() or 0)
        if not port:
            raise OSError("the rehearsal exchange did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(port_pipe: int) -> None:
    """The child: never returns."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.closerange(3, port_pipe)
        os.closerange(port_pipe + 1, _HIGHEST_DESCRIPTOR)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        os.write(port_pipe, str(server.server_port).encode())
        os.close(port_pipe)
        server.serve_forever()
    finally:
        os._exit(1)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: apart, the second waits 40 ms for the first one's acknowledgement.
    wbufsize = 65536
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = answer(parts.path, query)
        body = json.dumps(found if found is not None else {"code": -1121, "msg": "not rehearsed"}).encode()
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def answer(path: str, query: dict[str, str]) -> Any:
    """What the exchange says, ready for JSON; None for what it does not rehearse."""
    root, _, name = path.removeprefix("/").partition("/")
    name = name.partition("/")[2]
    if name == "exchangeInfo":
        return {
            "timezone": "UTC",
            "serverTime": _now(),
            "symbols": [_symbol(coin) for coin in COINS] if root == "api" else [],
        }
    if name == "time":
        return {"serverTime": _now()}
    if name == "klines":
        return _klines(query)
    if name == "depth":
        price = _price(_coin(query["symbol"]), _now())
        return {
            "lastUpdateId": 1,
            "bids": [[f"{price * (1 - step / 5000):.4f}", "500.0"] for step in range(1, 21)],
            "asks": [[f"{price * (1 + step / 5000):.4f}", "500.0"] for step in range(1, 21)],
        }
    if name.startswith("ticker/"):
        symbols = json.loads(query["symbols"]) if "symbols" in query else [coin + "USDT" for coin in COINS]
        return _ticker(query["symbol"]) if "symbol" in query else [_ticker(symbol) for symbol in symbols]
    return [] if name in ("trades", "aggTrades") else None


def _symbol(coin: str) -> dict[str, Any]:
    return {
        "symbol": coin + "USDT",
        "status": "TRADING",
        "baseAsset": coin,
        "baseAssetPrecision": 8,
        "quoteAsset": "USDT",
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.00010000", "maxPrice": "1000000.0", "tickSize": "0.00010000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00010000", "maxQty": "900000.0", "stepSize": "0.00010000"},
            {"filterType": "NOTIONAL", "minNotional": "5.0", "maxNotional": "9000000.0"},
        ],
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
    }


def _klines(query: dict[str, str]) -> list[list[Any]]:
    coin, interval = _coin(query["symbol"]), query["interval"]
    step = int(interval[:-1]) * _UNITS.get(interval[-1], 60_000)
    limit = min(int(query.get("limit", 500)), 1000)
    last = _now() // step * step
    first = int(query.get("startTime", last - (limit - 1) * step))
    first = -(-first // step) * step
    return [_candle(coin, opened, step) for opened in range(first, last + 1, step)[:limit]]


def _candle(coin: str, opened: int, step: int) -> list[Any]:
    open_, close = _price(coin, opened), _price(coin, opened + step - 1)
    high, low = max(open_, close) * 1.002, min(open_, close) * 0.998
    prices = [f"{price:.4f}" for price in (open_, high, low, close)]
    return [opened, *prices, "1000.0", opened + step - 1, "100000.0", 100, "500.0", "50000.0", "0"]


def _ticker(symbol: str) -> dict[str, Any]:
    now = _now()
    price = _price(_coin(symbol), now)
    last = f"{price:.4f}"
    return {
        "symbol": symbol,
        "priceChange": "1.0",
        "priceChangePercent": "1.0",
        "weightedAvgPrice": last,
        "prevClosePrice": last,
        "lastPrice": last,
        "price": last,
        "lastQty": "1.0",
        "bidPrice": f"{price * 0.9998:.4f}",
        "bidQty": "500.0",
        "askPrice": f"{price * 1.0002:.4f}",
        "askQty": "500.0",
        "openPrice": last,
        "highPrice": f"{price * 1.03:.4f}",
        "lowPrice": f"{price * 0.97:.4f}",
        "volume": "100000.0",
        "quoteVolume": "10000000.0",
        "openTime": now - 86_400_000,
        "closeTime": now,
        "firstId": 1,
        "lastId": 100,
        "count": 100,
    }


def _coin(symbol: str) -> str:
    return symbol.removesuffix("USDT")


def _price(coin: str, at: int) -> float:
    """Price at the Unix time `at` in milliseconds: a slow wave that candles show and a quick one that trades feel."""
    level = 10.0 * (1 + sum(coin.encode()) % 90)
    return level * (1 + 0.03 * math.sin(at / 2_000_000 + len(coin)) + 0.02 * math.sin(at / 1000 / _WAVE_SECONDS))


def _now() -> int:
    return int(time.time() * 1000)
