"""Backups: one file format for both databases, made from one moment while the control plane runs.

A gzip'd text of lines, each JSON. First a header: format, version of the schema, when, of which kind of database, and
every table with its columns. Then per table its rows (see `db.portable`) and a line with their
count and checksum. Last a line that says it is whole. It goes into an empty database of either kind: the database is
made at the backup's version, filled, read back and compared, then brought to the newest version, in one transaction.

It holds password hashes, so it is made with mode 0600. It holds no key: `secrets.json` stays in the home. Without that
file a restored installation keeps its id, which is in the database, gets a new signing key, and access tokens end;
refresh tokens go on. Trades are not in it either: each bot's are in its pool, and travel in parcels (`pool.packing`).
"""

import gzip
import json
import os
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db import encoding, migrate, schema, transfer
from orchestrator.db.copy import Copied, Progress, quiet, reader, refuse_busy
from orchestrator.db.engine import Database
from orchestrator.db.portable import CHUNK, Digest, Field, Kind, Shape, line_of, row_of, rows
from orchestrator.errors import Conflict
from orchestrator.kit.clock import utc_now

FORMAT = 1
_COMPRESSION = 6
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself."""

    schema: str
    created_at: str
    database: str
    """`sqlite` or `postgresql`: what it was made from."""
    shapes: tuple[Shape, ...]


async def backup(url: str, file: Path, tables: Sequence[Table], progress: Progress = quiet) -> list[Copied]:
    """Writes a new file, whole or not at all. Raises Conflict where it exists or the database is not at this Flotilla's
    version, TransferFailed, SQLAlchemyError, OSError."""
    database = Database(url)
    try:
        async with reader(database) as connection:
            version = await schema.current(connection)
            if version is None or version != schema.head():
                raise Conflict(
                    f"The database is at version {version or 'none'}, this Flotilla at {schema.head()}: run "
                    "`flotilla migrate` first."
                )
            shapes = await transfer.shapes_of(connection, tables)
            dialect = connection.dialect.name
            with _new_file(file) as stream:
                header = Header(version, utc_now().isoformat(), dialect, tuple(shapes))
                _write(stream, _header_body(header))
                saved = [await _save(connection, stream, shape, progress) for shape in shapes]
                _write(stream, {"whole": True, "tables": len(shapes)})
    finally:
        await database.close()
    return saved


async def restore(url: str, file: Path, progress: Progress = quiet) -> tuple[Header, list[Copied]]:
    """Fills an empty database, wholly or not at all. No control plane may run on it. Raises Conflict (not empty, in
    use, not UTF8, no backup, damaged), TransferFailed, DatabaseTooNew, SQLAlchemyError, OSError."""
    database = Database(url)
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as stream:
            with _damage_told(file):
                header = _header_of(file, stream.readline())
            async with database.engine.execution_options(flotilla_writes=True).begin() as connection:
                await refuse_busy(connection, "target")
                await encoding.refuse_other(connection)
                await _make_schema(connection, header)
                source = _Source(file, stream)
                restored = [await _fill(connection, source, shape, progress) for shape in header.shapes]
                source.end(len(header.shapes))
                await transfer.count_on(connection, header.shapes)
                await migrate.upgrade_within(connection)
    finally:
        await database.close()
    return header, restored


def header_of(file: Path) -> Header:
    """Raises Conflict where the file is no backup, OSError."""
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as stream, _damage_told(file):
        return _header_of(file, stream.readline())


def rows_in(file: Path, tables: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of these tables, those of which the backup has, each with its table's name and by names of columns; JSON
    is text. All of the file is read and compared with its checksums: whoever goes by the rows waits for the end. Raises
    Conflict where it is no whole backup, OSError."""
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as stream:
        with _damage_told(file):
            header = _header_of(file, stream.readline())
        source = _Source(file, stream)
        for shape in header.shapes:
            names = [field.name for field in shape.fields]
            for chunk in source.chunks(shape, Digest()):
                if shape.name in tables:
                    for row in chunk:
                        yield shape.name, dict(zip(names, row, strict=True))
        source.end(len(header.shapes))


class _Source:
    """The lines of a backup after its header."""

    def __init__(self, file: Path, stream: IO[str]) -> None:
        self._file = file
        self._stream = stream

    def chunks(self, shape: Shape, digest: Digest) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of the next table, up to its closing line, which must fit them. Raises Conflict."""
        chunk: list[tuple[Any, ...]] = []
        with _damage_told(self._file):
            while (line := self._stream.readline()).startswith("["):
                digest.add(line.rstrip("\n"))
                chunk.append(row_of(shape, line))
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
            if json.loads(line) != _closing(shape, digest):
                raise ValueError(f"the rows of {shape.name} do not fit their count and checksum")
            if chunk:
                yield chunk

    def end(self, tables: int) -> None:
        """Raises Conflict where the file does not end as it should."""
        with _damage_told(self._file):
            if json.loads(self._stream.readline()) != {"whole": True, "tables": tables} or self._stream.read(1):
                raise ValueError("it does not end as it should")  # reading on compares gzip's own checksum, too


async def _save(connection: AsyncConnection, stream: IO[str], shape: Shape, progress: Progress) -> Copied:
    digest = Digest()
    progress(shape.name, 0)
    async for chunk in rows(connection, shape):
        for row in chunk:
            line = line_of(shape, row)
            digest.add(line)
            stream.write(f"{line}\n")
        progress(shape.name, digest.rows)
    _write(stream, _closing(shape, digest))
    return Copied(shape.name, digest.rows, digest.checksum)


async def _make_schema(connection: AsyncConnection, header: Header) -> None:
    """An empty database of the backup's version."""
    version = await schema.current(connection)
    await transfer.refuse_unless_empty(connection, version is not None)
    if version is None:
        await migrate.upgrade_within(connection, header.schema)
    elif version != header.schema:
        raise Conflict(
            f"The backup is of version {header.schema}, the empty database at {version}: give one that was never "
            "migrated."
        )
    transfer.refuse_other_tables(await transfer.table_names(connection), header.shapes)


async def _fill(connection: AsyncConnection, source: _Source, shape: Shape, progress: Progress) -> Copied:
    digest, sent = Digest(), Digest()
    progress(shape.name, 0)
    for chunk in source.chunks(shape, digest):
        await transfer.put(connection, shape, chunk, sent)
        progress(shape.name, sent.rows)
    await transfer.prove(connection, shape, digest)
    return Copied(shape.name, digest.rows, digest.checksum)


def _closing(shape: Shape, digest: Digest) -> dict[str, Any]:
    return {"table": shape.name, "rows": digest.rows, "checksum": digest.checksum}


@contextmanager
def _damage_told(file: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise Conflict(
            f"{file} is no whole backup of Flotilla ({error}): nothing was restored; take another."
        ) from None


@contextmanager
def _new_file(file: Path) -> Iterator[IO[str]]:
    """Writes beside `file` and renames in the end, so that it is there whole or not at all; mode 0600. Raises Conflict
    where it exists."""
    if file.exists():
        raise Conflict(f"{file} exists already: name a new file.")
    new = file.with_name(f".{file.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.open(raw, "wt", _COMPRESSION, encoding="utf-8", newline="\n") as stream:
                yield stream
            raw.flush()
            os.fsync(raw.fileno())
        new.rename(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write(stream: IO[str], body: dict[str, Any]) -> None:
    stream.write(json.dumps(body, separators=(",", ":")) + "\n")


def _header_body(header: Header) -> dict[str, Any]:
    tables = [
        {"name": shape.name, "counted_by": shape.counted_by, "columns": [asdict(field) for field in shape.fields]}
        for shape in header.shapes
    ]
    return {
        "flotilla_backup": FORMAT,
        "schema": header.schema,
        "created_at": header.created_at,
        "database": header.database,
        "tables": tables,
    }


def _header_of(file: Path, line: str) -> Header:
    body = json.loads(line)
    if body["flotilla_backup"] != FORMAT:
        raise Conflict(f"{file} was written by a newer Flotilla: install that one.")
    shapes = tuple(
        Shape(
            str(table["name"]),
            tuple(Field(one["name"], Kind(one["kind"]), one["limit"], one["key"]) for one in table["columns"]),
            table["counted_by"],
        )
        for table in body["tables"]
    )
    return Header(body["schema"], body["created_at"], body["database"], shapes)
