"""A pool in a real container with honest bots in it, and the strategies that attack them."""
