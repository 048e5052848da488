"""Moves balances for fills and for orders that end. Called within a transaction of the ledger."""

from decimal import Decimal

from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.listings import Listing
from pool.exchange.simulator.orders import ZERO, Account, Fill, Order, OrderType, Side, Status, eight_digits

_BNB_DISCOUNT = Decimal("0.75")


def settle(
    ledger: Ledger,
    account: Account,
    listing: Listing,
    order: Order,
    price: Decimal,
    quantity: Decimal,
    maker: bool,
    now_ms: int,
    bnb_price: Decimal | None,
) -> Fill:
    """Execute `quantity` of an order at `price`: changes the order (not yet saved) and writes fill and balances.

    The fee comes out of what is received, unless `bnb_price` (in the quote currency) is given and there is BNB to pay.
    """
    cost = price * quantity
    received, amount = (listing.base, quantity) if order.side is Side.BUY else (listing.quote, cost)
    fee, fee_asset = eight_digits(amount * account.fee_rate), received
    if bnb_price is not None:
        in_bnb = eight_digits(cost * account.fee_rate * _BNB_DISCOUNT / bnb_price)
        if ledger.balance(account.id, "BNB").free >= in_bnb:
            fee, fee_asset = in_bnb, "BNB"
    _pay(ledger, account, listing, order, quantity, cost, now_ms)
    ledger.change(account.id, received, amount, ZERO, "fill", now_ms, order.id)
    ledger.change(account.id, fee_asset, -fee, ZERO, "fee", now_ms, order.id)
    order.executed += quantity
    order.quote_executed += cost
    order.updated_ms = now_ms
    order.status = Status.FILLED if order.executed >= order.quantity else Status.PARTIALLY_FILLED
    fill = Fill(
        0, account.id, order.id, listing.symbol, order.side, price, quantity, cost, fee, fee_asset, maker, now_ms
    )
    ledger.add_fill(fill)
    return fill


def unlock(ledger: Ledger, listing: Listing, order: Order, now_ms: int) -> None:
    """Give back what an order that ends still holds."""
    if order.locked:
        asset = listing.quote if order.side is Side.BUY else listing.base
        ledger.change(order.account_id, asset, order.locked, -order.locked, "release", now_ms, order.id)
        order.locked = ZERO


def _pay(
    ledger: Ledger, account: Account, listing: Listing, order: Order, quantity: Decimal, cost: Decimal, now_ms: int
) -> None:
    """Out of what the order locked, giving back what a better price saves; a market order pays from what is free."""
    asset, owed = (listing.quote, cost) if order.side is Side.BUY else (listing.base, quantity)
    if order.type is OrderType.MARKET:
        ledger.change(account.id, asset, -owed, ZERO, "fill", now_ms, order.id)
        return
    held = order.price * quantity if order.side is Side.BUY else quantity
    order.locked -= held
    ledger.change(account.id, asset, held - owed, -held, "fill", now_ms, order.id)
