"""Reads an order from a request and holds it against the symbol's rules, with the errors Binance gives."""

import re
import secrets
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.orders import ZERO, OrderType, Side, Ticket, TimeInForce
from pool.exchange.simulator.parameters import Parameters
from pool.exchange.simulator.problems import Problem, filter_failure, illegal, missing
from pool.exchange.simulator.rendering import PRICE_BAND_DOWN, PRICE_BAND_UP

_CLIENT_ORDER_ID = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
_MOST_TICKS = 10**9
_MOST_NOTIONAL = Decimal(9_000_000)
ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


def read_ticket(parameters: Parameters, symbol: str) -> Ticket:
    """The order asked for, complete for its type. Raises `Problem`: -1102, -1106, -1115, -1116, -1117, -1100."""
    side = choice(Side, parameters.required("side"), Problem(400, -1117, "Invalid side."))
    kind = choice(OrderType, parameters.required("type"), Problem(400, -1116, "Invalid orderType."))
    force_text = parameters.text("timeInForce")
    force = TimeInForce.GTC
    if force_text is not None:
        force = choice(TimeInForce, force_text, Problem(400, -1115, "Invalid timeInForce."))
    price, stop = parameters.decimal("price"), parameters.decimal("stopPrice")
    quantity, quote_quantity = parameters.decimal("quantity"), parameters.decimal("quoteOrderQty")
    priced = kind is not OrderType.MARKET
    _needed("timeInForce", force_text, priced and kind is not OrderType.LIMIT_MAKER)
    _needed("price", price, priced)
    _needed("stopPrice", stop, kind.waits)
    if kind is OrderType.MARKET and quantity is not None and quote_quantity is not None:
        raise Problem(400, -1128, "Combination of optional parameters invalid.")
    if priced:
        _needed("quantity", quantity, True)
        _needed("quoteOrderQty", quote_quantity, False)
    elif quantity is None and quote_quantity is None:
        text = "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"
        raise Problem(400, -1102, text)
    client_order_id = parameters.text("newClientOrderId") or secrets.token_hex(11)
    if not _CLIENT_ORDER_ID.fullmatch(client_order_id):
        raise illegal("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$")
    return Ticket(
        symbol, side, kind, force, price or ZERO, quantity or ZERO, quote_quantity or ZERO, stop or ZERO,
        client_order_id,
    )  # fmt: skip


def check_filters(ticket: Ticket, listing: Listing, last: Decimal) -> None:
    """Raises `Problem` -1013 naming the filter that fails. `last` is the price now."""
    if ticket.type is not OrderType.MARKET:
        _check_price(ticket.price, listing)
        if not last / PRICE_BAND_DOWN <= ticket.price <= last * PRICE_BAND_UP:
            raise filter_failure("PERCENT_PRICE_BY_SIDE")
    if ticket.type.waits:
        _check_price(ticket.stop_price, listing)
    if ticket.quantity or not ticket.quote_quantity:
        _check_quantity(ticket, listing)
    notional = ticket.quote_quantity or (ticket.price or last) * ticket.quantity
    too_much = ticket.type is not OrderType.MARKET and notional > _MOST_NOTIONAL
    if notional < listing.min_notional or too_much:
        raise filter_failure("NOTIONAL")


def choice(kind: type[ChoiceT], text: str, problem: Problem) -> ChoiceT:
    """The member of that value. Raises `problem` where there is none."""
    try:
        return kind(text)
    except ValueError:
        raise problem from None


def _check_price(price: Decimal, listing: Listing) -> None:
    if price % listing.tick or not listing.tick <= price <= listing.tick * _MOST_TICKS:
        raise filter_failure("PRICE_FILTER")


def _check_quantity(ticket: Ticket, listing: Listing) -> None:
    lots = ticket.quantity / listing.lot
    if lots % 1 or not 1 <= lots <= listing.max_lots:
        raise filter_failure("LOT_SIZE")
    if ticket.type is OrderType.MARKET and lots > listing.max_market_lots:
        raise filter_failure("MARKET_LOT_SIZE")


def _needed(name: str, value: object, needed: bool) -> None:
    if needed and value is None:
        raise missing(name)
    if not needed and value is not None:
        raise Problem(400, -1106, f"Parameter '{name}' sent when not required.")
