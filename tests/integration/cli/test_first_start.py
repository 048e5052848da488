"""The very first start makes admin and demo fleet exactly once, also when it is killed in between."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

import api.cli.first_start as first_start_module
from api.cli.first_start import PasswordFile, first_start
from api.cli.fleet import read_fleet
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.events.in_process import InProcessBus
from orchestrator.portfolio.service import PortfolioService
from orchestrator.templates.catalogue import Catalogue
from orchestrator.users import service as users
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import Passwords
from tests.databases import new_sqlite

TEMPLATES = Path(__file__).parents[3] / "bot_templates"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(await new_sqlite(tmp_path / "flotilla.db"))
    yield database
    await database.close()


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.load(TEMPLATES)


async def test_admin_and_a_bot_of_each_template(database: Database, catalogue: Catalogue, tmp_path: Path) -> None:
    made = await first_start(database, catalogue, tmp_path, demo=True)
    assert made is not None
    file = tmp_path / "admin-password"
    assert file.read_text() == made.password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with database.read() as session:
        admin = await users.authenticate(Passwords(), await users.claimed(session, "admin"), made.password)
        bots = (await session.exec(select(BotModel))).all()
    assert sorted(bot.template for bot in bots) == ["breakout", "mean_reversion", "trend"]
    assert {(bot.owner_id, bot.desired_state) for bot in bots} == {(admin.id, "running")}
    assert admin.password_hash.startswith("$argon2")


async def test_only_once(database: Database, catalogue: Catalogue, tmp_path: Path) -> None:
    made = await first_start(database, catalogue, tmp_path, demo=True)
    assert made is not None
    assert await first_start(database, catalogue, tmp_path, demo=True) is None
    assert (tmp_path / "admin-password").read_text() == made.password
    async with database.read() as session:
        assert len((await session.exec(select(BotModel))).all()) == 3


async def test_without_demo(database: Database, catalogue: Catalogue, tmp_path: Path) -> None:
    made = await first_start(database, catalogue, tmp_path, demo=False)
    assert made is not None
    assert made.bots == []
    assert (await read_fleet(database, PortfolioService(database, InProcessBus()))).bots == ()


@pytest.mark.parametrize("at", ["write_private", "resolve"])
async def test_broken_off_leaves_nothing_and_the_next_start_makes_all(
    database: Database, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(first_start_module, at, killed)
        with pytest.raises(Killed):
            await first_start(database, catalogue, tmp_path, demo=True)
    async with database.read() as session:
        assert not (await session.exec(select(UserModel))).all()
        assert not (await session.exec(select(BotModel))).all()
    made = await first_start(database, catalogue, tmp_path, demo=True)
    assert made is not None
    assert len(made.bots) == 3


async def test_the_fleet_is_read_as_it_is(database: Database, catalogue: Catalogue, tmp_path: Path) -> None:
    await first_start(database, catalogue, tmp_path, demo=True)
    fleet = await read_fleet(database, PortfolioService(database, InProcessBus()))
    assert [bot.name for bot in fleet.bots] == ["demo-breakout", "demo-mean-reversion", "demo-trend"]
    assert {(bot.observed_state, bot.equity, bot.stale) for bot in fleet.bots} == {("pending", None, False)}
    assert fleet.pools == ()
    (total,) = fleet.sums
    assert (total.currency, total.profit) == ("USDT", 0)


async def _set_password(database: Database, password: str) -> None:
    hashed = await Passwords().hash(password)
    async with database.unit_of_work() as session:
        (await session.exec(select(UserModel))).one().password_hash = hashed


async def test_the_password_file_is_there_as_long_as_it_is_true(
    database: Database, catalogue: Catalogue, tmp_path: Path
) -> None:
    made = await first_start(database, catalogue, tmp_path, demo=False)
    assert made is not None
    file = PasswordFile(database, tmp_path)
    for _ in range(2):
        await file.settle()
        assert file.path.read_text() == made.password
    await _set_password(database, "seven grey herons wade")
    file.path.write_text("seven grey herons wade\n")  # as `flotilla account password` does
    await file.settle()
    assert file.path.exists()
    await _set_password(database, "nine brown owls doze")
    await file.settle()
    assert not file.path.exists()
    await file.settle()


async def test_what_is_put_into_the_password_file_meanwhile_stays(
    database: Database, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await first_start(database, catalogue, tmp_path, demo=False)
    file = PasswordFile(database, tmp_path)
    await _set_password(database, "seven grey herons wade")
    matches = Passwords.matches

    async def slowly(self: Passwords, password: str, password_hash: str | None) -> bool:
        found = await matches(self, password, password_hash)
        file.path.write_text("seven grey herons wade")
        return found

    monkeypatch.setattr(Passwords, "matches", slowly)
    await file.settle()
    assert file.path.read_text() == "seven grey herons wade"


async def test_a_password_file_of_another_database_goes(database: Database, tmp_path: Path) -> None:
    file = PasswordFile(database, tmp_path)
    file.path.write_text("of an admin whom nobody knows here")
    await file.settle()
    assert not file.path.exists()


async def test_a_database_that_is_away_has_the_password_file_stay(
    database: Database, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await first_start(database, catalogue, tmp_path, demo=False)
    assert made is not None
    file = PasswordFile(database, tmp_path)
    looks = asyncio.Queue[str]()

    async def away(_session: object, _name: str) -> None:
        looks.put_nowait(file.path.read_text())
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(first_start_module, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(first_start_module.repository, "find_by_username", away)
    looking = asyncio.create_task(file.keep_true())
    async with asyncio.timeout(60):
        assert [await looks.get() for _ in range(3)] == [made.password] * 3
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
