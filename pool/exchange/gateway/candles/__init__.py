"""Candles for people and backtests: fetched through the gateway itself, kept in files that FreqTrade reads."""
