"""Right before an order that adds risk: permission is asked, the mode is checked, and the grant's validity.

Whatever goes wrong in here means that the order is not sent.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, Protocol
from uuid import uuid4

from freqtrade.exceptions import DependencyException

from pool.bot.universal.journal import Purpose
from pool.contract.risk import Grant, Refusal, ReserveRequest, Settlement

logger = logging.getLogger(__name__)

_DIGITS = 8
_PURPOSES: dict[Purpose, Literal["entry", "adjust", "replace"]] = {
    Purpose.ENTRY: "entry",
    Purpose.ADJUST: "adjust",
    Purpose.REPLACE: "replace",
}


class Refused(DependencyException):  # type: ignore[misc]  # FreqTrade is not typed here
    """An order that adds risk is not sent."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"Entry of {refusal.pair} refused by {refusal.limit}: {refusal.message}")
        self.refusal = refusal


class Asks(Protocol):
    """What `pool.bot.universal.permission.Permission` offers."""

    def ask(self, request: ReserveRequest) -> Grant: ...

    def refusal(self, grant: Grant) -> Grant | None: ...

    def settle(self, settlement: Settlement) -> None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order that adds risk. Money in the stake currency."""

    purpose: Purpose
    pair: str
    asset: str
    is_short: bool
    stake_currency: str
    stake: float
    leverage: float
    trade_id: int | None
    reservation: str | None
    """Of the order that this one replaces."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Holds a reservation until it is settled."""

    wanted: Wanted
    grant: Grant

    @property
    def reservation(self) -> str:
        return self.grant.request_id


class Gate:
    """Trading threads only."""

    def __init__(self, permission: Asks) -> None:
        self._permission = permission

    def ask(self, wanted: Wanted) -> Passed:
        """Blocks for as long as permission takes. Raises Refused."""
        try:
            grant = self._permission.ask(_request(wanted))
        except Exception as error:  # the boundary: whatever fails here means no entry
            logger.exception("Permission for an entry of %s could not be asked", wanted.pair)
            raise _refused(wanted, "error", f"Permission could not be asked: {type(error).__name__}.") from error
        if not grant.granted:
            raise _refused(wanted, grant.limit or "unknown", grant.message)
        passed = Passed(wanted, grant)
        self.check(passed)
        return passed

    def check(self, passed: Passed) -> None:
        """Once more, right before the order goes. Gives the reservation back and raises Refused where it may not."""
        try:
            refusal = self._permission.refusal(passed.grant)
        except Exception as error:  # as above
            logger.exception("Permission for an entry of %s could not be checked", passed.wanted.pair)
            self.settle(passed.reservation, "released")
            raise _refused(passed.wanted, "error", f"Permission failed: {type(error).__name__}.") from error
        if refusal is not None:
            self.settle(passed.reservation, "released")
            raise _refused(passed.wanted, refusal.limit or "unknown", refusal.message)

    def settle(
        self,
        reservation: str,
        outcome: Literal["sent", "filled", "released"],
        trade_id: int | None = None,
        exposure: float | None = None,
    ) -> None:
        """Never raises: the order was sent, or not, whatever becomes of this."""
        try:
            self._permission.settle(
                Settlement(
                    request_id=reservation,
                    outcome=outcome,
                    trade_id=trade_id,
                    exposure=None if exposure is None else _money(exposure),
                )
            )
        except Exception:  # the boundary: the risk engine learns of it by the bot's next report or the expiry
            logger.exception("Reservation %s could not be settled", reservation)


def _request(wanted: Wanted) -> ReserveRequest:
    return ReserveRequest(
        request_id=wanted.reservation or uuid4().hex,
        purpose=_PURPOSES[wanted.purpose],
        trade_id=wanted.trade_id,
        pair=wanted.pair,
        asset=wanted.asset,
        is_short=wanted.is_short,
        stake_currency=wanted.stake_currency,
        stake=_money(wanted.stake),
        leverage=_money(wanted.leverage),
        exposure=_money(wanted.stake * wanted.leverage),
        at=datetime.now(UTC),
    )


def _refused(wanted: Wanted, limit: str, message: str) -> Refused:
    return Refused(
        Refusal(
            pair=wanted.pair,
            is_short=wanted.is_short,
            purpose=wanted.purpose.value,
            limit=limit,
            message=message,
            stake=_money(wanted.stake),
        )
    )


def _money(value: float) -> Decimal:
    return Decimal(repr(round(float(value), _DIGITS)))
