"""Strategies of users' own: contents by their hash, versions that name them, checks, shares, roll-outs."""
