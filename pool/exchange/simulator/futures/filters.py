"""Reads an order on margin from a request and holds it against the symbol's rules."""

import re
import secrets
from decimal import Decimal

from pool.exchange.simulator.filters import choice
from pool.exchange.simulator.futures.positions import Force, FuturesTicket, FuturesType
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.orders import ZERO, Side
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, illegal, missing, rejected
from pool.exchange.simulator.rendering import PRICE_BAND_DOWN, PRICE_BAND_UP

_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_WORKING_TYPES = ("CONTRACT_PRICE", "MARK_PRICE")


def read_ticket(parameters: Parameters, symbol: str, algo: bool) -> FuturesTicket:
    """The order asked for, complete for its type; `algo` reads it as `algoOrder` takes it. Raises `Problem`."""
    side = choice(Side, parameters.required("side"), Problem(400, -1117, "Invalid side."))
    kind = choice(FuturesType, parameters.required("type"), Problem(400, -1116, "Invalid orderType."))
    if algo != kind.conditional:
        text = "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
        raise Problem(400, -4120, text)
    if algo and parameters.required("algoType") != "CONDITIONAL":
        raise illegal("algoType", "CONDITIONAL")
    if parameters.text("positionSide") not in (None, "BOTH"):
        raise Problem(400, -4061, "Order's position side does not match user's setting.")
    limited = kind.becomes is FuturesType.LIMIT
    force_text = parameters.text("timeInForce")
    if kind is FuturesType.LIMIT and force_text is None:
        raise missing("timeInForce")
    force = choice(Force, force_text or "GTC", Problem(400, -1115, "Invalid timeInForce."))
    close = _flag(parameters, "closePosition")
    working_type = parameters.text("workingType") or "CONTRACT_PRICE"
    if working_type not in _WORKING_TYPES:
        raise Problem(400, -4031, "Invalid working type.")
    name = "clientAlgoId" if algo else "newClientOrderId"
    client_id = parameters.text(name) or secrets.token_hex(11)
    if not _CLIENT_ID.fullmatch(client_id):
        raise illegal(name, "^[\\.A-Z\\:/a-z0-9_-]{1,36}$")
    return FuturesTicket(
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=force,
        price=_amount(parameters, "price", limited),
        quantity=_amount(parameters, "quantity", not close),
        trigger_price=_amount(parameters, "triggerPrice", algo),
        reduce_only=_flag(parameters, "reduceOnly") or close,
        close_position=close,
        working_type=working_type,
        client_id=client_id,
    )


def check_filters(ticket: FuturesTicket, listing: Listing, last: Decimal) -> None:
    """Raises `Problem` naming the rule that fails. `last` is the price now."""
    for price in (ticket.price, ticket.trigger_price):
        if price and price % listing.tick:
            raise Problem(400, -4014, "Price not increased by tick size.")
    if ticket.price and not last / PRICE_BAND_DOWN <= ticket.price <= last * PRICE_BAND_UP:
        raise Problem(400, -4016, "Limit price is too far from the mark price.")
    if ticket.close_position:
        return
    lots = ticket.quantity / listing.lot
    if lots % 1:
        raise Problem(400, -1111, "Precision is over the maximum defined for this asset.")
    most = listing.max_market_lots if ticket.type.becomes is FuturesType.MARKET else listing.max_lots
    if not 1 <= lots <= most:
        raise Problem(400, -4005 if lots > most else -4003, "Quantity is outside of LOT_SIZE.")
    notional = (ticket.price or ticket.trigger_price or last) * ticket.quantity
    if notional < listing.min_notional and not ticket.reduce_only:
        # Binance says -4164, which ccxt knows by the real host alone.
        raise rejected(
            f"Order's notional must be no smaller than {listing.min_notional} (unless you choose reduce only)."
        )


def _amount(parameters: Parameters, name: str, needed: bool) -> Decimal:
    value = parameters.decimal(name) if needed else None
    if needed and not value:
        raise missing(name)
    return value or ZERO


def _flag(parameters: Parameters, name: str) -> bool:
    value = (parameters.text(name) or "false").lower()
    if value not in ("true", "false"):
        raise illegal(name, "true, false")
    return value == "true"
