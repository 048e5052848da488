"""Whether a database answers, is at our version and whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import encoding, schema, transfer
from orchestrator.db.copy import reader
from orchestrator.db.engine import Database

_COMPLAINTS = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """`problems` is empty where all is well; `rows` by table."""

    kind: str
    version: str | None
    problems: list[str]
    rows: dict[str, int]


async def check(url: str, tables: Sequence[Table]) -> Checked:
    """Raises SQLAlchemyError where the database cannot be read."""
    database = Database(url)
    try:
        async with reader(database) as connection:
            kind = connection.dialect.name
            version = await schema.current(connection)
            if version != schema.head():
                told = (
                    f"It is at version {version or 'none'}, this Flotilla at {schema.head()}: run `flotilla migrate`."
                )
                return Checked(kind, version, [told], {})
            problems = await _complaints(connection)
            try:
                shapes = await transfer.shapes_of(connection, tables)
            except transfer.TransferFailed as error:
                problems.append(error.message)
                shapes = []
            rows = {}
            for shape in shapes:
                query = select(func.count()).select_from(shape.clause())
                rows[shape.name] = (await connection.execute(query)).scalar_one()
            return Checked(kind, version, problems, rows)
    finally:
        await database.close()


async def _complaints(connection: AsyncConnection) -> list[str]:
    if connection.dialect.name == "postgresql":
        query = text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        broken = (await connection.execute(query)).scalars().all()
        misfit = await encoding.problem(connection)
        return [*([misfit] if misfit else []), *(f"The index {name} is not usable: REINDEX it." for name in broken)]
    told = [str(row[0]) for row in await connection.execute(text(f"PRAGMA quick_check({_COMPLAINTS})"))]
    problems = [] if told == ["ok"] else [f"The file is damaged: {line}." for line in told]
    orphans = (await connection.execute(text("PRAGMA foreign_key_check"))).fetchmany(_COMPLAINTS)
    problems += [
        f"A row of {row[0]} refers to a row of {row[2]} that is not there (rowid {row[1]})." for row in orphans
    ]
    return problems
