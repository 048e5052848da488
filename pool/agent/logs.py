"""A bot's log: its last lines, and following it across rotation (a renamed or truncated file).

The bot owns it and may put something else in its place: only a plain file is read.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from pool.agent.files import open_plain

_BLOCK_BYTES = 64 * 1024
_TAIL_LIMIT_BYTES = 4 * 1024 * 1024
_FOLLOW_SECONDS = 0.5


def last_lines(file: Path, count: int) -> list[str]:
    """At most `count` last lines, none where there is no log yet."""
    try:
        with os.fdopen(open_plain(file), "rb") as stream:
            tail, _ = _tail(stream.fileno(), count)
            return tail.decode("utf-8", "replace").splitlines()[-count:] if count > 0 else []
    except OSError:
        return []


def _tail(descriptor: int, count: int) -> tuple[bytes, int]:
    """At least the last `count` lines, and the position in bytes at which they end."""
    end = position = os.fstat(descriptor).st_size
    tail = b""
    while position > 0 and tail.count(b"\n") <= count and len(tail) < _TAIL_LIMIT_BYTES:
        size = min(_BLOCK_BYTES, position)
        position -= size
        tail = os.pread(descriptor, size, position) + tail
    return tail, end


async def follow(file: Path, count: int) -> AsyncIterator[bytes]:
    """The last `count` lines, then whatever is written, for ever; empty chunks in between.

    The tail and what follows it are read from one descriptor, and an open file is read to its end before a newer one
    of the same name is opened: what is written or rotated at any moment in between is neither lost nor told twice.
    """
    stream, replaced = _open(file), False
    try:
        yield _start(stream, count)
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            while chunk := _read(stream):
                yield chunk
            yield b""
            if replaced:
                if stream is not None:
                    stream.close()
                stream = _open(file)
            # Told one round late, so that a line on its way to the old file while it was renamed is read there.
            replaced = _was_replaced(file, stream)
    finally:
        if stream is not None:
            stream.close()


def _start(stream: BinaryIO | None, count: int) -> bytes:
    """The last `count` lines, raw; leaves the file where they end."""
    if stream is None:
        return b""
    tail, end = _tail(stream.fileno(), count)
    stream.seek(end)
    if count <= 0:
        return b""
    lines = tail.splitlines(keepends=True)
    return b"".join(lines[-count:])


def _read(stream: BinaryIO | None) -> bytes:
    if stream is None:
        return b""
    if os.fstat(stream.fileno()).st_size < stream.tell():
        stream.seek(0)
    return stream.read(_BLOCK_BYTES)


def _open(file: Path) -> BinaryIO | None:
    try:
        return os.fdopen(open_plain(file), "rb", buffering=0)
    except OSError:
        return None


def _was_replaced(file: Path, stream: BinaryIO | None) -> bool:
    try:
        status = file.lstat()
    except OSError:
        return False
    return stream is None or status.st_ino != os.fstat(stream.fileno()).st_ino
