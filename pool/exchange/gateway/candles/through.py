"""What makes a ccxt client ask through the gateway, and what each question says of itself there."""

import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pool.contract.mapped import ASKED_HEADER, KEPT_HEADER
from pool.contract.market import AGE_HEADER, KIND_HEADER, PRIORITY_HEADER, Kind, Priority, behind

kind: ContextVar[Kind] = ContextVar("kind")
priority: ContextVar[Priority] = ContextVar("priority", default="data")
kept: ContextVar[list["Noted"]] = ContextVar("kept")
"""Where it is set: what the gateway keeps is answered and nothing else, and each answer is noted."""
asked: ContextVar[list[float]] = ContextVar("asked")
"""Where it is set: when the exchange was asked for each answer that comes, by CLOCK_BOOTTIME."""


@dataclass
class Noted:
    """An answer that the gateway keeps."""

    url: str
    """The exchange's own."""
    asked: str | None = None
    """`ASKED_HEADER` of the answer; None where there was none."""


def through(gateway: str, exchange: str) -> dict[str, Any]:
    """Methods for a class of ccxt's."""

    async def fetch(
        self: Any, url: str, method: str = "GET", headers: dict[str, str] | None = None, body: Any = None
    ) -> Any:
        noted = kept.get(None)
        own = {KIND_HEADER: kind.get(Kind(name="other")).header(), PRIORITY_HEADER: priority.get()}
        if noted is not None:
            own[KEPT_HEADER] = "1"
            noted.append(Noted(url))
        base: Any = super(type(self), self)
        return await base.fetch(behind(gateway, exchange, url), method, {**(headers or {}), **own}, body)

    async def throttle(self: Any, cost: float | None = None) -> None:
        """What the gateway keeps costs nothing of what the exchange allows."""
        if kept.get(None) is None:
            base: Any = super(type(self), self)
            await base.throttle(cost)

    def on_rest_response(
        self: Any, code: int, reason: str, url: str, method: str, headers: Mapping[str, str], body: str, *told: Any
    ) -> Any:
        answers = kept.get(None)
        if answers:
            answers[-1].asked = {name.lower(): value for name, value in headers.items()}.get(ASKED_HEADER.lower())
        noted = asked.get(None)
        if noted is not None:
            age_ms = {name.lower(): value for name, value in headers.items()}.get(AGE_HEADER.lower(), "0")
            noted.append(time.clock_gettime(time.CLOCK_BOOTTIME) - float(age_ms) / 1000)
        base: Any = super(type(self), self)
        return base.on_rest_response(code, reason, url, method, headers, body, *told)

    return {"fetch": fetch, "throttle": throttle, "on_rest_response": on_rest_response}
