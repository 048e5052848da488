"""A gateway and an exchange that do as they are told, and remember what they were asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from pool.contract.market import CACHE_HEADER, FORWARD_PREFIX, INCARNATION_HEADER

Mode = Literal["good", "refusing", "stranger", "hanging", "cut"]
CANDLES = [[1_700_000_040_000, "1", "2", "0.5", "1.5", "10", 0, "0", 0, "0", "0", "0"]]
ANSWERS: dict[str, Any] = {
    "/v1/ping": {},
    "/v1/permits": {},
    "/api/v3/ping": {},
    "/api/v3/klines": CANDLES,
    "/fapi/v1/markPriceKlines": CANDLES,
    "/api/v3/depth": {"lastUpdateId": 1, "bids": [["1", "2"]], "asks": [["1.1", "2"]]},
    "/api/v3/ticker/bookTicker": [],
    "/api/v3/time": {"serverTime": 1_700_000_000_000},
    "/api/v3/account": {"balances": [], "updateTime": 1},
    "/api/v3/order": {"symbol": "BTCUSDT", "orderId": 7, "status": "NEW", "executedQty": "0", "origQty": "1"},
}


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str


@dataclass
class Server:
    """`refusal` is given in place of an answer."""

    answers_as: Literal["gateway", "exchange"]
    mode: Mode = "good"
    refusal: tuple[int, str] | None = None
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    slow_once: bool = False
    """The first request is not answered in time."""
    released: threading.Event = field(default_factory=threading.Event)
    """Set, what hangs goes on."""

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def headers_of(self, path: str) -> dict[str, str]:
        (found,) = [request.headers for request in self.requests if request.path.endswith(path)]
        return {name: value for name, value in found.items() if name.startswith("x-flotilla")}


@contextmanager
def server(answers_as: Literal["gateway", "exchange"], port: int = 0) -> Iterator[Server]:
    told = Server(answers_as)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.requests.append(Request(self.command, parts.path, parts.query, headers, body))
            slow, told.slow_once = told.slow_once, False
            if told.mode == "hanging" or slow:
                told.released.wait(60)
                self.close_connection = True
                return
            path = parts.path
            if told.answers_as == "gateway" and path.startswith(FORWARD_PREFIX):
                path = "/" + path.removeprefix(FORWARD_PREFIX).split("/", 3)[3]
            status = 200 if path in ANSWERS else 404
            content = json.dumps(ANSWERS.get(path)).encode()
            refusal = told.refusal if path != "/v1/ping" else None
            if refusal is not None:
                status, content = refusal[0], b'{"error": ["refused"], "code": -1}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content) + (100 if told.mode == "cut" else 0)))
            if told.answers_as == "gateway" and told.mode != "stranger":
                self.send_header(INCARNATION_HEADER, "incarnation")
                self.send_header(CACHE_HEADER, "miss")
            if refusal is not None:
                self.send_header("X-Flotilla-Refused", refusal[1])
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or told.mode == "cut"

        do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Listening(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who asked went away."""

    with Listening(("127.0.0.1", port), Handler) as listening:
        told.url = f"http://127.0.0.1:{listening.server_address[1]}"
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield told
        finally:
            told.released.set()
            listening.shutdown()
