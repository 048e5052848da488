"""One order, once: sent under its intent's client order id, and looked up under it when nobody knows what became of it.

What the exchange answers is either clear (it has the order, or it refused it before anything was done) or ambiguous: a
5xx, a time-out, a connection that broke, an answer that cannot be read. Then the order is asked for by its id: found,
it is the answer. Not found proves nothing while the request may still be on its way: Binance takes a signed request
until `recvWindow` after its timestamp (see "Timing security" in its REST API documentation), and may be slow to show
what it took. So an order is lost for certain, and only then may be sent anew under another id, if two looks did not
find it that began later than that window and a margin after the request. By the monotonic clock, and after a restart
counted from the start: clocks that jump prove nothing either.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ccxt
from freqtrade.exceptions import TemporaryError
from urllib3.exceptions import NameResolutionError, NewConnectionError

from pool.bot.universal.journal import Intent, Journal, Purpose, State

logger = logging.getLogger(__name__)

CcxtOrder = dict[str, Any]

LOOKS_SECONDS = (0.0, 0.25, 0.5)
"""Waits before the looks that follow an ambiguous answer at once: other trades wait meanwhile. Later ones come between
and with the loops."""
_LOOKING_SECONDS = 1.0
"""No further look is begun after so long."""
_LOOK_MILLISECONDS = 3_000
"""Time-out of a look."""
_WINDOW_MILLISECONDS = 10_000
_LONGEST_WINDOW_MILLISECONDS = 5_000
"""An exchange that bounds how old a request may be is told this bound, which is Binance's own: so long a trade's stops
may have to wait for what became of its last order."""
_MARGIN_SECONDS = 3.0
"""One by which Binance lets our clock be ahead, the rest for it to show what it took."""
_AGAIN_SECONDS = 1.0
"""Between two looks in vain that, after the window, prove it: one alone may have asked a server that lags behind."""
_REFUSALS = (
    ccxt.InsufficientFunds,
    ccxt.InvalidOrder,
    ccxt.BadRequest,
    ccxt.AuthenticationError,
    ccxt.InvalidNonce,
    ccxt.DDoSProtection,
    ccxt.OperationRejected,
    ccxt.NotSupported,
    ccxt.ArgumentsRequired,
)
"""Said by the exchange (or by ccxt, before it sent anything) of an order that does not exist."""
_DUPLICATE = ("duplicate", "-4116")
"""Of a client order id: the order is there."""


class OutcomeUnknown(TemporaryError):  # type: ignore[misc]  # FreqTrade is not typed here
    """An order was sent and nobody knows yet whether it arrived: nothing is sent in its stead."""


@dataclass(frozen=True, slots=True)
class Found:
    order: CcxtOrder
    """As ccxt tells it."""


class Missing:
    """The exchange does not show it (yet)."""


class Gone:
    """The exchange does not have it and never will."""


class Unreachable:
    """The exchange did not answer."""


Outcome = Found | Missing | Gone | Unreachable


class Sender:
    """For one ccxt client. `clock` is monotonic seconds, `sleep` waits."""

    def __init__(
        self,
        journal: Journal,
        client: Any,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._journal = journal
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._started = clock()
        self._sent_at: dict[int, float] = {}
        self._missed_at: dict[int, float] = {}
        """When it was looked for in vain first, the window being over."""
        self._deaf_until = self._started
        options = client.options
        if options.get("recvWindow"):
            options["recvWindow"] = min(options["recvWindow"], _LONGEST_WINDOW_MILLISECONDS)

    @property
    def window_seconds(self) -> float:
        """So long after it was sent an order may still appear."""
        return float(self._client.options.get("recvWindow") or _WINDOW_MILLISECONDS) / 1000 + _MARGIN_SECONDS

    def send(self, intent: Intent, transmit: Callable[[dict[str, Any]], CcxtOrder]) -> tuple[Intent, CcxtOrder, bool]:
        """The exchange's order, and whether it had to be looked up. `transmit` sends with these additional parameters,
        once.

        Raises what `transmit` raises where the order does not exist, and OutcomeUnknown.
        """
        try:
            order = transmit({"clientOrderId": intent.client_order_id, "maxRetriesOnFailure": 0})
        except Exception as error:  # whatever it is: it is clear, or the order is looked up; raised again below
            self._sent_at[intent.number] = self._clock()
            if _is_refusal(error):
                self._end(intent, State.REJECTED, error)
                raise
            if _never_left(error):
                self._end(intent, State.VANISHED, error)
                raise
            logger.warning("Order %s of %s: %s; looking it up", intent.client_order_id, intent.pair, error)
            return *self._found_or_raise(intent, error), True
        return self._placed(intent, order), order, False

    def look(self, intent: Intent) -> Outcome:
        """Ask for it once; but not for as long again as the exchange just took not to answer, or each of many
        questions would wait for a time-out of its own."""
        began = self._clock()
        if began < self._deaf_until:
            return Unreachable()
        parameters: dict[str, Any] = {"clientOrderId": intent.client_order_id}
        if intent.purpose is Purpose.STOP and _is_contract(self._client, intent.pair):
            parameters["stop"] = True
        try:
            with self._quickly():
                return Found(self._client.fetch_order(intent.order_id, intent.pair, parameters))
        except ccxt.OrderNotFound:
            return Gone() if self._certain(intent, began) else Missing()
        except Exception as error:  # the boundary to the exchange: no answer, of whatever kind, leaves it open
            logger.warning("Order %s of %s cannot be looked up: %s", intent.client_order_id, intent.pair, error)
            if isinstance(error, ccxt.NetworkError):
                self._deaf_until = 2 * self._clock() - began
            return Unreachable()

    @contextmanager
    def _quickly(self) -> Iterator[None]:
        timeout = self._client.timeout
        self._client.timeout = min(timeout, _LOOK_MILLISECONDS)
        try:
            yield
        finally:
            self._client.timeout = timeout

    def _certain(self, intent: Intent, began: float) -> bool:
        """Whether not to be found by a look that began then means to be lost."""
        if began - self._sent_at.get(intent.number, self._started) <= self.window_seconds:
            return False
        return began - self._missed_at.setdefault(intent.number, began) >= _AGAIN_SECONDS

    def _found_or_raise(self, intent: Intent, error: Exception) -> tuple[Intent, CcxtOrder]:
        for outcome in self._looks(intent):
            if isinstance(outcome, Found):
                logger.info("Order %s of %s is there: adopted", intent.client_order_id, intent.pair)
                return self._placed(intent, outcome.order), outcome.order
            if isinstance(outcome, Gone):
                self._end(intent, State.VANISHED, error)
                raise error
        raise OutcomeUnknown(
            f"Nobody knows whether the {intent.side} order {intent.client_order_id} of {intent.pair} arrived ({error});"
            " it is looked up until that is known, and not sent again before."
        ) from error

    def _looks(self, intent: Intent) -> Iterator[Outcome]:
        began = self._clock()
        for wait in LOOKS_SECONDS:
            if self._clock() - began + wait > _LOOKING_SECONDS:
                return
            if wait:
                self._sleep(wait)
            yield self.look(intent)

    def _placed(self, intent: Intent, order: CcxtOrder) -> Intent:
        return self._journal.change(intent, state=State.PLACED, order_id=str(order["id"]))

    def _end(self, intent: Intent, state: State, error: Exception) -> None:
        self._sent_at.pop(intent.number, None)
        self._missed_at.pop(intent.number, None)
        self._journal.change(intent, state=state, message=str(error)[:500])


def _is_refusal(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, _REFUSALS) and not any(word in text for word in _DUPLICATE)


def _never_left(error: BaseException) -> bool:
    """No connection came about at all."""
    seen: set[int] = set()
    cause: object = error
    while isinstance(cause, BaseException) and id(cause) not in seen:
        if isinstance(cause, NewConnectionError | NameResolutionError):
            return True
        seen.add(id(cause))
        inner = getattr(cause, "reason", None) or next((one for one in cause.args if isinstance(one, Exception)), None)
        cause = inner if isinstance(inner, Exception) else cause.__cause__ or cause.__context__
    return False


def _is_contract(client: Any, pair: str) -> bool:
    return bool(client.market(pair).get("contract"))
