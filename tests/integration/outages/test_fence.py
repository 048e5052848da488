"""Nothing that a former leader still sends to the broker is done, whenever it wakes. The broker is real, its daemon is
not there: what passes the fence is told that Docker does not answer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import text

from orchestrator.__main__ import ControlPlane
from orchestrator.broker.__main__ import bind
from orchestrator.broker.contract import PaperSpec, PoolSpec, RefusalCode, Refused
from orchestrator.broker.pools import Pools
from orchestrator.broker.server import Broker
from orchestrator.broker.settings import BrokerSettings
from orchestrator.db.engine import Database
from orchestrator.leader.lock import LeaderLock, NotLeading, Timing
from orchestrator.pools.drivers import DriverUnavailable, PoolObservation
from orchestrator.pools.drivers.broker_client import BrokerClient, Leads
from orchestrator.pools.drivers.docker import DockerDriver
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings
from tests.databases import PostgresServer
from tests.support import eventually

SPEC = PoolSpec(tenant_id=None, image="i", slots_total=1, settings={}, agent_token=SecretStr("t"))
Act = Callable[[BrokerClient], Awaitable[object]]
ACTS: dict[str, Act] = {
    "ensure": lambda broker: broker.ensure("pool-a", SPEC),
    "stop": lambda broker: broker.stop("pool-a", 1),
    "remove": lambda broker: broker.remove("pool-a"),
    "purge": lambda broker: broker.purge("pool-a"),
    "paper": lambda broker: broker.ensure_paper(PaperSpec(image="i", symbols=20)),
    "no paper": lambda broker: broker.remove_paper(),
}


class Site:
    """A broker, and control planes that talk to it."""

    def __init__(self, directory: Path) -> None:
        self._settings = BrokerSettings(docker_host=f"unix://{directory}/no-daemon.sock", socket=directory / "b.sock")
        self._runner: web.AppRunner | None = None
        self._clients: list[BrokerClient] = []

    async def start(self) -> None:
        self._runner = web.AppRunner(Broker(self._settings).application(), shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, bind(self._settings.socket, 0o600, None)).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def client(self) -> BrokerClient:
        self._clients.append(BrokerClient(self._settings.socket))
        return self._clients[-1]

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.stop()


class Plane:
    """Leads until it is deposed."""

    def __init__(self, site: Site) -> None:
        self.broker = site.client()
        self.leading = True
        self.asked = 0

    async def leads(self) -> bool:
        self.asked += 1
        return self.leading


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    await made.start()
    yield made
    await made.aclose()


async def passes(act: Act, plane: Plane) -> bool:
    """False where the fence holds it."""
    with pytest.raises(Refused) as told:
        await act(plane.broker)
    assert told.value.refusal.code in (RefusalCode.DEPOSED, RefusalCode.DOCKER_UNREACHABLE)
    return told.value.refusal.code is RefusalCode.DOCKER_UNREACHABLE


async def led(site: Site) -> Plane:
    plane = Plane(site)
    await plane.broker.lead(plane.leads)
    return plane


async def deposed(site: Site) -> tuple[Plane, Plane]:
    """A former leader that does not know it, and its successor, which has done nothing yet but begin."""
    former = await led(site)
    assert await passes(ACTS["stop"], former)
    successor = await led(site)
    former.leading = False
    return former, successor


@pytest.mark.parametrize("name", ACTS)
async def test_a_former_leader_does_nothing_any_more(site: Site, name: str) -> None:
    former, successor = await deposed(site)
    assert not await passes(ACTS[name], former)
    assert await passes(ACTS[name], successor)
    assert not await passes(ACTS[name], former)


async def test_it_is_told_as_what_it_is(site: Site) -> None:
    former, _ = await deposed(site)
    with pytest.raises(DriverUnavailable, match="leads no more"):
        await DockerDriver(former.broker, "image").stop("pool-a", graceful=True)


async def test_looking_and_mending_is_for_everybody(site: Site) -> None:
    former, _ = await deposed(site)
    assert await passes(lambda broker: broker.pool("pool-a"), former)
    assert await passes(lambda broker: broker.mend("pool-a"), former), "which is nobody's decision"


async def test_a_broker_that_was_started_anew_knows_who_leads(site: Site) -> None:
    former, successor = await deposed(site)
    await site.stop()
    await site.start()
    assert not await passes(ACTS["remove"], former)
    assert await passes(ACTS["remove"], successor)


async def test_a_term_that_is_given_too_late_is_not_used(site: Site) -> None:
    """Its bearer stood still between the question whether it leads and the request."""
    former, successor = await deposed(site)
    answers = iter([True, False])

    async def stood_still() -> bool:
        return next(answers)

    with pytest.raises(Refused, match="leads no more"):
        await former.broker.lead(stood_still)
    assert await passes(ACTS["remove"], successor), "which asks for another one"


async def test_of_two_that_lead_none_is_locked_out(site: Site) -> None:
    """Two databases, one restored from the other, say: that is wrong, but no reason to leave either's pools alone."""
    one, other = await led(site), await led(site)
    for _ in range(3):
        assert await passes(ACTS["stop"], one)
        assert await passes(ACTS["stop"], other)


async def test_a_leader_asks_once(site: Site) -> None:
    plane = await led(site)
    before = plane.asked
    await plane.broker.lead(plane.leads)
    assert await passes(ACTS["stop"], plane)
    assert plane.asked == before, "the database is in no call's way"


async def test_what_waited_behind_another_act_is_refused_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, stopping, done = threading.Event(), threading.Event(), list[str]()

    def stop(_: Pools, pool_id: str, __: int) -> None:
        stopping.set()
        gate.wait(60)
        done.append(f"stop {pool_id}")

    monkeypatch.setattr(Pools, "stop", stop)
    monkeypatch.setattr(Pools, "remove", lambda _, pool_id: done.append(f"remove {pool_id}"))
    monkeypatch.setattr(Pools, "purge", lambda _, pool_id: done.append(f"purge {pool_id}"))
    former = await led(site)
    begun = asyncio.create_task(former.broker.stop("pool-a", 1))
    await asyncio.to_thread(stopping.wait, 60)
    waiting = asyncio.create_task(former.broker.purge("pool-a"))
    await former.broker.remove("pool-b")  # sent after it on a connection of its own, and answered
    successor = await led(site)
    former.leading = False
    removing = asyncio.create_task(successor.broker.remove("pool-a"))
    gate.set()
    await asyncio.gather(begun, removing)
    with pytest.raises(Refused, match="leads no more"):
        await waiting
    assert done == ["remove pool-b", "stop pool-a", "remove pool-a"]


async def test_by_postgresql(site: Site, postgres: PostgresServer) -> None:
    """The former leader's clock still says that it leads: the server gave its lock to another one."""
    database = Database(postgres.empty(), connections=3, statement_seconds=5)
    former, successor = Plane(site), Plane(site)
    try:
        async with LeaderLock(database.url, Timing()) as one, LeaderLock(database.url, Timing()) as other:
            assert await one.acquire()
            await former.broker.lead(proof(database, one))
            async with database.unit_of_work() as session:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                await (await session.connection()).execute(
                    text(ended + " AND mode = 'ExclusiveLock' AND pid <> pg_backend_pid()")
                )
            await eventually(other.acquire, message="another one leads")
            assert one.leading(), "it cannot know yet"
            await successor.broker.lead(proof(database, other))
            assert not await passes(ACTS["purge"], former)
            assert await passes(ACTS["purge"], successor)
    finally:
        await database.close()
        postgres.drop(database.url)


def proof(database: Database, lock: LeaderLock) -> Leads:
    async def leads() -> bool:
        try:
            async with database.guarded(lock.guard).unit_of_work():
                return lock.leading()
        except NotLeading:
            return False

    return leads


class FencedProcesses(ProcessDriver):
    """Tells what is asked of it, in order."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, module="tests.fakes.fake_pool")
        self.told: list[str] = []
        self.away = 1

    async def lead(self, leads: Leads) -> None:
        self.told.append("lead")
        if self.away:
            self.away -= 1
            raise DriverUnavailable("Nobody answers.")
        assert await leads()
        self.told.append("led")

    async def observe(self, pool_id: str) -> PoolObservation:
        self.told.append("observe")
        return await super().observe(pool_id)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_term_begins_with_it_and_tries_again(tmp_path: Path, postgres: PostgresServer, shared: bool) -> None:
    driver = FencedProcesses(tmp_path / "pools")
    url = postgres.empty() if shared else None
    settings = OrchestratorSettings(home=tmp_path, paper_exchange=False, gateway=False, database_url=url)
    control = ControlPlane(settings, drivers={"process": driver})
    await control.start()
    try:
        await eventually(lambda: driver.told, message="a term begins")
        assert driver.told[0] == "lead", "before anything is looked at or decided"
        await eventually(lambda: "led" in driver.told, message="it is tried again")
    finally:
        await control.stop(pools=True)
        if url is not None:
            postgres.drop(url)
