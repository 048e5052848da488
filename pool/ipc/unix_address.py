"""Unix socket addresses in directories of any depth.

`sun_path` holds 107 bytes (unix(7)), a home directory may be deeper: the directory is opened and the socket addressed
through `/proc/self/fd`, which resolves in the calling process alone.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address for `path` that fits `sun_path` while the context lasts. Raises OSError without the directory."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def bind_unix(path: Path, mode: int = 0o600) -> socket.socket:
    """A bound stream socket at `path`, replacing a stale one; not listening yet."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_address(path) as address:
        server.bind(address)
    path.chmod(mode)
    return server


def connect_unix(path: Path, timeout_seconds: float | None = None) -> socket.socket:
    """A connected stream socket. Raises OSError as connect(2) does."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout_seconds)
    try:
        with short_address(path) as address:
            client.connect(address)
    except OSError:
        client.close()
        raise
    return client
