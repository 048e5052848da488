"""Hooks tried at start: each result compared with what it replaces. None means equal, else a sentence's end."""

from typing import Any

import ccxt
import ccxt.pro

from pool.exchange.urls import paper_urls
from pool.zygote.sharing import instances, markets


def instances_differ() -> str | None:
    """A spare instance given settings, beside one constructed with them."""
    for module in (ccxt, ccxt.pro):
        build = getattr(module, markets.SHARED_EXCHANGE)
        urls = {"api": paper_urls("http://127.0.0.1:1", build().urls["api"])}
        settings: dict[str, Any] = {"apiKey": "key", "secret": None, "urls": urls, "timeout": 4321}
        settings["options"] = {"defaultType": "swap"}
        if names := instances.differences(build(settings), instances.configured(build(), settings)):
            return f"a prepared instance of {module.__name__} differs in {', '.join(names)}."
    return None


def markets_differ(url: str, template: markets.MarketTemplate, timeout_seconds: float) -> str | None:
    """Markets given by the hook beside those that ccxt loads itself; a refresh must keep the shared objects."""
    plain = markets.paper_instance(url)
    markets.share(None)
    markets.run_and_close(plain, plain.load_markets(True), timeout_seconds)
    markets.share(template)
    hooked = markets.paper_instance(url)

    async def load_twice() -> tuple[Any, Any]:
        return await hooked.load_markets(True), await hooked.load_markets(True)

    first, refreshed = markets.run_and_close(hooked, load_twice(), timeout_seconds)
    if not markets.are_shared(first) or not markets.are_shared(refreshed):
        return "a matching instance did not get them."
    different = [name for name in markets.FIELDS if getattr(plain, name) != getattr(hooked, name)]
    return f"{', '.join(different)} differ from what ccxt loads." if different else None
