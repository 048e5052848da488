"""Market data for people: candles and prices, from the gateway of the node."""
