"""The way of one request, step by step: no I/O. Whoever carries out the steps is told nothing of why.

A request that is public goes to the gateway, and to the exchange where the gateway fails. What is signed goes straight
with the gateway's leave, or through it by the pool's setting. Nothing signed is ever sent twice: where it may have
arrived, its failure is the exchange's, and the journal of orders looks after it.
"""

import logging
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Literal

from pool.bot.market.fallback import Fallback
from pool.bot.market.kinds import Purpose
from pool.bot.market.mapped import Mapped
from pool.bot.market.refusals import failed, held_back, refused, seconds_of
from pool.contract.mapped import SERIES_HEADER
from pool.contract.market import (
    BOT_HEADER,
    CACHE_HEADER,
    INCARNATION_HEADER,
    KIND_HEADER,
    PRIORITY_HEADER,
    REFUSED_HEADER,
    SHARE_HEADER,
    TENANT_HEADER,
    UNSENT_HEADER,
    PermitRequest,
    Priority,
    Refusal,
    behind,
)

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 4.0
"""For a public answer, before it is looked whether the gateway lives."""
PING_SECONDS = 1.0
PERMIT_SECONDS = 0.3
LEAST_SECONDS = 1.0
"""A request that is made at all gets so long."""
_EXIT_WAIT_SECONDS = 0.5
_STRANGER_SECONDS = 60.0
"""An address that the gateway does not know is not offered to it for so long."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as ccxt would make it."""

    method: str
    url: str
    timeout: float
    public: bool
    signed: bool
    purpose: Purpose
    priority: Priority
    told_url: str
    """What the gateway may know of a signed one: without its query, and nothing of the account."""
    elsewhere: bool = False
    """It goes out through somebody's own proxy, hence from another address."""


@dataclass(frozen=True, slots=True)
class Through:
    """Make it at this URL of the gateway, with these headers more; tell what came of it."""

    url: str
    headers: Mapping[str, str]
    timeout: float


@dataclass(frozen=True, slots=True)
class Call:
    """Ask the gateway itself; tell what came of it. With a body it is a POST."""

    url: str
    timeout: float
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Straight:
    """Make it as it is, and be done."""

    timeout: float | None = None
    """None leaves it as it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a `Through` or a `Call`: an answer, or the error in its place."""

    status: int = 0
    headers: Mapping[str, str] | None = None
    error: Exception | None = None
    failure: Literal["unconnected", "timeout", "broken"] | None = None
    """`unconnected`: nothing was sent."""

    @property
    def is_gateway(self) -> bool:
        return self.headers is not None and INCARNATION_HEADER in self.headers

    @property
    def refusal(self) -> Refusal | None:
        return self.headers.get(REFUSED_HEADER) if self.headers is not None else None  # type: ignore[return-value]

    @property
    def unsent(self) -> bool:
        """It surely reached no exchange."""
        if self.headers is None or not self.is_gateway:
            return self.failure == "unconnected"
        return self.refusal == "host" or UNSENT_HEADER in self.headers

    @property
    def share(self) -> float:
        """Of the exchange's pace; 0 where nothing was said."""
        return seconds_of(self.headers.get(SHARE_HEADER) if self.headers is not None else None)

    @property
    def retry_after(self) -> str | None:
        return self.headers.get("Retry-After") if self.headers is not None else None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.failure}: {type(self.error).__name__}"
        return f"status {self.status} of something else at its address"


Step = Through | Call | Pause | Straight
Way = Generator[Step, Outcome, None]
"""It ends after a `Straight`, or with the answer of the last `Through`; it raises what is to be raised in place of an
answer."""


class Router:
    """One per bot. `exchange` is the slot's; `building` says that FreqTrade is being built, when waiting harms nobody's
    trades and giving up ends the bot."""

    def __init__(
        self,
        gateway: str,
        fallback: Fallback,
        *,
        bot_id: str,
        tenant: str,
        exchange: Callable[[], str],
        signed_through: bool,
        building: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        mapped: Mapped | None = None,
    ) -> None:
        self.mapped = mapped
        """Candles that need not be asked for."""
        self._gateway = gateway.rstrip("/")
        self._fallback = fallback
        self._bot_id = bot_id
        self._tenant = tenant
        self._exchange = exchange
        self._signed_through = signed_through
        self._building = building
        self._clock = clock
        self._strangers: dict[str, float] = {}
        """Addresses that the gateway does not know, and until when they are remembered."""

    def way(self, asked: Asked) -> Way:
        """Raises ccxt.NetworkErrors, and errors that a step ended with."""
        began = self._clock()
        if asked.elsewhere:
            yield Straight()
            return
        through = (asked.public and not self._is_stranger(asked.url)) or (asked.signed and self._signed_through)
        if (yield from self._usable(confidential=through and not asked.public)):
            if through:
                if (yield from (self._shared(asked, began) if asked.public else self._passed(asked))):
                    return
            elif not asked.public:
                yield from self._leave(asked)
        spent = self._clock() - began
        if asked.public and not self._is_stranger(asked.url):
            yield from self._budgeted(asked)
        yield Straight() if spent < LEAST_SECONDS else Straight(max(asked.timeout - spent, LEAST_SECONDS))

    def _usable(self, *, confidential: bool) -> Generator[Step, Outcome, bool]:
        use = self._fallback.use(confidential=confidential)
        if use == "probe":
            return (yield from self._lives())
        return use == "ask"

    def _lives(self) -> Generator[Step, Outcome, bool]:
        outcome = yield Call(f"{self._gateway}/v1/ping", PING_SECONDS)
        if outcome.is_gateway:
            self._fallback.answered()
        else:
            self._fallback.failed(str(outcome), probe=True)
        return outcome.is_gateway

    def _shared(self, asked: Asked, began: float) -> Generator[Step, Outcome, bool]:
        """A public request; False where the exchange has to be asked. An exchange that is slow is told from a gateway
        that hangs by asking the gateway itself; its own request goes on meanwhile, and who then says how long he has
        waited has its answer."""
        outcome = yield self._forward(asked, min(asked.timeout, FIRST_WAIT_SECONDS))
        if outcome.failure == "timeout":
            if not (yield from self._lives()):
                return False
            waited = self._clock() - began
            if asked.timeout - waited >= LEAST_SECONDS:
                outcome = yield self._forward(asked, asked.timeout - waited, waited)
            if outcome.failure == "timeout" and outcome.error is not None:
                raise outcome.error
        return self._understood(asked, outcome)

    def _passed(self, asked: Asked) -> Generator[Step, Outcome, bool]:
        """A signed request. False only where it has reached no exchange; of what is neither the exchange's answer nor
        a refusal nobody knows that, unless the gateway says so."""
        outcome = yield self._forward(asked, asked.timeout)
        if outcome.failure in ("timeout", "broken") and outcome.error is not None:
            if outcome.failure == "broken":
                self._fallback.failed(str(outcome))
            self._fallback.doubted()
            raise outcome.error
        understood = self._understood(asked, outcome)
        if not understood and not outcome.unsent:
            self._fallback.doubted()
            raise failed(outcome.status, asked.method, asked.told_url)
        return understood

    def _understood(self, asked: Asked, outcome: Outcome) -> bool:
        if not outcome.is_gateway:
            self._fallback.failed(str(outcome))
            return False
        self._fallback.answered(outcome.share)
        if outcome.refusal == "host":
            self._note_stranger(asked.url)
            return False
        if outcome.refusal is not None:
            raise self._refused(outcome.refusal, outcome, asked)
        if CACHE_HEADER not in (outcome.headers or {}):
            logger.warning("The market-data gateway failed at %s %s: %s", asked.method, asked.told_url, outcome.status)
            return False
        return True

    def _leave(self, asked: Asked) -> Generator[Step, Outcome, None]:
        """A request that goes straight, while the gateway lives: the address has one budget. No answer is leave."""
        request = PermitRequest(
            exchange=self._exchange(),
            url=asked.told_url[:2000],
            method=asked.method,
            bot=self._bot_id,
            tenant=self._tenant,
            priority=asked.priority,
        )
        outcome = yield Call(f"{self._gateway}/v1/permits", PERMIT_SECONDS, request.to_json().decode())
        if outcome.failure != "timeout" and not outcome.is_gateway:
            self._fallback.failed(str(outcome))
        if not outcome.is_gateway or outcome.refusal not in ("budget", "banned"):
            return
        if outcome.refusal == "budget" and asked.priority in ("exit", "cancel"):
            yield Pause(min(seconds_of(outcome.retry_after), _EXIT_WAIT_SECONDS))
            return
        raise self._refused(outcome.refusal, outcome, asked)

    def _refused(self, refusal: Refusal, outcome: Outcome, asked: Asked) -> Exception:
        price = asked.purpose.need in ("urgent", "price", "look")
        error: Exception = refused(
            refusal, outcome.status, outcome.retry_after, asked.method, asked.told_url, price=price,
            signed=asked.signed, worth_waiting=self._building(),
        )  # fmt: skip
        return error

    def _budgeted(self, asked: Asked) -> Generator[Step, Outcome, None]:
        while (wait := self._fallback.wait_for(asked.url, asked.purpose.need)) > 0:
            if not self._building():
                raise held_back(asked.method, asked.told_url, wait)
            yield Pause(wait)

    def _forward(self, asked: Asked, timeout: float, waited: float = 0.0) -> Through:
        kind = asked.purpose.kind
        if waited:
            kind = kind.model_copy(update={"waited_ms": int(waited * 1000)})
        headers = {
            BOT_HEADER: self._bot_id,
            TENANT_HEADER: self._tenant,
            KIND_HEADER: kind.header(),
            PRIORITY_HEADER: asked.priority,
        }
        if self.mapped is not None and asked.purpose.series is not None:
            self.mapped.asked(asked.purpose.series, asked.url)
            headers[SERIES_HEADER] = asked.purpose.series
        return Through(behind(self._gateway, self._exchange(), asked.url), headers, timeout)

    def _is_stranger(self, url: str) -> bool:
        return self._clock() < self._strangers.get(_address(url), 0.0)

    def _note_stranger(self, url: str) -> None:
        address = _address(url)
        if address not in self._strangers:
            logger.warning("The market-data gateway does not know %s: it is asked straight", address)
        self._strangers[address] = self._clock() + _STRANGER_SECONDS


def _address(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])
