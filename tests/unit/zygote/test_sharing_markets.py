"""Markets that bots share: who gets them, what is compared, what stays shared when something changed."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import ccxt
import pytest

from pool.zygote.rehearsal_exchange import answer
from pool.zygote.sharing import markets

URL = "http://127.0.0.1:1"


class Wire:
    """Answers an instance's requests in place of the network, and counts them."""

    def __init__(self, instance: Any) -> None:
        self.paths: list[str] = []
        self.minimum = "5.0"
        self.serial = 0
        self.down = False
        instance.fetch = self._fetch
        self._instance = instance

    async def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        assert url.startswith(URL), url
        if self.down:
            raise ccxt.ExchangeNotAvailable("down")
        path = url.removeprefix(URL)
        self.paths.append(path)
        found = answer(path, {})
        if path.endswith("exchangeInfo"):
            self.serial += 1
            found["serverTime"] = self.serial
            for symbol in found["symbols"][:1]:
                symbol["filters"][2]["minNotional"] = self.minimum
        text = self._instance.on_rest_response(200, "OK", url, method, {}, json.dumps(found), {}, None)
        return json.loads(text)


@pytest.fixture(autouse=True)
def _hook() -> Iterator[None]:
    remove = markets.install()
    yield
    markets.share(None)
    remove()


def instance() -> tuple[Any, Wire]:
    built = markets.paper_instance(URL)
    return built, Wire(built)


def template() -> markets.MarketTemplate:
    built, _ = instance()
    found: markets.MarketTemplate = markets.run_and_close(built, markets.load_template(built), 10)
    markets.share(found)
    return found


def load(built: Any, reload: bool = True) -> Any:
    return markets.run_and_close(built, built.load_markets(reload), 10)


def test_a_matching_instance_gets_the_very_objects_for_one_light_request() -> None:
    shared = template()
    built, wire = instance()
    assert load(built) is shared.source.markets
    assert wire.paths == ["/api/v3/time"]
    assert all(getattr(built, name) is getattr(shared.source, name) for name in markets.FIELDS)
    assert markets.are_shared(built.markets)


def test_what_is_shared_equals_what_ccxt_loads_itself() -> None:
    markets.share(None)
    plain, _ = instance()
    load(plain)
    shared = template()
    for name in markets.FIELDS:
        assert getattr(shared.source, name) == getattr(plain, name), name


def test_an_exchange_that_is_down_is_noticed_at_the_first_load() -> None:
    template()
    built, wire = instance()
    wire.down = True
    with pytest.raises(ccxt.ExchangeNotAvailable):
        load(built)


@pytest.mark.parametrize("what", ["other host", "credentials", "other types", "other exchange"])
def test_an_instance_that_does_not_match_loads_its_own(what: str) -> None:
    shared = template()
    built, wire = instance()
    if what == "other host":
        shared.source.urls["api"]["public"] = "http://elsewhere/api/v3"
        markets.share(markets.MarketTemplate(shared.source, shared.loaded_at, {}, markets.market_key(shared.source)))
    elif what == "credentials":
        built.apiKey, built.secret = "key", "secret"
        built.options["fetchCurrencies"] = False
    elif what == "other types":
        built.options["fetchMarkets"] = {"types": ["spot"]}
    else:
        built.id = "binanceus"
    assert load(built) is not shared.source.markets
    assert "/api/v3/exchangeInfo" in wire.paths


def test_web_socket_addresses_make_no_difference() -> None:
    template()
    built, _ = instance()
    built.urls["api"]["ws"] = {"spot": "wss://elsewhere"}
    assert markets.are_shared(load(built))


def test_a_refresh_that_finds_the_same_documents_keeps_the_objects_and_parses_nothing() -> None:
    shared = template()
    built, wire = instance()

    async def twice() -> Any:
        await built.load_markets(True)
        built.parse_market = None  # parsing would fail
        return await built.load_markets(True)

    assert markets.run_and_close(built, twice(), 10) is shared.source.markets
    assert sum(path.endswith("exchangeInfo") for path in wire.paths) == 3


def test_a_refresh_that_finds_a_change_takes_it_and_goes_on_sharing_the_rest() -> None:
    shared = template()
    built, wire = instance()

    async def twice() -> Any:
        await built.load_markets(True)
        wire.minimum = "7.0"
        return await built.load_markets(True)

    found = markets.run_and_close(built, twice(), 10)
    assert not markets.are_shared(found)
    assert found["BTC/USDT"]["limits"]["cost"]["min"] == 7.0
    assert shared.source.markets["BTC/USDT"]["limits"]["cost"]["min"] == 5.0
    assert found["ETH/USDT"] is shared.source.markets["ETH/USDT"]


def test_old_markets_are_compared_at_the_first_load_too() -> None:
    shared = template()
    old = markets.MarketTemplate(shared.source, time.time() - markets.MAX_AGE_SECONDS - 1, shared.digests, shared.key)
    markets.share(old)
    built, wire = instance()
    assert load(built) is shared.source.markets
    assert sum(path.endswith("exchangeInfo") for path in wire.paths) == 3


def test_without_reload_loaded_markets_are_left_alone() -> None:
    built, wire = instance()
    load(built)
    mine = built.markets
    template()
    wire.paths.clear()
    built.asyncio_loop = None
    assert asyncio.run(built.load_markets()) is mine
    assert wire.paths == []
