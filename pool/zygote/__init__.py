"""The process that bots are forked from: FreqTrade loaded, warmed and frozen once, its memory shared by every bot."""
