"""Rows in a form that means the same on SQLite and PostgreSQL: read, written as lines, counted and hashed.

A row is a line, a JSON array: money as a decimal string without needless zeros, instants in ISO form and UTC, JSON
columns as the text that is stored. The checksum of a table is the sum of its lines' SHA-256 modulo 2^256, so it does
not depend on the order: databases sort differently.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Integer, String, Table, Text, TypeDecorator, cast, column, select
from sqlalchemy import table as light_table
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import TypeEngine

from orchestrator.db.types import MoneyColumn, UtcDateTime

CHUNK = 2000
_LARGEST_MONEY = Decimal(10) ** 20
_MONEY_PLACES = 18


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    MONEY = "money"
    INSTANT = "instant"
    JSON = "json"


_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.INTEGER: BigInteger(),
    Kind.BOOLEAN: Boolean(),
    Kind.MONEY: MoneyColumn(),
    Kind.INSTANT: UtcDateTime(),
    Kind.JSON: Text(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `limit` is the longest text in characters, or how many bits an integer has; None for no limit."""

    name: str
    kind: Kind
    limit: int | None = None
    key: bool = False
    """Part of the primary key."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is carried from one database to another."""

    name: str
    fields: tuple[Field, ...]
    counted_by: str | None = None
    """The column that the database numbers itself."""

    def clause(self) -> TableClause:
        return light_table(self.name, *(column(field.name, _TYPES[field.kind]) for field in self.fields))


@dataclass(slots=True)
class Digest:
    """How many rows, and their checksum."""

    rows: int = 0
    total: int = 0

    def add(self, line: str) -> None:
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line.encode()).digest())) % 2**256

    @property
    def checksum(self) -> str:
        return f"{self.total:064x}"


def shape_of(table: Table) -> Shape:
    """Raises TypeError for a column of a type that is not known here: it must be taught first."""
    keys = {one.name for one in table.primary_key}
    fields = tuple(_field(table.name, one.name, one.type, one.name in keys) for one in table.columns)
    counted = [one.name for one in table.columns if one.autoincrement is True and one.primary_key]
    return Shape(table.name, fields, counted[0] if counted else None)


def line_of(shape: Shape, row: Sequence[Any]) -> str:
    values = [_told(field.kind, value) for field, value in zip(shape.fields, row, strict=True)]
    return json.dumps(values, separators=(",", ":"))


def row_of(shape: Shape, line: str) -> tuple[Any, ...]:
    """Raises ValueError for a line that is none of this table."""
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(shape.fields):
        raise ValueError(f"a row of {shape.name} has {len(shape.fields)} values")
    return tuple(_heard(field, value) for field, value in zip(shape.fields, values, strict=True))


async def rows(connection: AsyncConnection, shape: Shape) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """All rows in chunks, in no order."""
    table = shape.clause()
    columns = [cast(table.c[f.name], Text) if f.kind is Kind.JSON else table.c[f.name] for f in shape.fields]
    query = select(*columns).select_from(table).execution_options(yield_per=CHUNK)
    async with connection.stream(query) as result:
        async for chunk in result.partitions(CHUNK):
            yield chunk


async def digest_of(connection: AsyncConnection, shape: Shape) -> Digest:
    """Of the table as it is stored."""
    digest = Digest()
    async for chunk in rows(connection, shape):
        for row in chunk:
            digest.add(line_of(shape, row))
    return digest


def misfit(shape: Shape, row: Sequence[Any]) -> str | None:
    """Why PostgreSQL would refuse or change this row, which SQLite took; None where it takes it as it is."""
    for field, value in zip(shape.fields, row, strict=True):
        problem = None if value is None else _misfit(field, value)
        if problem:
            keys = zip(shape.fields, row, strict=True)
            where = ", ".join(f"{one.name}={part!r}" for one, part in keys if one.key)
            return f"{shape.name} ({where}): {field.name} {problem}"
    return None


def _field(table: str, name: str, kind: TypeEngine[Any], key: bool) -> Field:
    match kind:
        case MoneyColumn():
            return Field(name, Kind.MONEY, None, key)
        case UtcDateTime():
            return Field(name, Kind.INSTANT, None, key)
        case JSON():
            return Field(name, Kind.JSON, None, key)
        case Boolean():
            return Field(name, Kind.BOOLEAN, None, key)
        case Integer():
            return Field(name, Kind.INTEGER, 64 if isinstance(kind, BigInteger) else 32, key)
        case String():
            return Field(name, Kind.TEXT, kind.length, key)
        case TypeDecorator() if isinstance(kind.impl_instance, String):  # SQLModel's text
            return Field(name, Kind.TEXT, kind.impl_instance.length, key)
    raise TypeError(f"{table}.{name} is of a type that cannot be carried to another database: {kind!r}")


def _told(kind: Kind, value: Any) -> Any:
    match value:
        case None:
            return None
        case Decimal():
            return _plain(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
    return bool(value) if kind is Kind.BOOLEAN else value


def _heard(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not {Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(field.kind, str):
        raise ValueError(f"{field.name} is no {field.kind}")
    match field.kind:
        case Kind.MONEY:
            return Decimal(str(value))
        case Kind.INSTANT:
            return datetime.fromisoformat(str(value))
    return value


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _misfit(field: Field, value: Any) -> str | None:
    match field.kind:
        case Kind.TEXT if "\0" in value:
            return "holds the character NUL, which PostgreSQL cannot store"
        case Kind.TEXT if field.limit is not None and len(value) > field.limit:
            return f"is longer than {field.limit} characters"
        case Kind.INTEGER if field.limit is not None and not -(2 ** (field.limit - 1)) <= value < 2 ** (
            field.limit - 1
        ):
            return f"is beyond {field.limit} bits"
        case Kind.MONEY if not value.is_finite() or abs(value) >= _LARGEST_MONEY or _places(value) > _MONEY_PLACES:
            return f"is no amount with at most 20 places before and {_MONEY_PLACES} after the point"
        case Kind.JSON if "\0" in value or _not_json(value):
            return "holds something that JSON does not have: NaN, an infinity or the character NUL"
    return None


def _places(value: Decimal) -> int:
    text = _plain(value)
    return len(text.partition(".")[2])


def _not_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return True
    return False
