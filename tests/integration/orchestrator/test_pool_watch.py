"""When a look at a pool calls the reconciler: for what may have to be acted upon, not for each second's figures."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.pools.client import AgentEndpoint
from orchestrator.pools.directory import AgentDirectory
from orchestrator.reconcile.watch import PoolWatch
from pool.contract.slots import Memory, ObservedState, Slot
from pool.contract.waking import WakingState
from tests.fakes.fake_agent import FakeAgent
from tests.support import eventually

BOT = "bot-a"
_LISTS = ("GET", "/v1/slots")


def _slot(bot_id: str = BOT) -> Slot:
    now = datetime.now(UTC)
    return Slot(
        bot_id=bot_id, epoch=1, observed_generation=1, desired="running", observed_state="running",
        trader_state="running", conditions=[], run_id="run-1", pid=4711, started_at=now, restarts=0, last_exit=None,
        memory=None, cpu_percent=None, last_report_at=None, snapshot=None,
    )  # fmt: skip


class Watched:
    """A watch of a fake agent with one bot, and how often it called."""

    def __init__(self, fake: FakeAgent) -> None:
        self.fake = fake
        self.calls = 0
        self.agents = AgentDirectory(self._endpoint)
        self.watch = PoolWatch(fake.pool_id, self.agents, 0.02, self._called)

    async def _endpoint(self, _: str) -> AgentEndpoint | None:
        return self.fake.endpoint

    def _called(self) -> None:
        self.calls += 1

    async def looks(self, more: int = 3) -> None:
        """Waits for that many listings from now on, each of which is over when the next one is asked for."""
        wanted = self.fake.calls.count(_LISTS) + more
        await eventually(lambda: self.fake.calls.count(_LISTS) >= wanted, message="listings")

    def alter(self, **changes: Any) -> None:
        self.fake.slots[BOT] = self.fake.slots[BOT].model_copy(update=changes)


@asynccontextmanager
async def _watched() -> AsyncIterator[Watched]:
    async with FakeAgent() as fake:
        fake.slots[BOT] = _slot()
        watched = Watched(fake)
        task = asyncio.create_task(watched.watch.run())
        try:
            await eventually(lambda: watched.calls == 1, message="the first look calls")
            yield watched
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await watched.agents.aclose()


async def test_what_each_second_changes_calls_nobody_but_is_seen() -> None:
    async with _watched() as watched:
        for second in range(3):
            watched.alter(
                last_report_at=datetime(2026, 11, 23, 12, 0, second, tzinfo=UTC),
                cpu_percent=Decimal(second),
                memory=Memory(pss_bytes=second, uss_bytes=second, rss_bytes=second),
                waking=WakingState(mode="on_need" if second % 2 else "loop", reasons=[], since=datetime.now(UTC)),
            )
            await watched.looks()
        assert watched.watch.sighting.slots[BOT].cpu_percent == Decimal(2)
        assert watched.calls == 1


_CHANGES: dict[str, Callable[[Watched], object]] = {
    "a state": lambda it: it.alter(observed_state=ObservedState.FAILED),
    "a restart": lambda it: it.alter(run_id="run-2"),
    "another bot": lambda it: it.fake.slots.update({"bot-b": _slot("bot-b")}),
    "no bot": lambda it: it.fake.slots.clear(),
    "a poke": lambda it: it.watch.poke(),
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
async def test_what_may_have_to_be_acted_upon_calls_once(change: Callable[[Watched], object]) -> None:
    async with _watched() as watched:
        change(watched)
        await eventually(lambda: watched.calls == 2, message="a call")
        await watched.looks()
        assert watched.calls == 2


async def test_an_agent_that_goes_and_one_that_comes_back_call() -> None:
    async with _watched() as watched:
        await watched.fake.stop()
        await eventually(lambda: watched.watch.sighting.problem and watched.calls > 1, message="a call that it is gone")
        await watched.fake.start()
        await eventually(lambda: watched.watch.sighting.problem is None, message="it is seen again")
        assert (called := watched.calls) >= 3
        await watched.looks()
        assert watched.calls == called  # nothing of it is left to tell
