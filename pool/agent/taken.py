"""How often the pool's bots took candles that they map: the gateway does not see it, and counts what agents tell."""

from collections import Counter
from collections.abc import Mapping

from pool.contract.mapped import MOST_TAKEN


class Taken:
    """By exchange, what the gateway was not told yet."""

    def __init__(self) -> None:
        self._untold: Counter[str] = Counter()
        self._seen: dict[str, tuple[str, int]] = {}
        """By bot id: its run, and what that had taken by its last heartbeat."""

    def told(self, bot_id: str, run_id: str, exchange: str, count: int) -> None:
        """By a heartbeat. What a run had taken when it is first heard of another agent has told, or nobody will."""
        run, before = self._seen.get(bot_id, ("", 0))
        self._seen[bot_id] = run_id, count
        if run == run_id:
            self._untold[exchange] += max(0, count - before)

    def left(self, bot_id: str) -> None:
        """Its process has ended."""
        self._seen.pop(bot_id, None)

    def take(self) -> dict[str, int]:
        """To be told now; `give_back` what could not be."""
        told = {exchange: min(count, MOST_TAKEN) for exchange, count in self._untold.items() if count}
        self._untold -= Counter(told)
        return told

    def give_back(self, counts: Mapping[str, int]) -> None:
        self._untold.update(counts)
