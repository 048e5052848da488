"""Who asks an exchange through here, and what of its pace each could have alone if all had to ask it themselves. Pure.

The pace is divided among addresses, which cannot lie, and then among the bots of each: who says that he is many gets
less himself, and nobody else does.
"""

from dataclasses import dataclass, field

GONE_SECONDS = 180.0
"""Who has not asked for so long is not there any more; a bot that sleeps on need asks each minute."""
_COUNT_SECONDS = 5.0
_MOST_PEERS, _MOST_BOTS = 1_000, 2_000


@dataclass(slots=True)
class Crowd:
    """Of one exchange."""

    _asked: dict[str, dict[str, float]] = field(default_factory=dict)
    """By address, when each of its bots asked last."""
    _counted_at: float = float("-inf")

    def ways(self, peer: str, bot: str, now: float) -> int:
        """In how many ways the pace is to be divided for this bot, which asks now."""
        if now - self._counted_at >= _COUNT_SECONDS:
            self._forget(now)
        bots = self._asked.get(peer)
        if bots is None:
            if len(self._asked) >= _MOST_PEERS:
                return _MOST_PEERS
            bots = self._asked[peer] = {}
        if bot in bots or len(bots) < _MOST_BOTS:
            bots[bot] = now
        return len(self._asked) * len(bots)

    def _forget(self, now: float) -> None:
        self._counted_at = now
        for peer, bots in list(self._asked.items()):
            left = {bot: at for bot, at in bots.items() if now - at < GONE_SECONDS}
            if left:
                self._asked[peer] = left
            else:
                del self._asked[peer]
