"""Moves money for fills, funding and liquidations. Called within a transaction of the ledger.

Margin of what is opened is taken from what is free, and what is closed gives back its share; profit, fee and funding
change the wallet. Funding comes out of the position's own margin, as with Binance's isolated positions. Where an
account has not enough to lose, the insurance fund pays, and gets what a liquidation leaves.
"""

from dataclasses import replace
from decimal import Decimal

from pool.exchange.simulator.futures.ledger import ASSET, FEE_ASSET, FuturesLedger
from pool.exchange.simulator.futures.perpetuals import MAKER_RATE, TAKER_RATE
from pool.exchange.simulator.futures.positions import FuturesFill, FuturesOrder, Position, initial_margin
from pool.exchange.simulator.orders import ZERO, Status, eight_digits

_DISCOUNT = Decimal("0.9")
INCOME = {
    "deposit": "TRANSFER",
    "withdrawal": "TRANSFER",
    "pnl": "REALIZED_PNL",
    "fee": "COMMISSION",
    "funding": "FUNDING_FEE",
    "insurance": "INSURANCE_CLEAR",
}
"""Reasons of changes that are income, as Binance calls them; the others only move money within the purse."""


def settle(
    ledger: FuturesLedger, order: FuturesOrder, price: Decimal, quantity: Decimal, maker: bool, leverage: int,
    now_ms: int, fee_coin_price: Decimal | None = None,
) -> FuturesFill:  # fmt: skip
    """One execution of an order: updates it (not yet saved), its position and the purse. `fee_coin_price` is what one
    of the exchange's own coin costs; None where there is none."""
    position = ledger.position(order.account_id, order.symbol)
    closing = position.filled(order.side, price, quantity, now_ms)
    _unlock(ledger, order, quantity, now_ms)
    after = closing.position
    if closing.released:
        _change(ledger, order, "close", now_ms, free=closing.released, margin=-closing.released)
    if closing.realised:
        _cover(ledger, after, closing.realised, now_ms)
        _change(ledger, order, "pnl", now_ms, free=closing.realised)
    if closing.opened:
        needed = initial_margin(price, closing.opened, leverage)
        taken = min(needed, ledger.purse(order.account_id).free)
        _change(ledger, order, "open", now_ms, free=-taken, margin=taken)
        after = replace(after, margin=after.margin + taken)
    rate = MAKER_RATE if maker else TAKER_RATE
    fee, fee_asset = _pay_in_coin(ledger, order, price * quantity * rate, fee_coin_price, now_ms), FEE_ASSET
    if not fee:
        fee_asset = ASSET
        fee, after = _pay_fee(ledger, order, after, price * quantity * rate, now_ms)
    ledger.save_position(after)
    order.executed += quantity
    order.quote_executed += price * quantity
    order.updated_ms = now_ms
    order.status = Status.FILLED if order.executed >= order.quantity else Status.PARTIALLY_FILLED
    fill = FuturesFill(
        0, order.account_id, order.id, order.symbol, order.side, price, quantity, price * quantity, closing.realised,
        fee, fee_asset, maker, now_ms,
    )  # fmt: skip
    ledger.add_fill(fill)
    return fill


def release(ledger: FuturesLedger, order: FuturesOrder, now_ms: int) -> None:
    """Give back what an order that ends still holds."""
    if order.locked:
        _change(ledger, order, "release", now_ms, free=order.locked, locked=-order.locked)
        order.locked = ZERO


def pay_funding(ledger: FuturesLedger, position: Position, price: Decimal, rate: Decimal, now_ms: int) -> None:
    """A long pays a positive rate on its worth, a short receives it. What the margin lacks is not paid."""
    income = max(-eight_digits(position.amount * price * rate), -position.margin)
    ledger.change(position.account_id, position.symbol, "funding", now_ms, margin=income)
    ledger.save_position(replace(position, margin=position.margin + income, updated_ms=now_ms))


def forfeit(ledger: FuturesLedger, order: FuturesOrder, price: Decimal, now_ms: int) -> None:
    """Close the whole position at `price` for a liquidation: its margin is lost, whatever the price left of it."""
    position = ledger.position(order.account_id, order.symbol)
    closing = position.filled(order.side, price, order.quantity, now_ms)
    _change(ledger, order, "close", now_ms, free=closing.released, margin=-closing.released)
    left = closing.released + closing.realised
    if left < 0:
        _change(ledger, order, "insurance", now_ms, free=-left)
    _change(ledger, order, "pnl", now_ms, free=closing.realised)
    if left > 0:
        _change(ledger, order, "insurance", now_ms, free=-left)
    ledger.save_position(closing.position)
    order.executed, order.quote_executed = order.quantity, price * order.quantity
    order.status, order.updated_ms = Status.FILLED, now_ms
    ledger.add_fill(
        FuturesFill(
            0, order.account_id, order.id, order.symbol, order.side, price, order.quantity, order.quote_executed,
            closing.realised, ZERO, ASSET, False, now_ms,
        )
    )  # fmt: skip


def _unlock(ledger: FuturesLedger, order: FuturesOrder, quantity: Decimal, now_ms: int) -> None:
    """The share of what the order holds back that belongs to `quantity`."""
    whole = quantity >= order.remaining
    share = order.locked if whole else eight_digits(order.locked * quantity / order.remaining)
    order.locked -= share
    _change(ledger, order, "release", now_ms, free=share, locked=-share)


def _cover(ledger: FuturesLedger, position: Position, realised: Decimal, now_ms: int) -> None:
    """Nobody owes the exchange: a loss beyond all that is free is the insurance fund's."""
    missing = -(ledger.purse(position.account_id).free + realised)
    if missing > 0:
        ledger.change(position.account_id, position.symbol, "insurance", now_ms, free=missing)


def _pay_in_coin(
    ledger: FuturesLedger, order: FuturesOrder, amount: Decimal, coin_price: Decimal | None, now_ms: int
) -> Decimal:
    """What was paid in the exchange's own coin; nothing where there is not enough of it."""
    if coin_price is None:
        return ZERO
    fee = eight_digits(amount * _DISCOUNT / coin_price)
    if ledger.purse(order.account_id, FEE_ASSET).free < fee:
        return ZERO
    ledger.change(order.account_id, order.symbol, "fee", now_ms, free=-fee, order_id=order.id, asset=FEE_ASSET)
    return fee


def _pay_fee(
    ledger: FuturesLedger, order: FuturesOrder, position: Position, amount: Decimal, now_ms: int
) -> tuple[Decimal, Position]:
    """From what is free, then from the position's margin; the fee that was paid, and the position."""
    fee = eight_digits(amount)
    free = min(fee, ledger.purse(order.account_id).free)
    margin = min(fee - free, position.margin)
    _change(ledger, order, "fee", now_ms, free=-free, margin=-margin)
    return free + margin, replace(position, margin=position.margin - margin)


def _change(
    ledger: FuturesLedger, order: FuturesOrder, reason: str, now_ms: int, *, free: Decimal = ZERO,
    margin: Decimal = ZERO, locked: Decimal = ZERO,
) -> None:  # fmt: skip
    ledger.change(
        order.account_id, order.symbol, reason, now_ms, free=free, margin=margin, locked=locked, order_id=order.id
    )
