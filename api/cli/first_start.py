"""The very first start: the admin with a random password, and a demo fleet, one bot of each template.

All of it is one transaction, taken only where there is no user yet. Killed at any point, either nothing of it happened
or all of it; the password file is written before the commit, so an admin without a known password cannot be.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from orchestrator.bots import service as bots
from orchestrator.db.engine import Database
from orchestrator.db.locks import MIGRATION, hold
from orchestrator.kit.detached import write_private
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users import service as users
from orchestrator.users.passwords import Passwords

PASSWORD_FILE = "admin-password"  # noqa: S105 - a file name
_PASSWORD_BYTES = 18


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
            name = f"demo-{template.name.replace('_', '-')}"
            spec = resolve(template, BotRequest(name=name, template=template.name))
            await bots.create(session, admin.id, spec)
            names.append(name)
        write_private(home / PASSWORD_FILE, password)
        username = admin.username
    return FirstStart(username=username, password=password, bots=names)
