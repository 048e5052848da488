"""What exchanges trade, as far as it can be asked without their keys: today the paper exchange's markets.

Knowing nothing is an answer too: a bot on an exchange that cannot be asked is created, and waits where all can see it.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any

import httpx

from orchestrator.errors import InvalidSpec
from orchestrator.kit.plain_http import TRUST_NOBODY
from orchestrator.templates.exchange_ids import PAPER
from orchestrator.templates.spec import FUTURES, SPOT, BotSpec

_ASK_SECONDS = 5.0
_FRESH_SECONDS = 60.0
_AGAIN_SECONDS = 2.0
"""After it was asked in vain: those who wait for an answer are not made to wait one after the other."""
_NAMED = 5
_PATHS = {SPOT: "/api/v3/exchangeInfo", FUTURES: "/fapi/v1/exchangeInfo"}


class MarketDirectory:
    """`paper_url` answers where the paper exchange is, None for nowhere."""

    def __init__(self, paper_url: Callable[[], str | None], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._paper_url = paper_url
        self._transport = transport
        self._lock = asyncio.Lock()
        self._known: dict[str, frozenset[str] | None] = {}
        self._asked_at: dict[str, float] = {}

    async def pairs(self, exchange: str, trading_mode: str = SPOT) -> frozenset[str] | None:
        """Pairs traded now, as `BASE/QUOTE`, of futures `BASE/QUOTE:MARGIN`; None where that cannot be told."""
        if not self.lists(exchange) or trading_mode not in _PATHS:
            return None
        async with self._lock:
            known, asked_at = self._known.get(trading_mode), self._asked_at.get(trading_mode, float("-inf"))
            if time.monotonic() - asked_at > (_AGAIN_SECONDS if known is None else _FRESH_SECONDS):
                known = self._known[trading_mode] = await self._ask(_PATHS[trading_mode]) or known
                self._asked_at[trading_mode] = time.monotonic()
            return known

    def lists(self, exchange: str) -> bool:
        """Whether it is one that can be asked at all."""
        return exchange == PAPER

    async def check_pairs(self, spec: BotSpec) -> None:
        """Raises InvalidSpec (field `pairs`) for pairs that the exchange lacks; passes where it cannot be asked."""
        known = await self.pairs(spec.exchange, spec.trading_mode)
        missing = [] if known is None else [pair for pair in spec.pairs if pair not in known]
        if missing:
            named = ", ".join(missing[:_NAMED]) + (" and more" if len(missing) > _NAMED else "")
            raise InvalidSpec(
                f"The exchange {spec.exchange} does not trade {named}; remove it from pairs or choose another.",
                field="pairs",
                missing=missing[:50],
            )

    async def _ask(self, path: str) -> frozenset[str] | None:
        url = self._paper_url()
        if url is None:
            return None
        try:
            async with (
                asyncio.timeout(_ASK_SECONDS),
                httpx.AsyncClient(
                    transport=self._transport, trust_env=False, verify=TRUST_NOBODY, timeout=_ASK_SECONDS
                ) as client,
            ):
                response = await client.get(f"{url.rstrip('/')}{path}")
                response.raise_for_status()
            return await asyncio.to_thread(_trading_pairs, response)
        except (TimeoutError, httpx.HTTPError, OSError, ValueError, KeyError, TypeError):
            return None


def search(pairs: Collection[str], text: str, quote: str | None) -> list[str]:
    """Pairs whose name has the text, in capitals or not, and that quote; those of just that base come first, then those
    whose base begins so, then the others, each by name. Pure."""
    wanted = text.strip().upper()

    def rank(pair: str) -> tuple[bool, bool, str]:
        base = pair.partition("/")[0].upper()
        return base != wanted.partition("/")[0], not base.startswith(wanted), pair

    found = (pair for pair in pairs if wanted in pair.upper() and quote in (None, _quote(pair)))
    return sorted(found, key=rank)


def _quote(pair: str) -> str:
    return pair.partition("/")[2].partition(":")[0]


def _trading_pairs(response: httpx.Response) -> frozenset[str]:
    body: dict[str, Any] = response.json()
    return frozenset(
        f"{symbol['baseAsset']}/{symbol['quoteAsset']}{_settled(symbol)}"
        for symbol in body["symbols"]
        if symbol.get("status", "TRADING") == "TRADING"
    )


def _settled(symbol: dict[str, Any]) -> str:
    """What a perpetual's name ends in; nothing for spot."""
    return f":{symbol['marginAsset']}" if "marginAsset" in symbol else ""
