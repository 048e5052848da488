"""Flotilla's universal rules inside a bot: laid over the user's strategy, through FreqTrade's own seams."""
