"""The home directory: its lock, which one control plane on SQLite holds at a time, and the secrets made at the first
start, which all that share a database share."""

import contextlib
import fcntl
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import Conflict
from orchestrator.kit.detached import write_private
from orchestrator.kit.ids import new_id

LOCK_FILE = "control-plane.lock"
SECRETS_FILE = "secrets.json"
DATABASE_FILE = "flotilla.db"
IDENTITY_FILE = "home-id"
_KEY_BYTES = 48
_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys of this installation."""

    installation_id: str
    """Names this installation; no secret itself."""
    token_signing_key: str = field(repr=False)
    """Signs access tokens; at least 32 characters."""


def prepare(home: Path) -> None:
    """Makes the directory, its owner's alone; one that exists keeps its mode. Raises Conflict where others may
    write to it, OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = home.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Conflict(
            f"{home} belongs to or can be written by others: set FLOTILLA_HOME to a directory of its own, "
            "or take their rights away (chmod go-w)."
        )


def prepare_database(home: Path) -> None:
    """Makes the SQLite file readable by its owner alone; what SQLite puts beside it takes after it. Raises OSError."""
    os.close(os.open(home / DATABASE_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    (home / DATABASE_FILE).chmod(0o600)


def lock(home: Path) -> int:
    """A descriptor that holds the home as long as it is open: the kernel lets go when the process dies. Raises Conflict
    where another control plane holds it, OSError."""
    descriptor = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        told = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        os.close(descriptor)
        who = f" (process {told})" if told.isdigit() else ""
        raise Conflict(
            f"Another Flotilla{who} runs in {home}: stop that one first, or set FLOTILLA_HOME to another directory."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def load_secrets(home: Path, shared: Path | None = None) -> Secrets:
    """From `secrets.json` (0600) in the home, or from the file that several processes share; made where there is none
    yet. Raises Conflict for one that is damaged or that others may write to, OSError."""
    file = shared or home / SECRETS_FILE
    try:
        content = file.read_text()
    except FileNotFoundError:
        content = _make_secrets(file)
    try:
        told = json.loads(content)
        loaded = Secrets(str(told["installation_id"]), str(told["token_signing_key"]))
    except (ValueError, KeyError, TypeError):
        raise _damaged(file) from None
    if len(loaded.token_signing_key) < _KEY_LENGTH or not loaded.installation_id:
        raise _damaged(file)
    if shared is None:
        file.chmod(0o600)
    elif file.stat().st_mode & 0o022:
        raise Conflict(f"{file} can be written by others: take their rights away (chmod go-w).")
    return loaded


def adopt(home: Path, installation_id: str) -> bool:
    """Gives the home the name of the installation whose database it has (restored, or its `secrets.json` was made
    anew), with the keys it has; False where it had that name. Raises Conflict, OSError."""
    present = load_secrets(home)
    if present.installation_id == installation_id:
        return False
    write_private(home / SECRETS_FILE, _json_of(Secrets(installation_id, present.token_signing_key)))
    return True


def identity(home: Path) -> str:
    """Names the home, so that it can be told from another one; made when first asked for. Raises OSError."""
    file = home / IDENTITY_FILE
    with contextlib.suppress(FileExistsError):
        _write_new(file, new_id("home") + "\n")
    return file.read_text().strip()


def _make_secrets(file: Path) -> str:
    """What the file has in the end: of processes that start at once, one makes it."""
    made = Secrets(new_id("installation"), secrets.token_urlsafe(_KEY_BYTES))
    with contextlib.suppress(FileExistsError):
        _write_new(file, _json_of(made))
    return file.read_text()


def _write_new(file: Path, content: str) -> None:
    """Complete or not at all, its owner's alone, and never over one that is there. Raises FileExistsError, OSError."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write_private(draft, content)
    try:
        os.link(draft, file)
    finally:
        draft.unlink()


def _json_of(made: Secrets) -> str:
    content = {"installation_id": made.installation_id, "token_signing_key": made.token_signing_key}
    return json.dumps(content, indent=2) + "\n"


def _damaged(file: Path) -> Conflict:
    return Conflict(f"{file} is damaged: restore it, or delete it (everybody must then sign in again).")
