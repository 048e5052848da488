"""What the server needs of others: where may be asked, and leave to ask."""

from collections.abc import Mapping
from typing import Any, Protocol

from pool.contract.market import BreakerState, BudgetState, Priority, Refusal
from pool.contract.model import Instant


class Refused(Exception):
    """The exchange is not asked."""

    def __init__(self, refusal: Refusal, retry_after_seconds: float | None, status: int) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.retry_after_seconds = retry_after_seconds
        self.status = status


class Unready(Exception):
    """The gateway itself cannot serve this exchange for now. Answered as a failure of its own, not as a refusal: bots
    then ask the exchange themselves, within the budget that they have for that."""


Headers = Mapping[str, str]
"""Of an answer, whatever their case."""


class Admission(Protocol):
    """Leave for one request; exactly one of its two is called when that ends."""

    def told(self, status: int, headers: Headers, now: float) -> None:
        """The exchange answered at `now` (monotonic)."""
        ...

    def failed(self, error: BaseException) -> None:
        """It did not, or nobody waits any more."""
        ...

    def body(self, body: bytes) -> None:
        """It answered its markets, which may list its limits."""
        ...


class Breaking(Protocol):
    """How an exchange's circuit breaker stands."""

    @property
    def state(self) -> BreakerState: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def retry_at(self) -> Instant | None: ...


class Budgets(Protocol):
    """Of all exchanges."""

    async def admit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        query: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
        bot: str | None = None,
    ) -> Admission:
        """Leave to ask, at the latest at `deadline` (monotonic). `peer`, `tenant` and `bot` tell accounts apart. Raises
        Refused."""
        ...

    async def permit(
        self,
        exchange: str,
        authority: str,
        method: str,
        path: str,
        priority: Priority,
        tenant: str | None,
        peer: str,
        deadline: float,
    ) -> None:
        """Leave for somebody who asks the exchange himself, whose answer nobody tells. Raises Refused."""
        ...

    def pace(self, exchange: str) -> float | None:
        """What the exchange bears from this machine's address, in ccxt's cost units a second; None where nobody
        knows."""
        ...

    def breaking(self, exchange: str) -> Breaking: ...
    def budgets(self, exchange: str) -> list[BudgetState]: ...
    def to_json(self) -> str:
        """Bans and what was used, for the disk."""
        ...

    def of_json(self, text: str) -> None:
        """What a former process wrote. Raises ValueError where it cannot be read."""
        ...


class Tables(Protocol):
    """Authorities of exchanges."""

    def allowed(self, exchange: str) -> frozenset[str]:
        """`host` or `host:port`, small letters; empty for an exchange that is not known, or not loaded."""
        ...

    async def load(self, exchange: str) -> Any:
        """Have its table ready. Raises OSError where that cannot be had now."""
        ...
