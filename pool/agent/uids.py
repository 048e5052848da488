"""User ids for bots, one per slot, kept with the slot for as long as it lives."""

from collections.abc import Iterable

from pool.settings import PoolSettings


class Uids:
    """Gives none where `ids` is empty: the pool has no ids of its own then."""

    def __init__(self, ids: range = range(0)) -> None:
        self._ids = ids
        self._next = ids.start

    @classmethod
    def of(cls, settings: PoolSettings) -> "Uids":
        """Twice as many as slots, so that an id that was just given back is not the next one to be given."""
        first = settings.bot_uid_first
        return cls(range(0) if first is None else range(first, first + 2 * settings.slots_total))

    def keep(self, uid: int | None, taken: Iterable[int | None]) -> int | None:
        """`uid` where it is one of these and not `taken`, else the next free one; None where there is none at all."""
        used = set(taken)
        if uid in self._ids and uid not in used:
            return uid
        for step in range(len(self._ids)):
            candidate = self._ids[(self._next - self._ids.start + step) % len(self._ids)]
            if candidate not in used:
                self._next = candidate + 1
                return candidate
        return None
