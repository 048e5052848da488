"""A real market-data gateway, and somebody on the line before it who writes down what bots ask of it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pool.contract.market import ExchangeState, GatewayState
from tests.support import PATIENT_SECONDS, eventually_sync, free_port

ROOT = Path(__file__).resolve().parents[3]
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"})


class Gateway:
    """On a port that stays its own, so that it can be killed and started anew."""

    def __init__(self, directory: Path, paper_url: str) -> None:
        self._directory = directory
        self._options = ["--directory", str(directory), "--port", str(free_port()), "--paper-url", paper_url]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "pool.exchange.gateway", *self._options], cwd=ROOT
        )
        endpoint = self._directory / "endpoint.json"

        def listens() -> bool:
            assert process.poll() is None, "the gateway ended"
            return endpoint.exists() and json.loads(endpoint.read_text())["pid"] == process.pid

        eventually_sync(listens, message="the gateway's endpoint")
        self.url = json.loads(endpoint.read_text())["url"]

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENT_SECONDS)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENT_SECONDS)

    def told(self) -> ExchangeState | None:
        """How it stands with the paper exchange."""
        with urllib.request.urlopen(f"{self.url}/v1/state", timeout=60) as response:
            state = GatewayState.model_validate_json(response.read())
        return next((one for one in state.exchanges if one.exchange == "paper"), None)


@dataclass
class Heard:
    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def everything(self) -> str:
        return " ".join((self.path, self.body, *self.headers, *self.headers.values()))


@dataclass
class Listener:
    url: str = ""
    heard: list[Heard] = field(default_factory=list)

    def of(self, method: str, part: str) -> list[Heard]:
        return [one for one in list(self.heard) if one.method == method and part in one.path]


@contextmanager
def listening(gateway: Gateway) -> Iterator[Listener]:
    """All that is asked of its URL is asked of the gateway."""
    listener, there = Listener(), urlsplit(gateway.url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.heard.append(Heard(self.command, self.path, headers, body.decode()))
            line = http.client.HTTPConnection(str(there.hostname), there.port, timeout=60)
            try:
                line.request(self.command, self.path, body or None, {**headers, "accept-encoding": "identity"})
                answer = line.getresponse()
                content = answer.read()
            finally:
                line.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Who asked went away."""

    with Server(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield listener
        finally:
            server.shutdown()
