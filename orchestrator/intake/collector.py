"""Intake: one task per pool follows its event stream from the stored cursor and writes what comes.

What people wait for (states, trades) is written at once, at most some ten times a second; snapshots and memory readings
wait for each other, about a second. What bots ask before they open risk is written nowhere: a listener hears it at
once. Whatever fails, the stream is read again from the stored cursor: an event may come twice and is stored once; a
lost slot or snapshot is followed by the next. A fact that no database takes is left out.
"""

import asyncio
import contextlib
import time

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.actions.tally import Tally
from orchestrator.bots.refused import tell_refused
from orchestrator.db.engine import Database
from orchestrator.db.sifting import is_about_data, sift
from orchestrator.errors import Error
from orchestrator.events.bus import Bus
from orchestrator.intake.batch import Batch, Taken
from orchestrator.intake.listener import RiskListener
from orchestrator.intake.publish import publish
from orchestrator.intake.store import store
from orchestrator.kit.backoff import Backoff
from orchestrator.pools import service as pools_service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.portfolio.service import PortfolioService
from pool.contract.events import ReserveItem, ResetItem, SettleItem, SnapshotItem, StreamItem

_BACKOFF = Backoff(first_seconds=0.25, limit_seconds=5)
_FLUSH_SECONDS = 1.0
_URGENT_SECONDS = 0.1
_POOLS_SECONDS = 2.0


class Intake:
    """Run `run` as one task."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        agents: AgentDirectory,
        listener: RiskListener | None = None,
        tally: Tally | None = None,
        portfolio: PortfolioService | None = None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._agents = agents
        self._listener = listener
        self._tally = tally
        self._portfolio = portfolio
        self._collectors: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self._spawn_collectors()
                except (SQLAlchemyError, OSError) as error:
                    logger.error("intake cannot use the database, it will try again: {}", error)
                await asyncio.sleep(_POOLS_SECONDS)
        finally:
            for task in self._collectors.values():
                task.cancel()
            await asyncio.gather(*self._collectors.values(), return_exceptions=True)

    async def _spawn_collectors(self) -> None:
        async with self._database.read() as session:
            pools = await pools_service.every(session)
        for gone in self._collectors.keys() - {pool.id for pool in pools}:
            collecting = self._collectors.pop(gone)
            collecting.cancel()
            await asyncio.gather(collecting, return_exceptions=True)
        for pool in pools:
            if pool.id not in self._collectors:
                collector = Collector(
                    pool.id, self._database, self._bus, self._agents, self._listener, self._tally, self._portfolio
                )
                self._collectors[pool.id] = asyncio.create_task(collector.run(), name=f"intake-{pool.id}")


class Collector:
    """Reads one pool's stream."""

    def __init__(
        self,
        pool_id: str,
        database: Database,
        bus: Bus,
        agents: AgentDirectory,
        listener: RiskListener | None = None,
        tally: Tally | None = None,
        portfolio: PortfolioService | None = None,
    ) -> None:
        self._pool_id = pool_id
        self._database = database
        self._bus = bus
        self._agents = agents
        self._listener = listener
        self._tally = tally
        self._portfolio = portfolio
        self._heard = False

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            self._heard = False
            try:
                await self._follow()
            except Error as error:
                logger.debug("the event stream of {} ended: {}", self._pool_id, error.message)
            except (SQLAlchemyError, OSError) as error:
                logger.error("what {} tells cannot be stored, it will be asked again: {}", self._pool_id, error)
            except Exception:  # a task's boundary: whatever one pool says, the next attempt must come
                logger.exception("intake of {} failed", self._pool_id)
            failures = 0 if self._heard else failures + 1
            await asyncio.sleep(_BACKOFF.delay_seconds(max(failures, 1)))

    async def _follow(self) -> None:
        """Reads and writes side by side until either fails."""
        async with self._database.read() as session:
            cursor = await pools_service.cursor(session, self._pool_id)
        agent = await self._agents.agent_for(self._pool_id)
        batch = Batch()

        async def read() -> None:
            try:
                async with contextlib.aclosing(agent.events(cursor)) as items:
                    async for item in items:
                        self._heard = True
                        if isinstance(item, ResetItem) and cursor is not None:
                            logger.warning("pool {} tells anew from another point of its stream", self._pool_id)
                        await self._hear(item)
                        await batch.add(item)
            finally:
                batch.close()

        reader = asyncio.create_task(read(), name=f"read-{self._pool_id}")
        writer = asyncio.create_task(self._write(batch), name=f"write-{self._pool_id}")
        try:
            await asyncio.wait({writer})  # ends when it fails, or has written the rest after the reader
        finally:
            for task in (reader, writer):
                task.cancel()
            outcomes = await asyncio.gather(reader, writer, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _hear(self, item: StreamItem) -> None:
        if self._listener is None:
            return
        try:
            match item:
                case ReserveItem():
                    await self._listener.reserve(self._pool_id, item)
                case SettleItem():
                    await self._listener.settle(self._pool_id, item)
                case SnapshotItem():
                    await self._listener.snapshot(self._pool_id, item)
        except Exception:  # the boundary to another task's code: a request that it fails on goes unanswered
            logger.exception("what bot {} told was not heard", getattr(item, "bot_id", ""))

    async def _write(self, batch: Batch) -> None:
        written_at = float("-inf")
        while True:
            await batch.filled()
            if batch.closed:
                await self._flush(batch)
                return
            since = time.monotonic() - written_at
            await asyncio.sleep(max(_URGENT_SECONDS - since, 0))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(_FLUSH_SECONDS - since - _URGENT_SECONDS, 0)):
                    await batch.urgent()
            written_at = time.monotonic()
            await self._flush(batch)

    async def _flush(self, batch: Batch) -> None:
        taken = batch.take()
        if not (taken.events or taken.slots or taken.snapshots or taken.cursor):
            return
        try:
            await self._store(taken)
        except Exception as error:
            if not is_about_data(error):
                raise
            await self._store_what_can_be(taken)

    async def _store(self, taken: Taken) -> None:
        async with self._database.unit_of_work() as session:
            stored = await store(session, self._pool_id, taken)
        if self._tally is not None:
            self._tally.count(stored.told)
        if self._portfolio is not None:
            self._portfolio.heard(stored.reported, stored.at)
        await publish(self._bus, stored)

    async def _store_what_can_be(self, taken: Taken) -> None:
        """What one bot tells must not hold up the others: it is left out. The cursor moves on behind all of it."""
        refused = await sift(taken.pieces(), lambda pieces: self._store(Taken.of(pieces)))
        await tell_refused(self._database, self._bus, {piece.bot_id: error for piece, error in refused})
        await self._store(Taken(taken.cursor))
