"""The market-data gateway as a process of this machine: `python -m pool.exchange.gateway`. As a container it is
`gateway_container`'s.

Its port is chosen before it runs first and kept for good, so that a pool can be told where it will be without waiting
for it. It lives as long as a control plane does and beyond; while it is dead, and nobody starts it again, bots ask
exchanges themselves.
"""

import contextlib
import errno
import hashlib
import os
import random
import socket
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from orchestrator.exchanges.companion import ProcessCompanion
from orchestrator.kit.detached import write_private
from pool.contract import market
from pool.contract.market import INCARNATION_HEADER, settings_in

MODULE = "pool.exchange.gateway"
NAME = "market-data gateway"
PING = "/v1/ping"
_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever asks for none in particular, to connections say: one that is free stays so
until the gateway listens, and while it is started again."""
_TRIES = 100


class ProcessGateway(ProcessCompanion):
    """`paper_url` answers where the paper exchange is, None for nowhere; one that lives is restarted when that, or its
    settings in our environment, changed, or it is of another `release` (None: that of the code that is here)."""

    def __init__(
        self,
        directory: Path,
        paper_url: Callable[[], str | None] = lambda: None,
        stop_seconds: float = 10.0,
        module: str = MODULE,
        transport: httpx.AsyncBaseTransport | None = None,
        release: str | None = None,
    ) -> None:
        super().__init__(NAME, module, directory, "start.log", PING, INCARNATION_HEADER, stop_seconds, transport)
        self._paper_url = paper_url
        self._release = release or _release()
        self._choosing = threading.Lock()

    def pool_url(self) -> str | None:
        """Where it listens, or will; None where the home cannot be written."""
        try:
            return f"http://{_HOST}:{self._port()}"
        except OSError:
            return None

    def _arguments(self) -> Sequence[str]:
        return self._told(self._paper_url())

    def _told(self, paper: str | None) -> tuple[str, ...]:
        told = () if paper is None else ("--paper-url", paper)
        return "--host", _HOST, "--port", str(self._port()), "--release", self._release, *told

    def _is_outdated(self, pid: int) -> bool:
        """Not for the paper exchange where nobody knows just now where that is."""
        told, paper = self._process.arguments_of(pid), self._paper_url()
        wanted = self._told(paper)
        if told is not None and wanted != (told if paper is not None else told[: len(wanted)]):
            return True
        environment = self._process.environment_of(pid)
        return environment is not None and settings_in(environment) != settings_in(os.environ)

    def _port(self) -> int:
        """The one that it had, else one that is free now. Raises OSError."""
        with self._choosing:
            with contextlib.suppress(ValueError):
                had = urlsplit(self.url() or "").port
                if had is not None:
                    return had
            file = self._directory / "port"
            with contextlib.suppress(OSError, ValueError):
                return int(file.read_text())
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            port = _free_port()
            write_private(file, f"{port}\n")
            return port


@cache
def _release() -> str:
    """Tells the gateway's code, and the exchanges that it knows, from others."""
    digest, pool = hashlib.sha256(), Path(market.__file__).parents[1]
    for pattern in ("contract/*.py", "exchange/*.py", "exchange/gateway/**/*.py"):
        for file in sorted(pool.glob(pattern)):
            digest.update(f"{file.relative_to(pool)}\0".encode() + file.read_bytes())
    with contextlib.suppress(PackageNotFoundError):
        digest.update(version("ccxt").encode())
    return digest.hexdigest()[:16]


def _free_port() -> int:
    """Raises OSError where there is none."""
    for port in random.sample(_PORTS, _TRIES):
        with contextlib.suppress(OSError), socket.create_server((_HOST, port)):
            return port
    raise OSError(errno.EADDRINUSE, "no port is free for the market-data gateway")
