"""A bot's directory as a tar stream, packed and unpacked without trusting what a strategy may have left in it.

Only regular files that have one name, and directories, are carried; links, sockets and devices are left behind. What
belongs to one pool (`lock`, `epoch`, `api.sock`) and what SQLite makes anew (`-shm`) are not carried; its journals are,
so a database that a killed bot left is recovered where it arrives. A parcel is complete if its digest says so.
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pool.agent.files import sync_directory
from pool.agent.usage import MOST_ENTRIES

CHUNK_BYTES = 256 * 1024
FILES_LIMIT = MOST_ENTRIES
"""A bot that may run can also be moved."""
_OWN = frozenset({"lock", "epoch", "api.sock"})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class BadParcel(Exception):
    """Says in a sentence what is wrong with a directory or a tar stream."""


class InUse(Exception):
    """A process holds the directory's lock."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One regular file."""

    path: str
    """Relative, with slashes."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a directory holds, in the order of the paths."""

    directories: tuple[str, ...]
    files: tuple[Packed, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """See `DirectoryReport.digest`."""
        whole = hashlib.sha256()
        for file in self.files:
            whole.update(f"{file.path}\0{file.size}\0{file.sha256}\n".encode("utf-8", "surrogateescape"))
        return whole.hexdigest()


def hold(directory: Path) -> int:
    """The directory's lock, as a descriptor to close. Raises InUse while a bot's process lives, or OSError."""
    file = directory / "lock"
    with contextlib.suppress(FileExistsError):
        made = os.open(file, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.fchmod(made, 0o666)  # for a bot with an id of its own; none but it and the agent enter the directory
        os.close(made)
    descriptor = os.open(file, _READ)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise InUse(f"a process holds {directory.name}") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def survey(directory: Path, limit_bytes: int) -> Parcel:
    """Reads all of it. Raises BadParcel where it holds more than it may or what a bot does not let others read, or
    OSError."""
    try:
        return _survey(directory, limit_bytes)
    except PermissionError as error:
        raise BadParcel(f"{Path(str(error.filename or '')).name[:100]!r} cannot be read") from error


def _survey(directory: Path, limit_bytes: int) -> Parcel:
    directories: list[str] = []
    files: list[Packed] = []
    size = 0
    for path, is_directory in _walk(directory):
        if is_directory:
            directories.append(path)
        else:
            with _opened(directory, path) as stream:
                size += os.fstat(stream.fileno()).st_size
                if size > limit_bytes:
                    raise BadParcel(f"the directory holds more than {limit_bytes} bytes")
                files.append(_digested(path, stream))
        if len(files) + len(directories) > FILES_LIMIT:
            raise BadParcel(f"the directory holds more than {FILES_LIMIT} files")
    return Parcel(tuple(sorted(directories)), tuple(sorted(files, key=lambda file: file.path)))


def pack(directory: Path, parcel: Parcel) -> Iterator[bytes]:
    """The tar stream of what was surveyed. Raises BadParcel where it changed since, or OSError."""
    for path in parcel.directories:
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o700
        yield entry.tobuf(tarfile.PAX_FORMAT)
    for file in parcel.files:
        entry = tarfile.TarInfo(file.path)
        entry.size, entry.mode = file.size, 0o600
        yield entry.tobuf(tarfile.PAX_FORMAT)
        left = file.size
        with _opened(directory, file.path) as stream:
            while left:
                chunk = stream.read(min(CHUNK_BYTES, left))
                if not chunk:
                    raise BadParcel(f"{file.path} became shorter while it was read")
                left -= len(chunk)
                yield chunk
        yield b"\0" * (-file.size % tarfile.BLOCKSIZE)
    yield b"\0" * tarfile.BLOCKSIZE * 2


def unpack(tar: Path, directory: Path, limit_bytes: int) -> Parcel:
    """Unpacks into `directory`, which is made, and answers when all of it is on disk. Raises BadParcel for what no
    `pack` writes, or OSError."""
    directory.mkdir(mode=0o700)
    directories: list[str] = []
    files: list[Packed] = []
    size = 0
    try:
        with tarfile.open(tar, "r:", errorlevel=2) as stream:
            for entry in stream:
                path = _checked(entry, directory)
                size += entry.size
                if size > limit_bytes or len(files) + len(directories) >= FILES_LIMIT:
                    raise BadParcel(f"it holds more than {limit_bytes} bytes, or than {FILES_LIMIT} files")
                if entry.isdir():
                    (directory / path).mkdir(mode=0o700)
                    directories.append(path)
                else:
                    files.append(_write_file(stream, entry, directory, path))
    except (tarfile.TarError, FileExistsError, NotADirectoryError, FileNotFoundError, EOFError) as error:
        raise BadParcel(f"it is no parcel of a directory: {error}") from error
    for path in ["", *directories]:
        sync_directory(directory / path)
    return Parcel(tuple(sorted(directories)), tuple(sorted(files, key=lambda file: file.path)))


def _walk(root: Path) -> Iterator[tuple[str, bool]]:
    """Relative paths of what is carried, directories before what they hold, and whether each is one."""
    for folder, names, file_names, descriptor in os.fwalk(root, onerror=_give_up, follow_symlinks=False):
        base = os.path.relpath(folder, root)
        prefix = "" if base == "." else f"{base}/"
        for name in list(names):
            if stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                yield prefix + name, True
            else:
                names.remove(name)
        for name in file_names:
            if (not prefix and name in _OWN) or name.endswith("-shm"):
                continue
            about = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISREG(about.st_mode) and about.st_nlink == 1:
                yield prefix + name, False


def _give_up(error: OSError) -> None:
    """What cannot be read must not be left out silently."""
    raise error


def _opened(root: Path, path: str) -> BinaryIO:
    """A regular file of one name below `root`, without following a link on the way. Raises BadParcel, OSError."""
    *folders, name = path.split("/")
    descriptor = os.open(root, _READ | os.O_DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, _READ | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        file = os.open(name, _READ, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1:
        os.close(file)
        raise BadParcel(f"{path} is no plain file any more")
    return os.fdopen(file, "rb")


def _digested(path: str, stream: BinaryIO) -> Packed:
    whole, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        whole.update(chunk)
        size += len(chunk)
    return Packed(path, size, whole.hexdigest())


def _checked(entry: tarfile.TarInfo, directory: Path) -> str:
    parts = entry.name.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in entry.name or parts[0] in _OWN:
        raise BadParcel(f"it names {entry.name[:100]!r}")
    if not (entry.isdir() or (entry.isreg() and not entry.issparse())):
        raise BadParcel(f"{entry.name[:100]!r} is neither a file nor a directory")
    tarfile.data_filter(entry, str(directory))
    return entry.name


def _write_file(stream: tarfile.TarFile, entry: tarfile.TarInfo, directory: Path, path: str) -> Packed:
    source = stream.extractfile(entry)
    if source is None:
        raise BadParcel(f"{path[:100]!r} has no content")
    whole = hashlib.sha256()
    descriptor = os.open(directory / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            whole.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(descriptor)
        size = target.tell()
    if size != entry.size:
        raise BadParcel(f"{path[:100]!r} is cut off")
    return Packed(path, size, whole.hexdigest())
