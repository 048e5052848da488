"""Sources as texts: read before they are kept, and compared. Pure, and slow: call it in a thread, outside of a
transaction.

Two texts are compared by `difflib`, which takes minutes for some that are made for that. So it has a budget: where that
is used up, what it has not compared yet is told as replaced, which is a coarser diff and no wrong one.
"""

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from orchestrator.errors import InvalidSpec
from orchestrator.strategies.repository import VersionView
from pool.rules.strategy_source import SourceReport, inspect

_MOST_DIFF_LINES = 10_000
_MOST_COMPARED = 10_000_000
"""Pairs of equal lines that are looked at: a second or two."""
_CONTEXT_LINES = 3
_Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """A source that was read (`read_draft`), and can be kept."""

    source: str
    class_name: str
    report: SourceReport

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.source.encode()).hexdigest()


def read_draft(source: str, class_name: str | None) -> Draft:
    """Reads a source, which takes a while: call it in a thread, outside of a transaction. Raises InvalidSpec (field
    `source`, with `findings`) where it cannot be told which class is meant: anything else is kept, with what was found.
    """
    report = inspect(source, class_name)
    chosen = class_name or report.class_name
    unreadable = any(finding.code == "size" for finding in report.findings) or "\0" in source
    if chosen is None or unreadable or (not source.isascii() and not _is_text(source)):
        first = report.findings[0].message if report.findings else "It has no strategy class."
        raise InvalidSpec(first, field="source", findings=[one.model_dump(mode="json") for one in report.findings])
    return Draft(source, chosen, report)


def diff(before: VersionView, after: VersionView) -> str:
    """What changed between two versions that were read with their sources, as a unified diff; empty where nothing did.
    Takes a while: call it in a thread. Raises InvalidSpec where that would be too long."""
    old, new = (view.content.source.splitlines(keepends=True) for view in (before, after))
    if max(len(old), len(new)) > _MOST_DIFF_LINES:
        raise InvalidSpec(f"Files of more than {_MOST_DIFF_LINES} lines are not compared here.", field="version")
    names = [f"{view.content.class_name}.py (version {view.version.number})" for view in (before, after)]
    lines = [
        line for group in _Matcher(old, new).get_grouped_opcodes(_CONTEXT_LINES) for line in _hunk(group, old, new)
    ]
    if not lines:
        return ""
    told = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join([f"--- {names[0]}\n", f"+++ {names[1]}\n", *told])


class _Matcher(difflib.SequenceMatcher[str]):
    """Compares so long as its budget lasts."""

    a: list[str]
    b2j: dict[str, list[int]]

    def __init__(self, old: list[str], new: list[str]) -> None:
        super().__init__(None, old, new)
        equal = (1 + len(self.b2j.get(line, ())) for line in old)
        self._cost = [0, *accumulate(equal)]
        """Of looking at the first so many lines."""
        self._left = _MOST_COMPARED

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        self._left -= self._cost[len(self.a) if ahi is None else ahi] - self._cost[alo]
        if self._left < 0:
            return difflib.Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def _hunk(parts: list[_Opcode], old: list[str], new: list[str]) -> Iterator[str]:
    """As `diff -u` writes it."""
    first, last = parts[0], parts[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for what, old_from, old_to, new_from, new_to in parts:
        if what == "equal":
            yield from (f" {line}" for line in old[old_from:old_to])
            continue
        yield from (f"-{line}" for line in old[old_from:old_to])
        yield from (f"+{line}" for line in new[new_from:new_to])


def _range(begin: int, end: int) -> str:
    """From 1, and how many unless it is one; an empty one begins at the line before it."""
    length = end - begin
    if length == 1:
        return str(begin + 1)
    return f"{begin + 1 if length else begin},{length}"


def _is_text(source: str) -> bool:
    try:
        source.encode()
    except UnicodeEncodeError:
        return False
    return True
