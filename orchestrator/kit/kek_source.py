"""Where key-encryption keys come from, which is never the database: a file, an environment variable, or what a command
says.

A file can be made and added to by us, since it is a place of its own; what a variable or a command says is its
owner's. None of them is read before it is needed, and each is read anew when a key is missing that something was
sealed with: so a new key comes into use without a restart (a variable's does not).
"""

import contextlib
import ctypes
import fcntl
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from orchestrator.kit.detached import write_private
from orchestrator.kit.sealing import Kek, Keyring, NoKek, read_keks

KEK_FILE = "key-encryption-key"
"""Its name where no other place is set."""
_COMMAND_SECONDS = 30.0
_MOST_BYTES = 65_536


class KekTrouble(Exception):
    """No key can be had; the message is one sentence with the remedy."""


class KekMissing(KekTrouble):
    """There is no key yet, or it is lost."""


class KekSource(Protocol):
    """All calls may block."""

    name: str
    """Where that is, for people."""
    can_add: bool
    """Whether Flotilla may add a key."""

    def read(self) -> Keyring:
        """Raises KekTrouble."""

    def add(self, kek: Kek, *, first: bool = False) -> None:
        """The newest from now on; those before stay. `first`: only where there is none. Raises KekTrouble, always
        where not `can_add`."""


class FileSource:
    """Lines, newest key first. Nobody but its owner may read it; a Docker secret, which is owned by root, may be
    readable to all in its container. `made_here`: Flotilla makes it at the first start."""

    def __init__(self, file: Path, *, made_here: bool) -> None:
        self.file = file
        self.can_add = made_here
        self.name = f"the file {file.name}" if made_here else f"the file {file} (FLOTILLA_ORCH_KEK_FILE)"

    def read(self) -> Keyring:
        try:
            descriptor = os.open(self.file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise KekMissing(f"The key-encryption key is missing: {self.name} is not there.") from None
        except OSError as error:
            raise KekTrouble(f"The key-encryption key cannot be read from {self.name}: {error.strerror}.") from None
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if status.st_mode & 0o022 or (status.st_mode & 0o044 and status.st_uid == os.geteuid() != 0):
                raise KekTrouble(
                    f"The key-encryption key in {self.name} is open to other users: take their rights away (chmod 600)."
                )
            content = stream.read(_MOST_BYTES)
        return _keyring(content.decode(errors="replace"), self.name)

    def add(self, kek: Kek, *, first: bool = False) -> None:
        try:
            with self._alone():
                present = self.file.read_text() if self.file.exists() else ""
                if not (first and present):
                    write_private(self.file, f"{kek.text}\n{present}")
        except OSError as error:
            raise KekTrouble(f"A key-encryption key cannot be written to {self.name}: {error.strerror}.") from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Of several processes that start at once."""
        lock = os.open(self.file.with_name(f".{self.file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class TextSource:
    """From an environment variable, read once."""

    name = "FLOTILLA_ORCH_KEK"
    can_add = False

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> Keyring:
        return _keyring(self._text, self.name)

    def add(self, kek: Kek, *, first: bool = False) -> None:
        raise KekTrouble(f"Put a new key in front of the others in {self.name}, and start again.")


class CommandSource:
    """What a command says on its standard output; it is run without a shell. What it says besides is not shown: it may
    be secret."""

    name = "the command of FLOTILLA_ORCH_KEK_COMMAND"
    can_add = False

    def __init__(self, command: str) -> None:
        self._command = command

    def read(self) -> Keyring:
        try:
            ended = subprocess.run(
                shlex.split(self._command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise KekTrouble(f"The key-encryption key is not to be had: {self.name} takes too long.") from None
        except (OSError, ValueError) as error:
            told = error.strerror if isinstance(error, OSError) else "it cannot be split into words"
            raise KekTrouble(f"The key-encryption key is not to be had: {self.name} cannot be run: {told}.") from None
        if ended.returncode != 0:
            raise KekTrouble(
                f"The key-encryption key is not to be had: {self.name} ended with status {ended.returncode}."
            )
        return _keyring(ended.stdout[:_MOST_BYTES].decode(errors="replace"), self.name)

    def add(self, kek: Kek, *, first: bool = False) -> None:
        raise KekTrouble(f"Have {self.name} say a new key before the others.")


def source_of(default: Path, file: Path | None, text: str | None, command: str | None) -> KekSource:
    """What is set, at most one of these; else the default file, which is made when it is first needed."""
    if text is not None:
        return TextSource(text)
    if command is not None:
        return CommandSource(command)
    return FileSource(default, made_here=True) if file is None else FileSource(file, made_here=False)


def take_from_environment(name: str) -> str | None:
    """The variable's value, in whatever case it is written, which is gone afterwards: from the environment of processes
    that we start, and from what `/proc/<pid>/environ` shows of this one, which is the memory that it was given in."""
    found = None
    for written in [one for one in os.environ if one.upper() == name]:
        value = os.environ[written]
        found = found or value
        library = ctypes.CDLL(None)
        library.getenv.restype = ctypes.c_void_p
        address = library.getenv(os.fsencode(written))
        if address:
            ctypes.memset(address, ord("x"), len(os.fsencode(value)))
        del os.environ[written]
    return found


def _keyring(text: str, name: str) -> Keyring:
    try:
        return Keyring(read_keks(text))
    except NoKek as error:
        raise KekTrouble(
            f"The key-encryption key in {name} is damaged: {error}. Put back what was there, from your own copy of it."
        ) from None
