"""A paper exchange: Binance's spot REST, as far as ccxt and FreqTrade use it, on a market made of arithmetic.

Prices are a function of seed, asset and time (`noise`), so that any candle of any age is computed on demand and a
restart changes nothing. Scripts (`scripts`) lay set, ramped or frozen prices over it from a moment on. `market` makes
bars from both, `rendering` turns them into the bytes Binance would send, `public` and `signed` are the endpoints,
`matching` and `ledger` keep the accounts, `faults` and `control` are for tests, `server` ties them to HTTP.

What a restart keeps: accounts, orders, fills, balance changes and price scripts (`ledger.sqlite`). What it drops:
latency, failures, partial-fill settings, counters.
"""
