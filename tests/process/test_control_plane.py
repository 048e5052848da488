"""The control plane is killed at any moment: what was acknowledged happens, once, and nothing half-made stays."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from orchestrator.bots import service
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.errors import AgentUnreachable
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service as pools
from orchestrator.pools.client import AgentClient
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.pools.service import LOCAL_POOL
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users.models import UserModel
from pool.contract.slots import Slot
from tests.support import eventually

ROOT = Path(__file__).parents[2]
OWNER = "user-one"


@contextlib.contextmanager
def control_plane(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Started and ready; killed at the end if the test has not done so."""
    command = [sys.executable, "-m", "tests.fakes.control_plane", str(home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


class Desk:
    """What an API process would do: rows in, rows out; and a look into the pool."""

    def __init__(self, home: Path) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{home}/flotilla.db")
        self.driver = ProcessDriver(home / "pools", module="tests.fakes.fake_pool")
        self.catalogue = Catalogue.load(ROOT / "bot_templates")

    async def add_user(self) -> None:
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=OWNER, username="one", password_hash="-", role="admin", created_at=utc_now()))

    async def create(self, name: str) -> str:
        template = self.catalogue.all()[0]
        async with self.database.unit_of_work() as session:
            spec = resolve(template, BotRequest(name=name, template=template.name))
            bot, _ = await service.create(session, OWNER, spec)
        return bot.id

    async def delete(self, bot_id: str) -> None:
        async with self.database.unit_of_work() as session:
            await service.set_desired(session, OWNER, bot_id, "deleted")

    async def states(self) -> dict[str, str]:
        async with self.database.read() as session:
            page = await service.list_(session, OWNER, limit=200)
        return {view.bot.id: view.status.observed_state for view in page.items}

    async def pool_state(self) -> str:
        async with self.database.read() as session:
            return (await pools.get(session, LOCAL_POOL)).observed_state

    async def row(self, bot_id: str) -> BotModel:
        async with self.database.read() as session:
            bot = await session.get(BotModel, bot_id)
        assert bot is not None
        return bot

    async def slots(self) -> dict[str, Slot]:
        endpoint = await self.driver.endpoint(LOCAL_POOL)
        if endpoint is None:  # no agent: it was killed, and the next is not there yet
            return {}
        client = AgentClient(LOCAL_POOL, endpoint)
        try:
            return {slot.bot_id: slot for slot in await client.slots()}
        finally:
            await client.aclose()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.driver.stop(LOCAL_POOL, graceful=False)
    await desk.database.close()


@pytest.mark.parametrize("moment_seconds", [0.0, 0.03, 0.1, 0.3])
async def test_killed_while_creating_and_deleting(tmp_path: Path, desk: Desk, moment_seconds: float) -> None:
    with control_plane(tmp_path) as process:
        await desk.add_user()
        old = [await desk.create(f"old {number}") for number in range(4)]

        async def old_run() -> bool:
            return set((await desk.states()).values()) == {"running"}

        await eventually(old_run)
        new = [await desk.create(f"new {number}") for number in range(6)]
        for bot_id in old[:2]:
            await desk.delete(bot_id)
        await asyncio.sleep(moment_seconds)  # not to wait for anything: the moment is what varies
        process.kill()
        process.wait(60)
    before = await desk.slots()
    assert set(old[2:]) <= set(before), "bots live on without a control plane"
    with control_plane(tmp_path):

        async def all_as_wanted() -> bool:
            states = await desk.states()
            return set(states) == {*old[2:], *new} and set(states.values()) == {"running"}

        await eventually(all_as_wanted)
        slots = await desk.slots()
        assert set(slots) == {*old[2:], *new}
        assert {slot.epoch for slot in slots.values()} == {1}, "no bot was assigned twice"
        for bot_id in old[:2]:
            assert (await desk.row(bot_id)).deleted_at is not None
        again = await desk.create("old 0")
        assert again not in old, "its name is free"


async def test_a_killed_pool_is_started_again_with_its_bots(tmp_path: Path, desk: Desk) -> None:
    with control_plane(tmp_path):
        await desk.add_user()
        bot_id = await desk.create("one")

        async def runs() -> bool:
            return await desk.states() == {bot_id: "running"}

        await eventually(runs)
        pid = int((tmp_path / "pools" / LOCAL_POOL / "init.lock").read_text())
        os.kill(pid, signal.SIGKILL)

        async def another() -> bool:
            try:
                return bot_id in await desk.slots()
            except AgentUnreachable:  # the killed one's address
                return False

        await eventually(another)
        assert int((tmp_path / "pools" / LOCAL_POOL / "init.lock").read_text()) != pid


def orchestrator(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator"],
        cwd=ROOT,
        env={**os.environ, "FLOTILLA_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )


def sentence(outcome: subprocess.CompletedProcess[str]) -> str:
    assert outcome.returncode == 1
    lines = [line for line in outcome.stderr.splitlines() if line]
    assert len(lines) == 1, outcome.stderr
    return lines[0]


async def test_a_second_one_is_refused_in_one_sentence(tmp_path: Path, desk: Desk) -> None:
    with control_plane(tmp_path) as process:
        assert f"Another Flotilla (process {process.pid}) runs in" in sentence(orchestrator(tmp_path))


def test_bad_luck_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert "pool_slots" in sentence(orchestrator(tmp_path, FLOTILLA_ORCH_POOL_SLOTS="many"))
    (tmp_path / "flotilla.db").write_bytes(b"this is no database" * 99)
    assert "The database cannot be used" in sentence(orchestrator(tmp_path))
    (tmp_path / "secrets.json").write_text("{")
    assert "secrets.json is damaged" in sentence(orchestrator(tmp_path))
    (tmp_path / "file").touch()
    assert "cannot be used" in sentence(orchestrator(tmp_path / "file" / "below"))


async def test_after_everything_died_no_bot_is_said_to_run(tmp_path: Path, desk: Desk) -> None:
    """As after a power cut: until its pool is back, a bot that ran is pending."""
    with control_plane(tmp_path) as process:
        await desk.add_user()
        bot_id = await desk.create("one")

        async def runs() -> bool:
            return await desk.states() == {bot_id: "running"}

        await eventually(runs)
        process.kill()
        process.wait(60)
    await desk.driver.stop(LOCAL_POOL, graceful=False)
    (tmp_path / "pools" / LOCAL_POOL / "fail").touch()
    with control_plane(tmp_path):
        assert await desk.states() == {bot_id: "pending"}
        assert await desk.pool_state() != "ready"
        (tmp_path / "pools" / LOCAL_POOL / "fail").unlink()
        await eventually(runs)
