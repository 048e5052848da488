"""Rows in any order, sorted on disk: a backup has its own order, and may be larger than memory.

They lie in a database of SQLite's own, without a name, which goes with its connection.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Self

from orchestrator.audit.chain import Entry

_TABLE = "CREATE TABLE rows (tenant TEXT, sequence INTEGER, number INTEGER, hash TEXT, entry TEXT)"
_LARGEST = 2**63 - 1


class Spool:
    """A context manager. Whatever somebody put into the rows, they come back as they were given."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("")
        self._rows.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()

    def add(self, entry: Entry) -> None:
        places = (_sortable(entry.sequence), _sortable(entry.number))
        texts = (json.dumps(entry.tenant_id), json.dumps(entry.hash), json.dumps(asdict(entry)))
        self._rows.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", (texts[0], *places, *texts[1:]))

    def entries(self) -> Iterator[Entry]:
        """By tenant, `sequence` and `number`."""
        for (entry,) in self._rows.execute("SELECT entry FROM rows ORDER BY tenant, sequence, number"):
            yield Entry(**json.loads(entry))

    def hashes(self) -> Iterator[Any]:
        """Of all rows, by `number`."""
        for (hash_,) in self._rows.execute("SELECT hash FROM rows ORDER BY number"):
            yield json.loads(hash_)


def _sortable(place: Any) -> int:
    return max(-_LARGEST, min(_LARGEST, place)) if isinstance(place, int) else 0
