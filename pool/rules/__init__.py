"""The universal rules: pure functions of trade, price, candle and document, with the time passed in.

The bot enforces them inside FreqTrade, live and in backtesting; the control plane previews and judges with the same
code. No I/O, no clock, no randomness, nothing of FreqTrade. Rates are prices of the base currency in the stake
currency; ratios as in `pool.contract.policy`.
"""
