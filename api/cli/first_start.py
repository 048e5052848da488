"""The very first start: the admin with a random password, and a demo fleet, one bot of each template.

All of it is one transaction, taken only where there is no user yet. Killed at any point, either nothing of it happened
or all of it; the password file is written before the commit, so an admin without a known password cannot be. The file
is there as long as what it says is true: whoever changes that password, wherever, has it removed.
"""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from api.cli.settings import demo_name
from orchestrator.bots import service as bots
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, hold
from orchestrator.errors import Error
from orchestrator.kit.detached import write_private
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users import repository
from orchestrator.users import service as users
from orchestrator.users.passwords import Passwords

PASSWORD_FILE = "admin-password"  # noqa: S105 - a file name
_PASSWORD_BYTES = 18
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What was made; `password` is printed once."""

    username: str
    password: str
    bots: list[str]


async def first_start(database: Database, catalogue: Catalogue, home: Path, *, demo: bool) -> FirstStart | None:
    """Makes the admin and, with `demo`, a bot of each template. None where there are users already. Raises OSError
    where the password file cannot be written."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    names: list[str] = []
    async with database.unit_of_work() as session:
        await hold(await session.connection(), MIGRATION)  # of processes that start at once, one does it
        admin = await users.create_first_admin(session, Passwords(), password)
        if admin is None:
            return None
        for template in catalogue.all() if demo else []:
            name = demo_name(template.name)
            spec = resolve(template, BotRequest(name=name, template=template.name))
            await bots.create(session, admin.id, spec)
            names.append(name)
        write_private(home / PASSWORD_FILE, password)
        username = admin.username
    return FirstStart(username=username, password=password, bots=names)


class PasswordFile:
    """The first admin's password in the home. He may change it over any process that shares the database, and
    `flotilla account password` puts the new one into the file: so the file is compared with what signs him in."""

    def __init__(self, database: Database, home: Path) -> None:
        self.path = home / PASSWORD_FILE
        self._database = database
        self._passwords = Passwords()
        self._right: tuple[str, str] | None = None
        """What the file had when it was found to be true, and the hash that it fitted."""

    async def keep_true(self) -> None:
        """Looks every other second, until cancelled. What fails is tried again."""
        while True:
            with contextlib.suppress(SQLAlchemyError, Error):  # told by whoever else needs the database
                await self.settle()
            await asyncio.sleep(_LOOK_SECONDS)

    async def settle(self) -> None:
        """Removes the file where it has another password than the admin's. Raises SQLAlchemyError, Error."""
        content = self._read()  # before the hash: what is put there after a change is never compared with the old one
        if content is None:
            return
        async with self._database.read() as session:
            admin = await repository.find_by_username(session, users.ADMIN)
        hashed = "" if admin is None else admin.password_hash
        if self._right == (content, hashed):
            return
        if await self._passwords.matches(content, hashed):
            self._right = (content, hashed)
        elif self._read() == content:
            self._remove()

    def _read(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8").rstrip("\r\n")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        except OSError as error:
            logger.warning("{} cannot be read: {}", self.path, error.strerror)
            return None

    def _remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("{} has an old password and cannot be removed: {}", self.path, error.strerror)
        else:
            logger.info("removed {}: the admin's password is another one", self.path)
