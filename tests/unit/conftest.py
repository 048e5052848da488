"""Unit tests touch no network: connecting or binding an internet socket fails them."""

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _no_internet_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex", "bind"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, _original: Any = original) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise AssertionError(f"a unit test reached for the network: {address!r}")
            return _original(self, address)

        monkeypatch.setattr(socket.socket, name, guarded)
