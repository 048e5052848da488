"""Who goes next: by priority, then fair between peers and between their tenants, then who came first. Pure."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pool.contract.market import Priority

MOST_WAITING = 300
"""Of one authority."""
_RANKS: dict[Priority, int] = {"exit": 0, "cancel": 0, "urgent": 1, "entry": 2, "price": 3, "order": 4, "data": 5}
"""Prices take turns among themselves: what somebody's accounts look at gives nobody else more of a claim to them."""
_MOST_KNOWN = 1_000


class Waiting(Protocol):
    """`peer` is an address, which cannot lie; `tenant` is what it says."""

    @property
    def priority(self) -> Priority: ...
    @property
    def peer(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def cost(self) -> float: ...


W = TypeVar("W", bound=Waiting)
_Key = tuple[str, str]
"""Peer and tenant."""


def rank(priority: Priority) -> int:
    """0 goes first."""
    return _RANKS[priority]


@dataclass
class _Shares:
    """What each was served of late. Who comes back after a pause starts where the others are: nothing is saved up."""

    _served: dict[str, float] = field(default_factory=dict)
    _floor: float = 0.0

    def of(self, key: str) -> float:
        return max(self._served.get(key, 0.0), self._floor)

    def serve(self, key: str, cost: float) -> None:
        start = self.of(key)
        self._floor = max(self._floor, start)
        self._served[key] = start + cost
        if len(self._served) > _MOST_KNOWN:
            self._served = {one: served for one, served in self._served.items() if served > self._floor}
            if len(self._served) > _MOST_KNOWN:
                self._served.clear()


class _Class(Generic[W]):
    """Lines of tenants, these within their peers."""

    def __init__(self) -> None:
        self.lines: dict[_Key, deque[W]] = {}
        self._peers = _Shares()
        self._tenants: dict[str, _Shares] = {}

    def __len__(self) -> int:
        return sum(map(len, self.lines.values()))

    def order(self) -> Iterator[W]:
        """As they would go if all went now."""
        peers = {key[0]: self._peers.of(key[0]) for key in self.lines}
        tenants = {key: self._of_tenant(key) for key in self.lines}
        left = {key: deque(line) for key, line in self.lines.items()}
        while left:
            key = min(left, key=lambda one: (peers[one[0]], tenants[one]))
            item = left[key].popleft()
            peers[key[0]] += item.cost
            tenants[key] += item.cost
            if not left[key]:
                del left[key]
            yield item

    def _of_tenant(self, key: _Key) -> float:
        shares = self._tenants.get(key[0])
        return shares.of(key[1]) if shares is not None else 0.0

    def serve(self, key: _Key, cost: float) -> None:
        self._peers.serve(key[0], cost)
        self._tenants.setdefault(key[0], _Shares()).serve(key[1], cost)
        if len(self._tenants) > _MOST_KNOWN:
            waiting = {peer for peer, _ in self.lines}
            self._tenants = {peer: one for peer, one in self._tenants.items() if peer in waiting}


class Queue(Generic[W]):
    """Of one authority."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._classes: dict[int, _Class[W]] = {number: _Class() for number in sorted(set(_RANKS.values()))}

    def __len__(self) -> int:
        return sum(map(len, self._classes.values()))

    def put(self, item: W) -> W | None:
        """What has no place: `item` itself, or one that waited and is worth less."""
        loser = self._loser(item) if len(self) >= self._most else None
        if loser is item:
            return item
        if loser is not None:
            self.remove(loser)
        self._classes[rank(item.priority)].lines.setdefault(_key(item), deque()).append(item)
        return loser

    def _loser(self, item: W) -> W:
        """The youngest of whoever waits most in the lowest class; `item` where that is its own line or above it."""
        lowest = max(number for number, one in self._classes.items() if len(one))
        mine = rank(item.priority)
        if mine > lowest:
            return item
        lines = self._classes[lowest].lines
        key = max(lines, key=lambda one: len(lines[one]))
        own = lines.get(_key(item), ())
        if mine == lowest and len(own) + 1 >= len(lines[key]):
            return item
        return lines[key][-1]

    def __iter__(self) -> Iterator[W]:
        """In the order in which they would go."""
        for one in self._classes.values():
            yield from one.order()

    def served(self, item: W) -> None:
        """It goes: it does not wait any more, and the others have more of a claim."""
        self.remove(item)
        self._classes[rank(item.priority)].serve(_key(item), item.cost)

    def remove(self, item: W) -> None:
        one = self._classes[rank(item.priority)]
        key = _key(item)
        line = one.lines.get(key)
        if line is not None and item in line:
            line.remove(item)
            if not line:
                del one.lines[key]


def _key(item: Waiting) -> _Key:
    return (item.peer, item.tenant)
