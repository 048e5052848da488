"""One bot after the fork: real FreqTrade in its own directory, reporting to the agent of its pool.

`main.run` is the whole life of the process. Two threads: FreqTrade's (the main one, the only one that touches its
objects) and the reporting thread (`link`), which owns the socket to the agent and beats each second whatever the main
loop does. What the agent asks for is queued in `control` and served by `desk` between two loops.

Logging goes through the standard library here, not loguru: it is FreqTrade's, and ends in the bot's own `bot.log`.
"""
