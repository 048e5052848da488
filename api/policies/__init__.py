"""The universal rules of users and bots, over HTTP."""
