"""A control plane's parts on a SQLite file, without pools: fakes stand in for agents."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from orchestrator.audit.ledger import SEAL_KEY
from orchestrator.audit.seal import SealKey
from orchestrator.bots import service
from orchestrator.bots.models import BotModel
from orchestrator.bots.repository import BotView
from orchestrator.db.engine import Database
from orchestrator.events.bus import Message
from orchestrator.events.in_process import InProcessBus
from orchestrator.intake.collector import Intake
from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import PoolModel
from orchestrator.reconcile.loop import Reconciler
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.spec import BotRequest, BotSpec, resolve
from orchestrator.users.models import UserModel
from tests.databases import new_sqlite
from tests.fakes.fake_agent import FakeAgent
from tests.fakes.signed_in import session_of

OWNER = "user-one"


KEY = "k" * 64
"""Signs access tokens and seals the audit."""


_catalogue = functools.cache(Catalogue.load)


class Rig:
    """Database, bus, catalogue and a directory of fake agents."""

    def __init__(self, home: Path, **settings: Any) -> None:
        quick: dict[str, Any] = {
            "reconcile_interval_seconds": 0.1,
            "agent_silence_seconds": 20,  # a busy machine is no silence, and an action that is late no lost one
            "action_seconds": 20,
            "pools_maximum": 1,  # so that none are made but by tests that want it
        }
        self.settings = OrchestratorSettings(home=home, **quick | settings)
        self.database = Database(self.settings.url, info={SEAL_KEY: SealKey.of(KEY)})
        self.bus = InProcessBus()
        self.fakes: dict[str, FakeAgent] = {}
        self.agents = AgentDirectory(self._endpoint)
        self.catalogue = _catalogue(self.settings.templates_directory)

    async def _endpoint(self, pool_id: str) -> AgentEndpoint | None:
        return self.fakes[pool_id].endpoint if pool_id in self.fakes else None

    async def add_user(self, user_id: str = OWNER) -> None:
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=user_id, username=user_id, password_hash="-", role="trader", created_at=utc_now()))
            await session.flush()
            session.add(session_of(user_id))

    async def add_pool(self, fake: FakeAgent, tenant_id: str | None = OWNER) -> None:
        self.fakes[fake.pool_id] = fake
        if fake.endpoint is None:
            await fake.start()
        async with self.database.unit_of_work() as session:
            session.add(
                PoolModel(
                    id=fake.pool_id,
                    node="local",
                    driver="fake",
                    tenant_id=tenant_id,
                    slots_total=fake.slots_total,
                    desired_state="running",
                    observed_state="ready",
                    conditions=[],
                    created_at=utc_now(),
                )
            )

    def spec(self, name: str = "one", **changes: Any) -> BotSpec:
        template = self.catalogue.all()[0]
        return resolve(template, BotRequest(name=name, template=template.name, **changes))

    async def create(self, name: str = "one", owner_id: str = OWNER, **options: Any) -> BotModel:
        async with self.database.unit_of_work() as session:
            bot, _ = await service.create(session, owner_id, self.spec(name), **options)
        await self.hint()
        return bot

    async def want(self, bot_id: str, desired: Any, open_trades: Any = "keep") -> None:
        async with self.database.unit_of_work() as session:
            await service.set_desired(session, None, bot_id, desired, open_trades)
        await self.hint()

    async def hint(self) -> None:
        await self.bus.publish("hints", "reconcile", {})

    async def view(self, bot_id: str) -> BotView:
        async with self.database.read() as session:
            return await service.get(session, None, bot_id)

    async def state(self, bot_id: str) -> str:
        return (await self.view(bot_id)).status.observed_state

    async def row(self, bot_id: str) -> BotModel:
        async with self.database.read() as session:
            bot = await session.get(BotModel, bot_id)
        assert bot is not None
        return bot

    def reconciler(self, leading: Callable[[], bool] = lambda: True) -> Reconciler:
        return Reconciler(self.database, self.bus, self.agents, self.catalogue, self.settings, leading)

    @contextlib.asynccontextmanager
    async def running(self, *, intake: bool = False) -> AsyncIterator[Reconciler]:
        """With the reconciler (and intake) at work; cancelled at the end, as a dying control plane's would be."""
        reconciler = self.reconciler()
        tasks = [asyncio.create_task(reconciler.run())]
        if intake:
            tasks.append(asyncio.create_task(Intake(self.database, self.bus, self.agents).run()))
        try:
            yield reconciler
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def tasks(self, *work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """With these at work meanwhile."""
        running = [asyncio.create_task(one) for one in work]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def listening(self, topic: str) -> AsyncIterator[list[Message]]:
        """What is published on a topic meanwhile."""
        heard: list[Message] = []
        subscription = self.bus.subscribe(topic)

        async def listen() -> None:
            async for message in subscription:
                assert isinstance(message, Message)
                heard.append(message)

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await subscription.aclose()

    async def close(self) -> None:
        for fake in self.fakes.values():
            await fake.stop()
        await self.agents.aclose()
        await self.database.close()


@contextlib.asynccontextmanager
async def rig_at(home: Path, **settings: Any) -> AsyncIterator[Rig]:
    """A fresh one with one user; a `database_url` is that of a migrated database."""
    if "database_url" not in settings:
        await new_sqlite(home / "flotilla.db")
    rig = Rig(home, **settings)
    await rig.add_user()
    try:
        yield rig
    finally:
        await rig.close()


def kinds(messages: list[Message], kind: str) -> list[dict[str, Any]]:
    return [message.body for message in messages if message.kind == kind]
