"""The very first start makes admin and demo fleet exactly once, also when it is killed in between."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

import api.cli.first_start as first_start_module
from api.cli.first_start import first_start
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
