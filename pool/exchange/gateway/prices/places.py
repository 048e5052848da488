"""Which prices somebody waits for, and which have a place where more are waited for than can be followed. Pure.

Places are dealt in turns: to peers, within each to the tenants that it says it has, to each of them one of his own. So
who asks for thousands takes what others leave, and those who ask for few have all of theirs.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

MOST_SYMBOLS = 2000
"""Of one asker as of all."""
MOST_TENANTS = 50
"""Of one peer; further ones share a turn."""

Asker = tuple[str, str]
"""Peer, an address, which cannot lie; and tenant, which is what it says."""


class Wanted:
    """By asker, until when."""

    def __init__(self) -> None:
        self._until: dict[Asker, dict[str, float]] = {}
        """What was asked for last is last."""

    def want(self, asker: Asker, symbols: Iterable[str], until: float) -> None:
        """Who asks for ever others keeps the newest."""
        peer, _ = asker
        if asker not in self._until and sum(one == peer for one, _ in self._until) >= MOST_TENANTS:
            asker = (peer, "")
        own = self._until.setdefault(asker, {})
        for symbol in symbols:
            own.pop(symbol, None)
            own[symbol] = until
        while len(own) > MOST_SYMBOLS:
            del own[next(iter(own))]

    def placed(self, now: float, most: int = MOST_SYMBOLS) -> list[str]:
        """Of those that are waited for still so many, in order. Fewer are always among those that are more."""
        left = {who: {one: until for one, until in own.items() if until > now} for who, own in self._until.items()}
        self._until = {who: own for who, own in left.items() if own}
        every = self._every()
        return sorted(every if len(every) <= most else dealt(self._until, most))

    def total(self) -> int:
        """With those that have no place."""
        return len(self._every())

    def _every(self) -> set[str]:
        return {symbol for own in self._until.values() for symbol in own}


def dealt(wanted: Mapping[Asker, Collection[str]], most: int) -> list[str]:
    """So many of them, in turns. What several want has one place, for which who comes to it first gives his turn."""
    found: dict[str, None] = {}
    peers: dict[str, deque[Iterator[str]]] = {}
    for asker in sorted(wanted):
        peers.setdefault(asker[0], deque()).append(iter(sorted(wanted[asker])))
    while peers and len(found) < most:
        for peer, lines in list(peers.items()):
            symbol = _next(lines, found)
            if symbol is None:
                del peers[peer]
            elif len(found) < most:
                found[symbol] = None
                lines.rotate(-1)
    return list(found)


def _next(lines: deque[Iterator[str]], found: Collection[str]) -> str | None:
    """Of the first line that has one which has no place yet; lines that have none are done."""
    while lines:
        for symbol in lines[0]:
            if symbol not in found:
                return symbol
        lines.popleft()
    return None
