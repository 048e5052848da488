"""What a bot tells of its orders that add risk and have not ended: so that the fleet's risk engine counts them, and
keeps their reservations, whatever it heard or forgot meanwhile."""

from collections.abc import Iterable
from decimal import Decimal

from freqtrade.exchange import Exchange
from freqtrade.persistence import Trade

from pool.bot.universal.journal import Intent
from pool.contract.snapshots import Entering

_DIGITS = 8


def entering(exchange: Exchange, intents: Iterable[Intent], trades: Iterable[Trade]) -> list[Entering]:
    """`intents` are those of the journal that have not ended; of orders that FreqTrade has its own row counts, also of
    those that no journal knows (of before, or of a file that was lost)."""
    rows = {(order.order_id, order.ft_pair): order for trade in trades for order in trade.orders}
    found = []
    for intent in intents:
        row = rows.pop((intent.order_id or "", intent.pair), None)
        if not intent.purpose.adds_risk or (row is not None and not row.ft_is_open):
            continue
        exposure = intent.amount * intent.rate
        found.append(_told(exchange, intent.pair, intent.is_short, exposure, intent.reservation))
    for order in rows.values():
        trade = order.trade
        if order.ft_is_open and order.ft_order_side == trade.entry_side:
            exposure = order.stake_amount * float(trade.leverage or 1.0)
            found.append(_told(exchange, order.ft_pair, bool(trade.is_short), exposure, None))
    return found


def _told(exchange: Exchange, pair: str, is_short: bool, exposure: float, reservation: str | None) -> Entering:
    return Entering(
        pair=pair,
        base_currency=exchange.get_pair_base_currency(pair),
        is_short=is_short,
        exposure=Decimal(repr(round(exposure, _DIGITS))),
        reservation=reservation,
    )
