"""What bots share after the fork, so that each does not build its own: markets, ccxt instances, TLS context, API app.

All of it hooks internals of FreqTrade and ccxt, whose versions are pinned. Each hook is small, lives in its own module
and has an `install` there. A bot must trade exactly as plain FreqTrade does, so sharing is narrow: what does not match
takes the way it always took, and a hook whose result differs from the unhooked one at start is taken out (`trials`).
"""
