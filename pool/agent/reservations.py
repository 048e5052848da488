"""Requests of bots that wait for an answer: a few of each. Pure.

Bots run users' code, which can ask without end: beyond `MOST_OPEN` of one bot the oldest is dropped, and its answer,
should one come, with it. How fast a bot may ask is bounded by what it may say at all (`bot_link.Allowance`).
"""

MOST_OPEN = 20
PATIENCE_SECONDS = 10.0
"""No bot waits for so long."""


class OpenRequests:
    """By bot, in the order in which they were asked; with the time of the monotonic clock."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, float]] = {}

    def open(self, bot_id: str, request_id: str, now: float) -> None:
        waiting = {key: at for key, at in self._open.get(bot_id, {}).items() if now - at < PATIENCE_SECONDS}
        waiting.pop(request_id, None)
        waiting[request_id] = now
        while len(waiting) > MOST_OPEN:
            del waiting[next(iter(waiting))]
        self._open[bot_id] = waiting

    def close(self, bot_id: str, request_id: str) -> bool:
        """Whether that one still waited."""
        return self._open.get(bot_id, {}).pop(request_id, None) is not None

    def forget(self, bot_id: str) -> None:
        """The bot connected anew: it waits for nothing that it asked before."""
        self._open.pop(bot_id, None)
