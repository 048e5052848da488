"""The agent's files: durable atomic writes, a bot's directory, its archive, and a look into its trades database.

A bot with a user id of its own owns its directory (2770, the group is the agent's) and can put anything there: the
agent makes no file through a link, and reads none but a plain one of one name. Only the agent can change `bots/`.
"""

import contextlib
import errno
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from pool.contract.model import BotId
from pool.contract.policy import PolicyInForce
from pool.contract.slots import SlotSpec

POLICY_FILE = "policy.json"
_BOT_ID: TypeAdapter[str] = TypeAdapter(BotId)
_SQLITE_TIMEOUT_SECONDS = 5.0
_SQLITE_VALUE_BYTES = 2**20
_SQLITE_STEPS = 10_000
_DATABASES = {
    "dry_run": "tradesv3.sqlite",
    "paper_live": "tradesv3.live.sqlite",
    "live": "tradesv3.live.sqlite",
}


def write_atomically(file: Path, content: bytes, *, durable: bool = True, mode: int = 0o600) -> None:
    """Replaces `file` in one step; where `durable`, one that outlives a power cut. Never follows a link that somebody
    planted in its place. A file has one writer at a time. Raises OSError."""
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        new.replace(file)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    if durable:
        sync_directory(file.parent)


def open_plain(file: Path) -> int:
    """A descriptor to read from. Raises OSError, also for a link, a pipe or a file that has a second name."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a plain file of one name", str(file))


def bot_directory(pool: Path, bot_id: str) -> Path:
    """Where a bot lives. Raises pydantic.ValidationError for anything but a bot id."""
    return pool / "bots" / _BOT_ID.validate_python(bot_id)


def write_slot_files(pool: Path, bot_id: str, spec: SlotSpec) -> Path:
    """Makes the bot's directory (0700) and writes `slot.json` without credentials, and `policy.json`. Raises OSError.

    A bot with a user id of its own reads the file as neither owner nor group; none but those two enter the directory.
    """
    directory = bot_directory(pool, bot_id)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = spec.model_copy(update={"credentials": None})
    # Not durable: `slots.json` is, and these files are written from it before each start.
    write_atomically(directory / "slot.json", public.to_json(), durable=False, mode=0o644)
    if spec.policy is not None:
        write_atomically(directory / POLICY_FILE, spec.policy.to_json(), durable=False, mode=0o644)
    return directory


def write_policy(pool: Path, bot_id: str, policy: PolicyInForce) -> None:
    """Writes `policy.json` beside `slot.json`, and as that is: not durable, from one thread only. Raises OSError."""
    directory = bot_directory(pool, bot_id)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(directory / POLICY_FILE, policy.to_json(), durable=False, mode=0o644)


def archive(pool: Path, bot_id: str, at: datetime) -> None:
    """Moves the bot's directory to `archive/<bot_id>-<UTC stamp>`; nothing to do where it never ran. Raises OSError."""
    directory = bot_directory(pool, bot_id)
    if not directory.exists():
        return
    shelf = pool / "archive"
    shelf.mkdir(mode=0o700, exist_ok=True)
    name = f"{bot_id}-{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    directory.rename(shelf / name)
    with contextlib.suppress(OSError):  # a strategy may have put something else in its place, which stays
        (shelf / name / "api.sock").unlink()
    sync_directory(shelf)


def read_epoch(directory: Path) -> int:
    """The fencing epoch that the bot's directory is marked with, 0 where it is not. Raises OSError, also for a file
    that holds no number."""
    try:
        descriptor = open_plain(directory / "epoch")
    except FileNotFoundError:
        return 0
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(32).strip()
    if not content.isdigit():
        raise OSError(errno.EINVAL, "the epoch file holds no number", str(directory / "epoch"))
    return int(content)


def count_open_trades(directory: Path, trading: str) -> int:
    """Open trades in the bot's database for `SlotSpec.trading`, 0 where there is none yet. Raises sqlite3.Error where
    it cannot be read, within five seconds and with values of at most a megabyte (a strategy may have written the
    schema, too, and a column can be an expression), or OSError where it is no plain file.

    SQLite would leave files of the agent's beside it, which a bot of another user cannot open: none are made where no
    log is still to be read, and an index made for a log is removed.
    """
    file = directory / _DATABASES[trading]
    try:
        os.close(open_plain(file))
    except FileNotFoundError:
        return 0
    how = "mode=ro" if os.path.lexists(file.with_name(f"{file.name}-wal")) else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True, timeout=_SQLITE_TIMEOUT_SECONDS)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _SQLITE_VALUE_BYTES)
        deadline = time.monotonic() + _SQLITE_TIMEOUT_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _SQLITE_STEPS)
        connection.execute("PRAGMA trusted_schema = OFF")
        if (
            connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'trades'").fetchone()
            is None
        ):
            return 0
        return int(connection.execute("SELECT count(*) FROM trades WHERE is_open").fetchone()[0])
    finally:
        connection.close()
        _remove_index(file)


@contextlib.contextmanager
def index_of_another(database: Path) -> Iterator[str]:
    """How to open a database that its bot may be writing, as parameters of an SQLite URI for reading alone, so that no
    file of the agent's stays beside another user's, which that one could not open. Raises OSError.

    Without a log beside it nobody has it open, and it is read as it lies there; an index that is there is read without
    the right to make one; one that SQLite must make for a log that was left without is removed again.
    """
    if not os.path.lexists(database.with_name(f"{database.name}-wal")):
        yield "mode=ro&immutable=1"
    elif database.lstat().st_uid == os.getuid():
        yield "mode=ro"
    elif os.path.lexists(database.with_name(f"{database.name}-shm")):
        yield "mode=ro&readonly_shm=1"
    else:
        try:
            yield "mode=ro"
        finally:
            _remove_index(database)


def _remove_index(database: Path) -> None:
    """The agent's own beside another user's database, which that one cannot be using."""
    index = database.with_name(f"{database.name}-shm")
    with contextlib.suppress(FileNotFoundError):
        if index.lstat().st_uid == os.getuid() != database.lstat().st_uid:
            index.unlink()


def sync_directory(directory: Path) -> None:
    """Makes renames and new names in it outlive a power cut. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
