"""What becomes of each route of FreqTrade's API, and that there is no route without a decision."""

import importlib
import pkgutil
from collections.abc import Iterator

import freqtrade.rpc.api_server as freqtrade_api
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute, APIWebSocketRoute

from api.proxy.rules import RULES, WEBSOCKET, Kind, methods_of, refusal

_NOT_THE_API = "web_ui"
"""FreqTrade's own pages, which are not below /api/v1."""


def _routes_of_freqtrade() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages(freqtrade_api.__path__, f"{freqtrade_api.__name__}."):
        if module.name.endswith(_NOT_THE_API):
            continue
        for thing in vars(importlib.import_module(module.name)).values():
            if isinstance(thing, APIRouter):
                for route in thing.routes:
                    if isinstance(route, APIWebSocketRoute):
                        yield WEBSOCKET, route.path.strip("/")
                    elif isinstance(route, APIRoute):
                        yield from ((method, route.path.strip("/")) for method in route.methods)


def test_every_route_of_the_installed_freqtrade_was_decided_on_and_no_other() -> None:
    installed = set(_routes_of_freqtrade())
    assert len(installed) > 70, "FreqTrade's routers are found"
    decided = [(rule.method, rule.path) for rule in RULES]
    assert len(decided) == len(set(decided))
    assert set(decided) - installed == set(), "FreqTrade has these no more"
    assert installed - set(decided) == set(), "decide what becomes of these (api/proxy/rules.py)"


def _of(kind: Kind) -> set[tuple[str, str]]:
    return {(rule.method, rule.path) for rule in RULES if rule.kind is kind}


def test_whatever_acts_is_no_reading() -> None:
    assert {path for method, path in _of(Kind.READ) if method == "POST"} == {"pair_candles"}
    assert {method for method, _ in _of(Kind.READ)} == {"GET", "POST", WEBSOCKET}
    assert _of(Kind.OPEN) == {("GET", "ping"), ("HEAD", "ping")}
    assert ("POST", "forceenter") in _of(Kind.CONTROL)
    assert _of(Kind.INTENT) == {
        ("POST", word) for word in ("start", "stop", "pause", "stopentry", "stopbuy", "reload_config")
    }


def test_what_is_refused_says_why() -> None:
    refused = [rule for rule in RULES if rule.kind is Kind.REFUSED]
    assert {rule.path.split("/")[0] for rule in refused} >= {"backtest", "background", "download_data", "pair_history"}
    for rule in refused:
        path = rule.path.replace("{", "").replace("}", "")
        assert refusal(rule.method, path).startswith(f"{rule.method} {rule.path} is not relayed: ")
        assert len(rule.reason) > 30


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("ping", ("GET", "HEAD")),
        ("version", ("GET",)),
        ("blacklist", ("DELETE", "GET", "POST")),
        ("trades/3", ("DELETE",)),
        ("trades/open/custom-data", ("GET",)),
        ("message/ws", ()),
        ("trades/3/4", ()),
        ("versions", ()),
        ("", ()),
    ],
)
def test_methods_that_a_path_has(path: str, methods: tuple[str, ...]) -> None:
    assert methods_of(path) == methods
