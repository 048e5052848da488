"""Hours of a market within seconds: real FreqTrade, unmodified or as a bot of ours, on a clock that nobody waits for.

A process of its own (`python -m tests.process.bot.virtual`) per side, since time itself is replaced in it. What runs is
FreqTrade's own `Worker`, or our `Trader` with everything that a bot of ours consists of but its link to the agent. The
exchange is the paper exchange's own market, asked in the process. A loop takes no time, and nobody sleeps past a point
of one grid (the moments at which FreqTrade's throttle loops), so that both sides see the same prices at the same
moments, and their trades must be equal to the last digit.
"""
