"""Requests that wait for leave of an authority, and what becomes of them. Pure."""

from dataclasses import dataclass, field

from pool.contract.market import Priority, Refusal
from pool.exchange.gateway.tables import Endpoint


@dataclass(eq=False, slots=True)
class Ticket:
    """A request that waits, then is under way. `straight`: somebody else sends it, and tells no answer. `peer` is the
    address it came from; that, `tenant` and `bot` are the account as far as we know it."""

    endpoint: Endpoint
    priority: Priority
    tenant: str
    peer: str
    deadline: float
    straight: bool = False
    bot: str = ""
    number: int = 0
    sent_at: float = 0.0

    @property
    def cost(self) -> float:
        return self.endpoint.cost

    @property
    def signed(self) -> bool:
        """It belongs to an account, and is limited by what the exchange allows that."""
        return self.priority not in ("urgent", "price", "data")

    @property
    def account(self) -> tuple[str, str, str]:
        return (self.peer, self.tenant, self.bot)


@dataclass(frozen=True, slots=True)
class Denied:
    refusal: Refusal
    status: int
    retry_after: float


@dataclass(slots=True)
class Turn:
    """What a look at those who wait gave, and when to look again if nothing happens before."""

    granted: list[Ticket] = field(default_factory=list)
    denied: list[tuple[Ticket, Denied]] = field(default_factory=list)
    again_at: float | None = None

    def look_at(self, at: float) -> None:
        self.again_at = at if self.again_at is None else min(self.again_at, at)
