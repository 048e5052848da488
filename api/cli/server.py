"""What `up` and `serve` listen with: a socket of their own, TLS where there is a certificate, and uvicorn on top."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from api.addresses import parse
from api.cli.exits import CliError
from api.cli.troubles import port_taken
from api.market.streaming import close_tickers
from api.settings import ApiSettings
from api.stream.feed import close_streams
from api.tls import Tls, TlsFiles, UnusableCertificate


class Server(uvicorn.Server):
    """Leaves signals to us: they stop more than the web server. Ends open streams before it waits for connections, and
    those of clients that do not come to the end of a TLS handshake, for which uvicorn has no setting."""

    def __init__(self, config: uvicorn.Config, handshake_seconds: float) -> None:
        super().__init__(config)
        self._handshake_seconds = handshake_seconds

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.config.ssl is None:
            await super().startup(sockets)
            return
        await self.lifespan.startup()
        self.servers = [
            await asyncio.get_running_loop().create_server(
                self._protocol, sock=one, ssl=self.config.ssl, ssl_handshake_timeout=self._handshake_seconds
            )
            for one in sockets or ()
        ]
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        made: type[Any] = self.config.http_protocol_class
        protocol: asyncio.Protocol = made(self.config, self.server_state, self.lifespan.state)
        return protocol

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await close_streams(self.config.app)
        close_tickers(self.config.app)
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Bound, so that the port is ours, and told if it is not. Raises CliError."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise CliError(f"FLOTILLA_HOST {host} is no address of this machine: {error.strerror}.") from None
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise port_taken(host, port, error) from None
    return listener


def tls_of(settings: ApiSettings) -> Tls | None:
    """Raises CliError where certificate or key cannot be used."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    try:
        return Tls(TlsFiles(settings.tls_certificate.expanduser(), settings.tls_key.expanduser()))
    except UnusableCertificate as error:
        raise CliError(str(error)) from None


def is_loopback(host: str) -> bool:
    address = parse(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def url_of(host: str, listener: socket.socket, scheme: str) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - shown, not bound
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{listener.getsockname()[1]}"
