"""Exchanges as bots see them: the paper exchange and how FreqTrade is pointed at it."""
