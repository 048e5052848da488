"""ccxt instances built before the fork behave as those built by a bot."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import ccxt
import pytest
from freqtrade.exchange.exchange import Exchange

from pool.exchange.urls import paper_urls
from pool.zygote import trials
from pool.zygote.sharing import instances

URLS = {"api": paper_urls("http://127.0.0.1:1", ccxt.binance().urls["api"])}
CONFIG = {"name": "binance", "key": "the-key", "secret": "the-secret"}


@pytest.fixture(autouse=True)
def _hook() -> Iterator[None]:
    remove = instances.install()
    yield
    remove()


def build(kwargs: dict[str, Any], config: dict[str, Any] = CONFIG, sync: bool = True) -> Any:
    bot_exchange = SimpleNamespace(_ccxt_params={}, get_option=lambda *_: False)
    return Exchange._init_ccxt(bot_exchange, config, sync, kwargs)


def test_a_prepared_instance_is_as_one_that_was_constructed() -> None:
    assert trials.instances_differ() is None


def test_differences_are_seen() -> None:
    assert instances.differences(ccxt.binance(), ccxt.binance({"timeout": 1})) == ["timeout"]


@pytest.mark.parametrize("sync", [True, False])
def test_a_bot_takes_a_spare_with_its_own_account_and_addresses(sync: bool) -> None:
    instances.build_spares()
    spares = list(instances._spares[sync])
    taken = build({"urls": URLS}, sync=sync)
    assert taken in spares
    assert (taken.apiKey, taken.secret) == ("the-key", "the-secret")
    assert {str(url).split("/api")[0] for url in taken.urls["api"].values() if "/api/v3" in str(url)} == {
        "http://127.0.0.1:1"
    }
    other = build({}, {"name": "binance"}, sync=sync)
    assert other is not taken
    assert other.apiKey is None
    assert other.urls["api"]["public"] == "https://api.binance.com/api/v3"


def test_asynchronous_spares_share_one_tls_context() -> None:
    instances.build_spares()
    one, other = build({}, sync=False), build({}, sync=False)
    assert one.ssl_context is other.ssl_context is not None


@pytest.mark.parametrize(
    ("kwargs", "config"),
    [
        ({"options": {"defaultType": "swap", "recvWindow": 1}}, CONFIG),
        ({"rateLimit": 7}, CONFIG),
        ({"urls": URLS}, {"name": "kraken"}),
    ],
)
def test_what_shapes_an_instance_otherwise_is_built_the_normal_way(
    kwargs: dict[str, Any], config: dict[str, Any]
) -> None:
    instances.build_spares()
    spares = list(instances._spares[True])
    built = build(kwargs if config is CONFIG else {}, config)
    assert built not in spares
    assert built.id == config["name"]
    assert len(instances._spares[True]) == len(spares)


def test_a_bot_that_used_its_spares_up_builds_its_own() -> None:
    instances.build_spares()
    spares = list(instances._spares[True])
    built = [build({"urls": URLS}) for _ in range(len(spares) + 2)]
    assert len({id(one) for one in built}) == len(built)
    assert instances.differences(built[0], built[-1]) == []
