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
            return _decode(_tail(stream.fileno(), count)).splitlines()[-count:] if count > 0 else []
    except OSError:
        return []


def _tail(descriptor: int, count: int) -> bytes:
    position = os.fstat(descriptor).st_size
    tail = b""
    while position > 0 and tail.count(b"\n") <= count and len(tail) < _TAIL_LIMIT_BYTES:
        size = min(_BLOCK_BYTES, position)
        position -= size
        tail = os.pread(descriptor, size, position) + tail
    return tail


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


async def follow(file: Path, count: int) -> AsyncIterator[bytes]:
    """The last `count` lines, then whatever is written, for ever; empty chunks in between.

    The open file is read to its end before a newer one of the same name is opened, so that rotation loses nothing.
    """
    yield "".join(f"{line}\n" for line in last_lines(file, count)).encode()
    stream = _open(file)
    if stream is not None:
        stream.seek(0, os.SEEK_END)
    try:
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            chunk = stream.read(_BLOCK_BYTES) if stream is not None else b""
            if stream is not None and not chunk and os.fstat(stream.fileno()).st_size < stream.tell():
                stream.seek(0)
            yield chunk
            if not chunk and _was_replaced(file, stream):
                if stream is not None:
                    stream.close()
                stream = _open(file)
    finally:
        if stream is not None:
            stream.close()


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
