"""USDT-margined perpetuals: `/fapi`, as far as ccxt and FreqTrade use it, long and short, in one-way mode and with
isolated margin.

They trade at the prices of the spot symbols they are named after (`perpetuals`), scripts included, and mark price and
last price are the same. An account of the exchange has a futures wallet beside its spot balances, in the same ledger
file. `positions` is the arithmetic of margin, profit and liquidation, `desk` takes single orders, `engine` lets time
act on positions and orders, `settlement` moves the money, `public`, `signed` and `control` are the endpoints.

Some refusals ccxt tells apart by the host name of the real exchange. Those that decide what FreqTrade does next are
given in words, or under a code, that ccxt understands wherever it hears them: a client behaves here as it would there.
"""
