"""What a bot is worth in its stake currency, for sizes that are shares of it.

    equity = (free + stakes of open trades + their unrealised profit) * tradable_balance_ratio
    equity = available_capital + realised + unrealised profit          where the bot was given a share of the account

FreqTrade's own figure has open trades at cost: a bot that is losing would go on entering with what it no longer has.
Rates are those at which FreqTrade looked at exits last, else the close of the last candle; a trade of which neither is
known counts at cost.
"""

from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy


def equity_of(strategy: IStrategy) -> float:
    """Raises what FreqTrade raises."""
    share = "available_capital" in strategy.config
    gained = 0.0
    for trade in Trade.get_open_trades():
        rate = _rate_of(strategy, trade.pair) if trade.has_open_position else None
        if rate is not None:
            profit = trade.calculate_profit(rate)
            gained += profit.total_profit_abs if share else profit.profit_abs
        elif share:
            gained += trade.realized_profit
    ratio = 1.0 if share else float(strategy.config.get("tradable_balance_ratio", 1.0))
    return float(strategy.wallets.get_total_stake_amount()) + float(gained) * ratio


def _rate_of(strategy: IStrategy, pair: str) -> float | None:
    """In backtesting nobody asks an exchange, so it is the candle's."""
    exchange = strategy.wallets._exchange
    with exchange._cache_lock:
        rate = exchange._exit_rate_cache.get(pair)
    if rate:
        return float(rate)
    frame, _ = strategy.dp.get_analyzed_dataframe(pair, strategy.timeframe)
    return None if frame.empty else float(frame["close"].iloc[-1])
