"""The audit as a chain of hashes, one for each tenant. Pure.

Row n of a tenant carries the hash of row n - 1 and its own: SHA-256 over a JSON array of the form's name and all other
columns, where JSON columns are the text that is stored, byte for byte, and times ISO 8601 in UTC with microseconds.
`sequence` counts 1, 2, 3 … within the tenant without holes. So a row that was changed, removed, swapped or put between
others does not fit its neighbours; what was cut off at the end, the head finds, which knows count and last hash.

Over all chains goes the register: the rows' hashes in the order of their numbers, each hashed with what came before
it. Its head, kept beside those of the tenants, finds a chain that is gone with its head, and one whose end and head
were put back to how they once were. All of it put back to one moment fits again, and is found only by who noted the
register's hash elsewhere.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""What the first row of a tenant carries as the hash before it."""
REGISTER = "all"
"""Under this name the register has its head; no tenant is called so."""
_FORM = "flotilla-audit-1"
_REGISTER_FORM = "flotilla-audit-register-1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it is stored. Texts may be anything at all where somebody tampered with them."""

    tenant_id: str
    sequence: Any
    number: Any
    at: Any
    """`2026-11-21T12:00:00.000000+00:00`."""
    actor: Any
    action: Any
    subject: Any
    why: Any
    before: Any
    """JSON text, or None."""
    after: Any
    prev_hash: Any
    hash: Any = ""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant's chain ends."""

    tenant_id: str
    count: int
    hash: str
    key_id: str | None = None
    """Which key sealed it; None where none did yet."""
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which a chain does not hold."""

    sequence: int
    """Where the trouble is, counted from 1."""
    number: int | None
    """The row's number, the audit's `id`; None where the row is missing."""
    message: str


def digest(entry: Entry) -> str:
    """64 hexadecimal digits."""
    values = [
        *(entry.tenant_id, entry.sequence, entry.number, entry.at, entry.actor, entry.action, entry.subject),
        *(entry.why, entry.before, entry.after, entry.prev_hash),
    ]
    form = json.dumps([_FORM, *values], separators=(",", ":"), default=repr)
    return hashlib.sha256(form.encode()).hexdigest()


def enrolled(register: str, hash_: object) -> str:
    """The register's hash once the row of this hash is in it."""
    form = json.dumps([_REGISTER_FORM, register, hash_], separators=(",", ":"), default=repr)
    return hashlib.sha256(form.encode()).hexdigest()


class Register:
    """Goes along the hashes of all rows, which come by `number`."""

    def __init__(self) -> None:
        self.rows = 0
        self.hash = GENESIS

    def take(self, hash_: object) -> None:
        self.rows += 1
        self.hash = enrolled(self.hash, hash_)

    def end(self, head: Head | None) -> Break | None:
        """What the register's head knows otherwise. Where, only the chains can tell."""
        if head is None:
            told = "The head over all chains is missing: somebody removed it."
            return Break(self.rows, None, told) if self.rows else None
        if head.count > self.rows:
            told = f"Rows were removed: {head.count} were written in all, {self.rows} are there."
            return Break(self.rows + 1, None, told)
        if head.count < self.rows:
            told = f"Rows were added: {head.count} were written in all, {self.rows} are there."
            return Break(head.count + 1, None, told)
        if head.hash != self.hash:
            return Break(max(self.rows, 1), None, "The rows are not those that were written, or not in that order.")
        return None


class Walk:
    """Goes along one tenant's rows, which come by `sequence`, then `number`."""

    def __init__(self) -> None:
        self.rows = 0
        self.hash = GENESIS
        self.problem: Break | None = None

    def take(self, entry: Entry) -> None:
        """The next row. After the first break rows are only counted."""
        self.rows += 1
        if self.problem is None:
            self.problem = self._problem(entry)
            self.hash = str(entry.hash)

    def end(self, head: Head | None) -> Break | None:
        """The first break, the head looked at, too."""
        return self.problem or self._problem_of_end(head)

    def _problem(self, entry: Entry) -> Break | None:
        number = entry.number if isinstance(entry.number, int) else None
        if not isinstance(entry.sequence, int):
            return Break(self.rows, number, "The row's place in the chain was changed.")
        if entry.sequence > self.rows:
            lacking = "row is" if entry.sequence == self.rows + 1 else f"{entry.sequence - self.rows} rows are"
            return Break(self.rows, None, f"{lacking.capitalize()} missing here: removed, or moved elsewhere.")
        if entry.sequence < self.rows:
            return Break(entry.sequence, number, "There is one row too many: it was added, or moved here.")
        if digest(entry) != entry.hash:
            return Break(entry.sequence, number, "The row was changed: it does not fit its hash.")
        if entry.prev_hash != self.hash:
            told = "The row does not follow the one before it: one of the two was added, swapped or written anew."
            return Break(entry.sequence, number, told)
        return None

    def _problem_of_end(self, head: Head | None) -> Break | None:
        if head is None:
            return Break(self.rows, None, "The chain's head is missing: somebody removed it.") if self.rows else None
        if head.count > self.rows:
            told = f"The end was cut off: the head knows {head.count} rows, {self.rows} are there."
            return Break(self.rows + 1, None, told)
        if head.count < self.rows:
            return Break(head.count + 1, None, f"Rows were added behind the end: the head knows {head.count}.")
        if head.hash != self.hash:
            return Break(max(self.rows, 1), None, "The last row is not the one that the head knows.")
        return None
