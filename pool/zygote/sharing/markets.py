"""Markets loaded once by the zygote, instead of parsed by every bot at boot and each hour.

Hooks ccxt's asynchronous `load_markets_helper`; FreqTrade copies the result to its synchronous instance by reference.
Only instances that would load the very same documents (`market_key`) without credentials are served. FreqTrade
refreshes markets hourly: then the documents are fetched as ever, but compared by digest before they are parsed. Equal:
the shared objects stay. Else: everything is loaded as ever, and single markets that are equal go on being shared.
"""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import ccxt.pro
from ccxt.async_support.base.exchange import Exchange as AsyncExchange

from pool.exchange.urls import paper_urls

SHARED_EXCHANGE = "binance"
MAX_AGE_SECONDS = 3600
"""FreqTrade's own interval between two refreshes: younger markets are as good as just fetched ones."""
_SERVER_TIME = re.compile(r'"serverTime"\s*:\s*\d+\s*,?')
_UNCHANGED = '{"symbols":[]}'
_LOADING_OPTIONS = ("fetchMarkets", "fetchMargins", "sandboxMode", "enableDemoTrading")
FIELDS = (
    "markets",
    "markets_by_id",
    "symbols",
    "ids",
    "currencies",
    "currencies_by_id",
    "baseCurrencies",
    "quoteCurrencies",
    "codes",
)


@dataclass(frozen=True)
class MarketTemplate:
    """Markets of `source`, loaded at the Unix time `loaded_at`; `digests` of the documents they came from, by URL."""

    source: Any
    loaded_at: float
    digests: Mapping[str, bytes]
    key: str

    def give(self, instance: Any) -> dict[str, Any]:
        """Hands the markets to an instance, which from then on shares the objects."""
        for name in FIELDS:
            setattr(instance, name, getattr(self.source, name))
        instance.options["crossMarginPairsData"] = []
        instance.options["isolatedMarginPairsData"] = []
        markets: dict[str, Any] = instance.markets
        return markets


_template: MarketTemplate | None = None
_original: Any = None


def install() -> Callable[[], None]:
    """Puts the hook in; the answer takes it out again."""
    global _original
    _original = AsyncExchange.load_markets_helper
    AsyncExchange.load_markets_helper = _load_markets_helper
    return _uninstall


def _uninstall() -> None:
    AsyncExchange.load_markets_helper = _original


def share(template: MarketTemplate | None) -> None:
    """From now on matching instances get the template's markets; None ends that."""
    global _template
    _template = template


def are_shared(markets: object) -> bool:
    """Whether a bot's markets are the template's very objects."""
    return _template is not None and markets is _template.source.markets


def market_key(instance: Any) -> str:
    """Equal for two ccxt instances that would load the same markets from the same place."""
    urls = {name: url for name, url in instance.urls["api"].items() if isinstance(url, str)}  # not those of WebSockets
    relevant = [instance.options.get(name) for name in _LOADING_OPTIONS]
    return json.dumps([instance.id, urls, *relevant], sort_keys=True, default=str)


def paper_instance(url: str) -> Any:
    """A fresh asynchronous instance for the paper exchange at `url`."""
    instance = getattr(ccxt.pro, SHARED_EXCHANGE)()
    instance.urls["api"] = instance.deep_extend(instance.urls["api"], paper_urls(url, instance.urls["api"]))
    return instance


def load_from(url: str, timeout_seconds: float) -> MarketTemplate:
    """The markets of the paper exchange at `url`. Raises ccxt.BaseError or TimeoutError."""
    instance = paper_instance(url)
    template: MarketTemplate = run_and_close(instance, load_template(instance), timeout_seconds)
    return template


def run_and_close(instance: Any, work: Coroutine[Any, Any, Any], timeout_seconds: float) -> Any:
    """Runs what uses an asynchronous instance in a loop of its own, closes both; the coroutine's answer."""

    async def bounded() -> Any:
        try:
            return await asyncio.wait_for(work, timeout_seconds)
        finally:
            await instance.close()

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(bounded())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        instance.asyncio_loop = instance.throttler.loop = instance.markets_loading = None


async def load_template(instance: Any) -> MarketTemplate:
    """Loads an asynchronous instance's markets over the network. Raises ccxt.BaseError; closing is the caller's."""
    key = market_key(instance)
    digests: dict[str, bytes] = {}

    def record(code: int, reason: str, url: str, method: str, headers: Any, body: str, *rest: Any) -> str:
        if code == 200:
            digests[url] = _digest(body)
        return body.strip()

    instance.on_rest_response = record
    try:
        instance.set_markets(await instance.fetch_markets())
    finally:
        del instance.on_rest_response
    return MarketTemplate(instance, time.time(), digests, key)


async def _load_markets_helper(self: Any, reload: bool = False, params: Any = None) -> Any:
    """Hook of ccxt's asynchronous `load_markets_helper`."""
    template = _template
    if template is None or params or (self.markets and not reload) or not _matches(self, template):
        return await _original(self, reload, params or {})
    if not self.markets and time.time() - template.loaded_at < MAX_AGE_SECONDS:
        # One light request in place of three heavy ones: an exchange that is down must be noticed here, as ever.
        await self.fetch_time()
        return template.give(self)
    if await _unchanged(self, template):
        return template.give(self)
    await _original(self, True, {})
    return share_equal_parts(self, template)


def _matches(instance: Any, template: MarketTemplate) -> bool:
    with_credentials = bool(instance.apiKey or instance.secret)
    return instance.id == SHARED_EXCHANGE and not with_credentials and market_key(instance) == template.key


async def _unchanged(instance: Any, template: MarketTemplate) -> bool:
    """Fetches the same documents again and compares digests; an equal one is never parsed."""
    equal: set[str] = set()

    def compare(code: int, reason: str, url: str, method: str, headers: Any, body: str, *rest: Any) -> str:
        if code == 200 and template.digests.get(url) == _digest(body):
            equal.add(url)
            return _UNCHANGED
        return body.strip()

    instance.on_rest_response = compare
    try:
        await instance.fetch_markets()
    finally:
        del instance.on_rest_response
    return equal == set(template.digests)


def share_equal_parts(instance: Any, template: MarketTemplate) -> dict[str, Any]:
    """Replaces each market and currency of `instance` that equals the template's by the shared object."""
    for name in ("markets", "currencies", "baseCurrencies", "quoteCurrencies", "markets_by_id"):
        mine, shared = getattr(instance, name), getattr(template.source, name)
        for key, value in mine.items():
            if shared.get(key) == value:
                mine[key] = shared[key]
    markets: dict[str, Any] = instance.markets
    return markets


def _digest(body: str) -> bytes:
    """Of a document without the time at which it was served."""
    return hashlib.blake2b(_SERVER_TIME.sub("", body.strip(), count=1).encode(), digest_size=16).digest()
