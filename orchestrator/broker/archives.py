"""Files on their way into and out of volumes, as tar archives. Pure."""

import io
import tarfile
import time
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes | None
    """None for a directory."""
    mode: int
    uid: int
    gid: int
    once: bool = False
    """Left as it is where there is one already that holds something."""


def pack(files: Iterable[File]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.name)
            entry.type = tarfile.DIRTYPE if file.content is None else tarfile.REGTYPE
            entry.mode, entry.uid, entry.gid, entry.mtime = file.mode, file.uid, file.gid, int(time.time())
            entry.size = len(file.content or b"")
            tar.addfile(entry, io.BytesIO(file.content or b""))
    return archive.getvalue()


def only_file(archive: bytes, limit_bytes: int) -> bytes | None:
    """Content of the archive's one regular file; None where it holds something else or more than `limit_bytes`."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            entry = tar.next()
            if entry is None or not entry.isreg() or entry.size > limit_bytes:
                return None
            stream = tar.extractfile(entry)
            return None if stream is None else stream.read()
    except tarfile.TarError:
        return None
