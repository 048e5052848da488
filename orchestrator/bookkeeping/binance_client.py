"""Asking Binance, or the paper exchange, about one account.

Requests are signed as "SIGNED (TRADE and USER_DATA) endpoint security" of Binance's documentation has it: HMAC-SHA256
of the query with the secret, a timestamp by the exchange's clock. What is asked here is never urgent: bots of this
address share its request weight, so this asks nothing more in a minute of which half is used, and nothing at all while
the exchange refuses (418, 429).
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from orchestrator.bookkeeping.exchange import ExchangeBusy, ExchangeTrouble, KeyRefused
from orchestrator.kit.money import MAGNITUDE_LIMIT

ASK_SECONDS = 10.0
SPOT_WEIGHT = 3_000
"""Half of what Binance lets an address use in a minute of spot."""
FUTURES_WEIGHT = 1_200
"""The same of futures, which are counted apart."""
NO_ORDER = -2013
_WINDOW_MILLISECONDS = 5_000
_MINUTE_SECONDS = 60.0
_BAD_KEY = {-2014, -2015, -1022}
_BAD_TIME = -1021


class Pace:
    """What all accounts of one market of an exchange share, since it counts by address. `weight` is ours in a minute,
    `clock` is monotonic, in seconds."""

    def __init__(self, weight: int = SPOT_WEIGHT, clock: Callable[[], float] = time.monotonic) -> None:
        self._weight = weight
        self._clock = clock
        self._until = float("-inf")

    def check(self) -> None:
        """Raises ExchangeBusy."""
        left = self._until - self._clock()
        if left > 0:
            raise ExchangeBusy(f"The exchange is left alone for {left:.0f} s more.", left)

    def heed(self, response: httpx.Response) -> None:
        """Raises ExchangeBusy where the answer is a refusal for asking too much."""
        if response.status_code in (418, 429):
            told = response.headers.get("Retry-After", "")
            seconds = float(told) if told.isascii() and told.isdigit() else _MINUTE_SECONDS
            self._until = self._clock() + min(seconds, 3_600.0)
            self.check()
        used = response.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isascii() and used.isdigit() and int(used) >= self._weight:
            self._until = self._clock() + _MINUTE_SECONDS - datetime.now(UTC).second % _MINUTE_SECONDS


class SignedClient:
    """GET requests with one account's key, below `root`. `time_path` tells the exchange's clock. Close it with
    `aclose`."""

    def __init__(
        self,
        root: str,
        time_path: str,
        key: str,
        secret: SecretStr,
        pace: Pace,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=root, transport=transport, trust_env=False, timeout=ASK_SECONDS)
        self._time_path = time_path
        self._key = key
        self._secret = secret
        self._pace = pace
        self._ahead_milliseconds = 0

    async def aclose(self) -> None:
        await self._http.aclose()

    async def signed(self, path: str, params: Mapping[str, Any]) -> Any:
        """What it answers. Raises Refused, ExchangeTrouble."""
        for last in (False, True):
            try:
                return await self.ask(path, self._sign(params), {"X-MBX-APIKEY": self._key})
            except Refused as refused:
                if refused.code in _BAD_KEY:
                    raise KeyRefused(f"The exchange does not take the key ({refused.code}): {refused.told}") from None
                if refused.code != _BAD_TIME or last:
                    raise
                told = await self.now_milliseconds()
                self._ahead_milliseconds = told - time.time_ns() // 1_000_000
        raise AssertionError  # the second pass returns or raises

    async def now_milliseconds(self) -> int:
        """By the exchange's clock. Raises ExchangeTrouble."""
        told = await self.ask(self._time_path, {})
        try:
            return int(told["serverTime"])
        except (KeyError, TypeError, ValueError) as error:
            raise nonsense() from error

    async def ask(self, path: str, params: Mapping[str, Any] | str, headers: Mapping[str, str] | None = None) -> Any:
        """Unsigned. Raises Refused, ExchangeTrouble."""
        self._pace.check()
        query = params if isinstance(params, str) else urlencode(params)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                response = await self._http.get(f"{path}?{query}", headers=headers)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            # Not the error itself: its text may hold the address, and that the signature.
            raise ExchangeTrouble(f"The exchange does not answer ({type(error).__name__}).") from None
        self._pace.heed(response)
        try:
            told = response.json()
        except ValueError:
            raise ExchangeTrouble(f"The exchange answers with no JSON ({response.status_code}).") from None
        if response.is_error:
            known = told if isinstance(told, dict) else {}
            raise Refused(int(known.get("code") or 0), str(known.get("msg") or response.status_code)[:200])
        return told

    def _sign(self, params: Mapping[str, Any]) -> str:
        now = time.time_ns() // 1_000_000 + self._ahead_milliseconds
        query = urlencode({**params, "recvWindow": _WINDOW_MILLISECONDS, "timestamp": now})
        signature = hmac.new(self._secret.get_secret_value().encode(), query.encode(), hashlib.sha256).hexdigest()
        return f"{query}&signature={signature}"


class Refused(ExchangeTrouble):
    """It answered with an error of its own."""

    def __init__(self, code: int, told: str) -> None:
        super().__init__(f"The exchange refuses ({code}): {told}")
        self.code = code
        self.told = told

    @property
    def is_unknown(self) -> bool:
        """What was asked for can be nothing there: "11xx: Request issues" of Binance's documentation of errors, among
        them no such symbol and no such id."""
        return -1200 < self.code <= -1100


def nonsense() -> ExchangeTrouble:
    return ExchangeTrouble("The exchange answers what is not in its documentation.")


def amount_of(value: Any) -> Decimal:
    """Raises ValueError, decimal.InvalidOperation."""
    amount = Decimal(str(value))
    if not amount.is_finite() or amount.copy_abs() > MAGNITUDE_LIMIT:
        raise ValueError("no amount")
    return amount


def time_of(milliseconds: Any) -> datetime:
    """Raises ValueError, TypeError."""
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (OverflowError, OSError):
        raise ValueError("no time") from None


def milliseconds_of(at: datetime) -> int:
    return int(at.timestamp() * 1000)
