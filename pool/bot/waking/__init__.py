"""Waking on need: when FreqTrade's next loop has to run, where that can be told beforehand.

`needs` decides (pure), `thresholds` computes the prices that FreqTrade's own settings imply, `overrides` looks at what
a strategy overrides, `reader` reads FreqTrade's state, `sleeper` keeps all of it between two loops of the trader.
"""
