"""A live bot that has a share of its account (`available_capital`) keeps to it.

FreqTrade takes the account for its own, and where several bots trade on one, some of its habits spend what is theirs:

- It pays a fee that was taken from the coins it bought "out of dust" wherever the account has more of that coin
  (`FreqtradeBot.apply_fee_conditional`), and later sells what it ordered: another bot's coins. Here a trade has what
  was filled less the fee, whatever else is in the account.
- It counts what parts of open trades lost only once they are closed (`Wallets.get_total_stake_amount`), and enters with
  it meanwhile. Here what is realised counts at once, gains too.
- It leaves out of an open trade's stake what an additional entry that still waits for its fill asks for
  (`LocalTrade.recalc_trade_from_orders` skips open orders), and enters another trade with it. Here it is spent.
- Of futures it counts a trade's fees and funding once the trade is closed. They are of the whole position, a multiple
  of the stake, which is its margin. Here what was paid is spent, and what was received is there.

How much a bot has is decided by the ledger of its wallet (`orchestrator.wallets`); shares of one account together are
never more than what is in it.
"""

from functools import partial
from typing import Any

from freqtrade.enums import TradingMode
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade


def keep_to_share(freqtrade: FreqtradeBot) -> None:
    """FreqTrade was built anew. Nothing happens to a dry bot, or to one that has its account for itself."""
    if freqtrade.config["dry_run"] or "available_capital" not in freqtrade.config:
        return
    freqtrade.apply_fee_conditional = partial(_pay_from_the_trade, freqtrade)
    freqtrade.wallets.get_available_stake_amount = partial(_own_stake, freqtrade)


def _pay_from_the_trade(
    freqtrade: FreqtradeBot, trade: Trade, trade_base_currency: str, amount: float, fee_abs: float, order_obj: Any
) -> float | None:
    """As FreqTrade's does where there is no dust."""
    freqtrade.wallets.update()
    return fee_abs or None


def _own_stake(freqtrade: FreqtradeBot) -> float:
    """As FreqTrade's, with what open trades have realised, without what their additional entries wait to spend and, of
    futures, what holding them cost."""
    wallets = freqtrade.wallets
    trades = Trade.get_open_trades()
    realised = sum(trade.realized_profit or 0.0 for trade in trades)
    waiting = sum(_waiting(trade) for trade in trades)
    held = sum(_held(trade) for trade in trades)
    own = wallets.get_total_stake_amount() + realised - held - Trade.total_open_trades_stakes() - waiting
    return float(max(0.0, min(own, wallets.get_free(wallets._stake_currency))))


def _held(trade: Trade) -> float:
    """What an open trade of futures paid in fees for what it holds, and in funding since its last exit (below zero:
    received): what exits realised has its part of both."""
    if trade.trading_mode != TradingMode.FUTURES:
        return 0.0
    funding = trade.funding_fee_running or 0.0
    for order in reversed(trade.orders):
        if order.ft_order_side != trade.entry_side and order.filled and not order.ft_is_open:
            break
        funding += order.funding_fee or 0.0
    return float(trade.amount * trade.open_rate * (trade.fee_open or 0.0) - funding)


def _waiting(trade: Trade) -> float:
    """What open additional entries ask for, in stake currency; all of it, since the trade's stake has what is filled of
    them only once they are closed. Of a trade that has nothing yet, its stake is that of its first entry already."""
    if trade.nr_of_successful_entries == 0:
        return 0.0
    entries = [order for order in trade.open_orders if order.ft_order_side == trade.entry_side]
    return float(sum(order.safe_amount * order.safe_placement_price for order in entries) / (trade.leverage or 1.0))
