"""Stretches of time, `(from, to)` in milliseconds without the end, sorted and apart. Pure."""

from collections.abc import Iterable, Sequence

Ranges = list[tuple[int, int]]


def union(*many: Iterable[tuple[int, int]]) -> Ranges:
    """What any of them holds."""
    found: Ranges = []
    for begin, end in sorted(one for ranges in many for one in ranges if one[0] < one[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def without(begin: int, end: int, taken: Sequence[tuple[int, int]]) -> Ranges:
    """What of one stretch `taken`, as `union` makes it, leaves."""
    left: Ranges = []
    for low, high in taken:
        if high <= begin:
            continue
        if low >= end:
            break
        if low > begin:
            left.append((begin, low))
        begin = max(begin, high)
    if begin < end:
        left.append((begin, end))
    return left


def bridged(ranges: Sequence[tuple[int, int]], gap: int) -> Ranges:
    """Those less than `gap` apart as one: asking for both at once costs no more."""
    found: Ranges = []
    for begin, end in ranges:
        if found and end - found[-1][0] <= gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found
