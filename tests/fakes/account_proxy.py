"""In front of a paper exchange: answers what a signed-in account asks by itself, passes everything else on.

For tests of what a bot does with its key; it trades nothing.
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_ACCOUNT = {
    "makerCommission": 10,
    "takerCommission": 10,
    "canTrade": True,
    "accountType": "SPOT",
    "updateTime": 1,
    "balances": [{"asset": "USDT", "free": "500.0", "locked": "25.0"}],
}


class AccountProxy(ThreadingHTTPServer):
    """`keys` are those of all signed requests, in order."""

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def account_proxy(upstream: str) -> Iterator[AccountProxy]:
    server = AccountProxy(upstream)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: AccountProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if key := self.headers.get("X-MBX-APIKEY"):
            self.server.keys.append(key)
        path = urlsplit(self.path).path
        if path == "/api/v3/account":
            self._answer(200, json.dumps(_ACCOUNT).encode())
        elif path.startswith("/sapi/"):
            self._answer(200, b"[]")
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        try:
            with urllib.request.urlopen(self.server.upstream + self.path, timeout=10) as response:
                self._answer(200, response.read())
        except urllib.error.HTTPError as error:
            self._answer(error.code, error.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
