"""Sockets of our own: slow clients, many connections, certificates that are renewed under a running server."""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import uvicorn
from cryptography import x509
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from api.cli.server import Server
from api.settings import ApiSettings, Network
from api.stream.transport import GuardedProtocol, protocol_for
from api.tls import Tls, TlsFiles
from tests.fakes.certificates import write_certificate
from tests.support import eventually

ELSEWHERE = ip_address("198.51.100.7")


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return "here"

    @app.get("/lasting")
    async def lasting() -> StreamingResponse:
        async def lines() -> AsyncIterator[bytes]:
            while True:
                yield b"on\n"
                await asyncio.sleep(0.02)

        return StreamingResponse(lines())

    return app


@contextlib.asynccontextmanager
async def serving(protocol: type[GuardedProtocol], tls: Tls | None = None, seconds: float = 30) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            _app(),
            http=protocol,
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=1,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
        )
        server = Server(config, seconds)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


async def read_all(port: int, *pieces: bytes) -> bytes:
    """What the server says to these until it closes; the last is sent again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard: list[bytes] = []

    async def listen() -> None:
        with contextlib.suppress(ConnectionResetError):  # by a server that has not read all when it closes
            while part := await reader.read(2**16):
                heard.append(part)

    answer = asyncio.create_task(listen())
    with contextlib.suppress(OSError):
        for piece in pieces[:-1]:
            writer.write(piece)
        while not answer.done():
            writer.write(pieces[-1])
            await asyncio.wait({answer}, timeout=0.02)
    await answer
    writer.close()
    return b"".join(heard)


@pytest.mark.parametrize(
    ("pieces", "begins"),
    [
        ((b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"), b"HTTP/1.1 408 "),
        ((b"",), b"HTTP/1.1 408 "),
        ((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"G"), b"HTTP/1.1 200 "),
        ((b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n", b"a"), b"HTTP/1.1 405 "),
    ],
    ids=["headers that dribble", "silence", "a second request that dribbles", "a body that nobody reads"],
)
async def test_a_client_that_does_not_come_to_the_point_is_cut(pieces: tuple[bytes, ...], begins: bytes) -> None:
    class Hasty(GuardedProtocol):
        header_seconds = 1.0
        held: ClassVar[Counter[str]] = Counter()

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[arg-type]
            self.timeout_keep_alive = 0

    async with asyncio.timeout(60), serving(Hasty) as port:
        assert (await read_all(port, *pieces)).startswith(begins)


async def test_one_address_holds_so_many_connections_and_proxies_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stream.transport.parse", lambda _: ELSEWHERE)
    protocol = protocol_for(ApiSettings(connections_per_address=2))
    async with asyncio.timeout(60), serving(protocol) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert await read_all(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        held[0][1].close()

        async def let_in() -> bool:
            return (await read_all(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))[
                :12
            ] == b"HTTP/1.1 200"

        await eventually(let_in, message="one that went makes room")
        held[1][1].close()
    assert protocol.held == Counter()

    class Behind(protocol):  # type: ignore[misc, valid-type]
        uncounted: tuple[Network, ...] = (ip_network("198.51.100.0/24"),)
        most_per_address = 1

    async with asyncio.timeout(60), serving(Behind) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        reader, writer = held[-1]
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        for _, one in held:
            one.close()


async def test_a_certificate_is_renewed_under_a_running_server(tmp_path: Path) -> None:
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    write_certificate(files.certificate, files.key, "first")
    tls = Tls(files)
    async with asyncio.timeout(90), serving(protocol_for(ApiSettings()), tls) as port:
        trusted = ssl.create_default_context(cafile=str(files.certificate))
        async with (
            httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trusted) as client,
            client.stream("GET", "/lasting") as stream,
        ):
            lines = stream.aiter_lines()
            assert await anext(lines) == "on"
            assert await _name(port) == "first"
            write_certificate(files.certificate, files.key, "second")
            assert tls.refresh()
            assert await _name(port) == "second"
            assert await anext(lines) == "on"
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trusted) as client:
                await client.get("/")


async def test_who_does_not_come_to_the_end_of_a_handshake_is_cut(tmp_path: Path) -> None:
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    write_certificate(files.certificate, files.key)
    async with asyncio.timeout(60), serving(protocol_for(ApiSettings()), Tls(files), 0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def _name(port: int) -> str:
    """Common name of the certificate that a new connection gets."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    subject = x509.load_der_x509_certificate(shown).subject
    return str(next(iter(subject)).value)
