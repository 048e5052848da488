"""A bot's own REST API without anything of Flotilla's between: its socket, and the credentials that its agent made.

They are random, and stay between agent and bot. Who may write in the bot's directory, as whoever runs a benchmark or a
test may, can stand between the two for one request and read them: `credentials` puts a socket of its own in place of
`api.sock`, and the bot's back as soon as it has seen the header.
"""

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pool.ipc.unix_address import bind_unix, connect_unix

_SOCKET = "api.sock"
_CHUNK = 64 * 1024
_SECONDS = 60.0
_SILENT_SECONDS = 0.5


def credentials(bot: Path, call: Callable[[], object]) -> tuple[str, str]:
    """User name and password of the API of the bot in that directory. `call` makes its agent ask it something, for the
    first time, since it would go by a connection that it has; this one is closed afterwards. Raises TimeoutError."""
    own, aside = bot / _SOCKET, bot / "api.aside.sock"
    own.rename(aside)
    try:
        with bind_unix(own) as listener:
            listener.listen()
            listener.settimeout(_SECONDS)
            seen: list[bytes] = []
            between = threading.Thread(target=_stand_between, args=(listener, aside, seen), daemon=True)
            between.start()
            call()
            between.join(_SECONDS)
    finally:
        own.unlink(missing_ok=True)
        aside.rename(own)
    for line in b"".join(seen).split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name.lower() == b"authorization":
            username, _, password = base64.b64decode(value.removeprefix(b"Basic ")).decode().partition(":")
            return username, password
    raise TimeoutError("the agent did not call the bot within a minute")


@contextmanager
def port_of(bot: Path) -> Iterator[int]:
    """A loopback port that leads to the bot's socket and does nothing else, for clients that know TCP alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_lead_to, args=(listener, bot / _SOCKET), daemon=True).start()
        yield int(listener.getsockname()[1])


def _stand_between(listener: socket.socket, bot: Path, seen: list[bytes]) -> None:
    """One connection, until the first answer was passed on."""
    agent, _ = listener.accept()
    with agent, connect_unix(bot, _SECONDS) as there:
        seen.append(agent.recv(_CHUNK))
        there.sendall(seen[0])
        agent.sendall(there.recv(_CHUNK))
        there.settimeout(_SILENT_SECONDS)
        with contextlib.suppress(TimeoutError):
            while chunk := there.recv(_CHUNK):
                agent.sendall(chunk)


def _lead_to(listener: socket.socket, bot: Path) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # the context ended
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there = connect_unix(bot)
        for source, sink in ((client, there), (there, client)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
