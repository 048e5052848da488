"""What the agent asks exchanges for itself: through the node's gateway, straight where that fails.

Prices decide on exits, so a gateway that does not answer costs one request its time and no later one: it is probed, as
bots do, while the exchange is asked as it was without a gateway.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
import yarl
from loguru import logger

from pool.bot.market.fallback import Fallback
from pool.contract.mapped import MAPPED, TAKEN_HEADER, taken_header
from pool.contract.market import (
    CACHE_HEADER,
    INCARNATION_HEADER,
    KIND_HEADER,
    PRIORITY_HEADER,
    REFUSED_HEADER,
    TENANT_HEADER,
    Kind,
    PricesRequest,
    behind,
)

_THROUGH_SECONDS = 2.5
"""Of a request's three seconds, so that an exchange that is slow gets nearly as long as without a gateway."""
_PING_SECONDS = 0.5
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Asking:
    """Public looks at prices that exits wait for. `gateway_url` is None where there is no gateway."""

    def __init__(self, gateway_url: str | None, tenant: str, fallback: Fallback | None = None) -> None:
        self._gateway = None if gateway_url is None else gateway_url.rstrip("/")
        self._tenant = tenant
        self._away = False
        self._fallback = fallback or Fallback(f"agent of {tenant}", self._told)

    @property
    def has_gateway(self) -> bool:
        return self._gateway is not None

    async def gateway_lives(self, session: aiohttp.ClientSession) -> bool:
        """As far as is known; one that failed is probed now and then."""
        return self._gateway is not None and await self._usable(session, self._gateway)

    def gateway_failed(self, error: BaseException) -> None:
        """It did not answer; where it only was slow this says nothing."""
        if not isinstance(error, TimeoutError):
            self._fallback.failed(type(error).__name__)

    async def prices(self, session: aiohttp.ClientSession, request: PricesRequest) -> Answer:
        """What the gateway follows. Raises aiohttp.ClientError, TimeoutError."""
        async with session.post(
            f"{self._gateway}/v1/prices",
            data=request.to_json(),
            headers={TENANT_HEADER: self._tenant},
            allow_redirects=False,
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        if INCARNATION_HEADER not in answer.headers:
            raise aiohttp.ClientError("something else is at the gateway's address")
        return answer

    async def mapped(
        self, session: aiohttp.ClientSession, after: int, wait_ms: int, taken: Mapping[str, int]
    ) -> Answer:
        """Candles that are new after that number; `taken` by exchange, since it was told last. Raises
        aiohttp.ClientError, TimeoutError."""
        async with session.get(
            f"{self._gateway}{MAPPED}",
            params={"after": after, "wait_ms": wait_ms},
            headers={TENANT_HEADER: self._tenant} | ({TAKEN_HEADER: taken_header(taken)} if taken else {}),
            allow_redirects=False,
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        if INCARNATION_HEADER not in answer.headers:
            raise aiohttp.ClientError("something else is at the gateway's address")
        return answer

    async def get(
        self, session: aiohttp.ClientSession, exchange: str, url: str, parameters: Mapping[str, str], kind: Kind
    ) -> Answer:
        """The exchange's answer, or the gateway's refusal. Raises aiohttp.ClientError, TimeoutError."""
        if self._gateway is not None and await self.gateway_lives(session):
            answer = await self._through(session, self._gateway, exchange, url, parameters, kind)
            if answer is not None:
                return answer
        async with session.get(url, params=parameters) as response:
            return Answer(response.status, response.headers, await response.read())

    async def _usable(self, session: aiohttp.ClientSession, gateway: str) -> bool:
        use = self._fallback.use()
        return await self._lives(session, gateway) if use == "probe" else use == "ask"

    async def _lives(self, session: aiohttp.ClientSession, gateway: str) -> bool:
        try:
            timeout = aiohttp.ClientTimeout(total=_PING_SECONDS)
            async with session.get(f"{gateway}/v1/ping", timeout=timeout, allow_redirects=False) as response:
                if INCARNATION_HEADER in response.headers:
                    self._fallback.answered()
                    return True
                reason = f"status {response.status} of something else at its address"
        except _BROKEN as error:
            reason = type(error).__name__
        self._fallback.failed(reason, probe=True)
        return False

    async def _through(
        self,
        session: aiohttp.ClientSession,
        gateway: str,
        exchange: str,
        url: str,
        parameters: Mapping[str, str],
        kind: Kind,
    ) -> Answer | None:
        """None where the exchange has to be asked."""
        whole = yarl.URL(behind(gateway, exchange, url)).with_query(parameters)
        headers = {TENANT_HEADER: self._tenant, KIND_HEADER: kind.header(), PRIORITY_HEADER: "price"}
        timeout = aiohttp.ClientTimeout(total=_THROUGH_SECONDS)
        try:
            async with session.get(whole, headers=headers, timeout=timeout, allow_redirects=False) as response:
                answer = Answer(response.status, response.headers, await response.read())
        except TimeoutError:
            if await self._lives(session, gateway):
                raise  # the exchange is slow
            return None
        except _BROKEN as error:
            self._fallback.failed(type(error).__name__)
            return None
        if INCARNATION_HEADER not in answer.headers:
            self._fallback.failed(f"status {answer.status} of something else at its address")
            return None
        self._fallback.answered()
        if answer.headers.get(REFUSED_HEADER) == "host":
            return None
        return answer if CACHE_HEADER in answer.headers or REFUSED_HEADER in answer.headers else None

    def _told(self, reason: str | None) -> None:
        if reason is None:
            logger.info("the market-data gateway answers again")
        elif not self._away:
            logger.warning("the market-data gateway does not answer ({}): exchanges are asked straight", reason)
        self._away = reason is not None
