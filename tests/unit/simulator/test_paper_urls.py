"""No address of ccxt's Binance is left pointing anywhere but at the paper exchange."""

from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.pro
import pytest

from pool.exchange.urls import paper_urls

ROOT = "http://127.0.0.1:9000"


def _addresses(tree: dict[str, Any]) -> list[str]:
    return [a for value in tree.values() for a in (_addresses(value) if isinstance(value, dict) else [value])]


@pytest.mark.parametrize("family", ["api", "test", "demo"])
def test_every_address_moves_and_keeps_its_path(family: str) -> None:
    original: dict[str, Any] = ccxt.binance().urls[family]

    moved = paper_urls(ROOT + "/", original)

    assert moved.keys() == original.keys()
    assert len(_addresses(moved)) == len(_addresses(original)) >= 9
    for before, after in zip(_addresses(original), _addresses(moved), strict=True):
        assert after == ROOT + urlsplit(before).path


def test_the_host_of_a_websocket_becomes_part_of_its_path() -> None:
    original: dict[str, Any] = ccxt.pro.binance().urls["api"]["ws"]

    moved = paper_urls(ROOT, original)

    assert moved["spot"] == "ws://127.0.0.1:9000/stream.binance.com/ws"
    assert moved["linear"] == "ws://127.0.0.1:9000/fstream.binance.com/ws"
    assert moved["ws-api"]["spot"] == "ws://127.0.0.1:9000/ws-api.binance.com/ws-api/v3"
    assert all(address.startswith("ws://127.0.0.1:9000/") for address in _addresses(moved))
    assert paper_urls("https://paper", {"ws": "wss://a.b/ws"}) == {"ws": "wss://paper/a.b/ws"}


def test_the_original_is_left_alone() -> None:
    original = {"public": "https://api.example.org/api/v3", "deep": {"sapi": "https://api.example.org/sapi/v1"}}

    moved = paper_urls(ROOT, original)

    assert moved == {"public": f"{ROOT}/api/v3", "deep": {"sapi": f"{ROOT}/sapi/v1"}}
    assert original["public"] == "https://api.example.org/api/v3"


def test_what_could_hide_an_address_is_refused() -> None:
    with pytest.raises(TypeError):
        paper_urls(ROOT, {"public": ["https://api.example.org/api/v3"]})
