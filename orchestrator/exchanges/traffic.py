"""What the market-data gateway tells of its exchanges. Whoever asks within moments shares one answer, and nobody waits
long for one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from orchestrator.kit.clock import utc_now
from orchestrator.kit.plain_http import TRUST_NOBODY
from pool.contract.market import INCARNATION_HEADER, GatewayState

_ASK_SECONDS = 2.0
_SHARED_SECONDS = 3.0
_MOST_BYTES = 4 * 2**20
_OFF = "There is no market-data gateway (FLOTILLA_ORCH_GATEWAY): bots ask exchanges themselves."
_SILENT = "The market-data gateway does not answer: bots ask exchanges themselves, with less to spend, until it does."


@dataclass(frozen=True, slots=True)
class TrafficLook:
    """One look at it."""

    state: GatewayState | None
    """None where it did not answer."""
    problem: str | None
    """Why there is no state, in a sentence."""
    at: datetime
    wanted: bool = True
    """Whether there is to be one."""
    why: str | None = None
    """What is known of one that does not answer, in a sentence for administrators: it may name paths."""

    @property
    def whole_problem(self) -> str | None:
        """For administrators."""
        return self.problem if self.why is None else f"{self.problem} {self.why}"


class Traffic:
    """`find` answers where the gateway is, None for nowhere yet; `find` None where there is to be none. `why` says in a
    sentence what is known of one that does not answer."""

    def __init__(
        self,
        find: Callable[[], Awaitable[str | None]] | None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        why: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._find = find
        self._why = why
        self._transport = transport
        self._clock = clock
        self._asking = asyncio.Lock()
        self._look: TrafficLook | None = None
        self._looked_at = float("-inf")

    async def look(self) -> TrafficLook:
        """Now, or some seconds ago."""
        if self._find is None:
            return TrafficLook(None, _OFF, utc_now(), wanted=False)
        async with self._asking:
            if self._look is None or self._clock() - self._looked_at >= _SHARED_SECONDS:
                state = await self._ask(await self._find())
                silent = state is None
                self._look = TrafficLook(
                    state, _SILENT if silent else None, utc_now(), why=self._why() if silent else None
                )
                self._looked_at = self._clock()
            return self._look

    async def _ask(self, url: str | None) -> GatewayState | None:
        if url is None:
            return None
        try:
            async with (
                asyncio.timeout(_ASK_SECONDS),
                httpx.AsyncClient(
                    transport=self._transport, trust_env=False, verify=TRUST_NOBODY, timeout=_ASK_SECONDS
                ) as client,
                client.stream("GET", f"{url.rstrip('/')}/v1/state") as response,
            ):
                response.raise_for_status()
                if INCARNATION_HEADER not in response.headers:
                    return None
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _MOST_BYTES:
                        return None
            return GatewayState.model_validate_json(bytes(body))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return None
