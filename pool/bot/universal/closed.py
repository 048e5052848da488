"""Results of trades that are closed, from the bot's database or from a backtest."""

from collections.abc import Sequence
from typing import Any

from freqtrade.persistence import LocalTrade, Trade

from pool.rules.cooldown import ClosedTrade


def closed_lately(count: int) -> list[ClosedTrade]:
    """So many trades that closed last, and the last one that lost."""
    if Trade.use_db:
        trades = _last(count) + _last(1, Trade.close_profit < 0)
    else:
        trades = LocalTrade.bt_trades[-count:]
        trades += [trade for trade in LocalTrade.bt_trades if (trade.close_profit or 0.0) < 0][-1:]
    unique = {trade.id: trade for trade in trades}
    return [ClosedTrade(trade.close_date_utc, trade.close_profit or 0.0) for trade in unique.values()]


def results(count: int) -> Sequence[float]:
    """Profit ratios of so many trades that closed last, oldest first."""
    trades = list(reversed(_last(count))) if Trade.use_db else LocalTrade.bt_trades[-count:]
    return [trade.close_profit or 0.0 for trade in trades]


def _last(count: int, *filters: Any) -> list[Trade]:
    closed = [Trade.is_open.is_(False), Trade.close_date.is_not(None), *filters]
    query = Trade.get_trades_query(closed, include_orders=False).order_by(Trade.close_date.desc()).limit(count)
    return list(Trade.session.scalars(query).all())
