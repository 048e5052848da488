"""Pools that live although the database knows no such pool: a backup from before they were made was restored, say.

Their bots trade on, and may belong to another pool by what the database says. They are told to administrators and left
alone; what they run is not started a second time anywhere while they live (`held`). Where a stray does not tell what it
runs, that may be any bot from before it was found; where a driver has not told yet which pools there are, any at all.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.bots.repository import DesiredRow
from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.kit.clock import utc_now
from orchestrator.pools import service
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.drivers import DriverUnavailable, PoolDriver

_SECONDS = 30.0
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Stray:
    """A living pool without a row."""

    pool_id: str
    found_at: datetime
    bots: frozenset[str] | None
    """Those that have a slot in it; None where its agent does not tell."""


class Strays:
    """Run `run` as one task of the leader. `drivers` by the name that a pool's row has."""

    def __init__(self, database: Database, drivers: Mapping[str, PoolDriver], agents: AgentDirectory) -> None:
        self._database = database
        self._drivers = drivers
        self._agents = agents
        self._found: dict[str, dict[str, Stray]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                logger.error("which pools nobody knows cannot be told, again soon: {}", error)
            known = self._found.keys() == self._drivers.keys()
            await asyncio.sleep(_SECONDS if known else _RETRY_SECONDS)

    async def look(self) -> None:
        """What cannot be looked at stays as it was seen last. Raises SQLAlchemyError."""
        for name, driver in self._drivers.items():
            try:
                living = await driver.list()
            except DriverUnavailable as error:
                logger.debug("driver {} does not tell its pools: {}", name, error)
                continue
            async with self._database.read() as session:
                known = {pool.id for pool in await service.every(session)}
            before = self._found.get(name, {})
            found = [
                await self._look_at(driver, pool_id, before.get(pool_id)) for pool_id in living if pool_id not in known
            ]
            self._found[name] = {stray.pool_id: stray for stray in found if stray is not None}

    def held(self, rows: Sequence[DesiredRow]) -> frozenset[str]:
        """Bots that must not be started where they have no slot yet, for one may run in a stray."""
        if self._found.keys() != self._drivers.keys():
            return frozenset(row.bot.id for row in rows)
        strays = [stray for found in self._found.values() for stray in found.values()]
        return frozenset(row.bot.id for row in rows for stray in strays if _may_run(stray, row))

    def problems(self, driver: str) -> list[str]:
        """For administrators, in sentences."""
        return [_problem(stray) for stray in self._found.get(driver, {}).values()]

    async def _look_at(self, driver: PoolDriver, pool_id: str, before: Stray | None) -> Stray | None:
        if not (await driver.observe(pool_id)).alive:
            return None
        bots = None if before is None else before.bots
        try:
            agent = await self._agents.agent_for(pool_id)
            bots = frozenset(slot.bot_id for slot in await agent.slots(snapshots=False))
        except Error as error:
            logger.debug("pool {}, which nobody knows, does not tell its bots: {}", pool_id, error.message)
        if before is None:
            logger.error("pool {} lives, but the database knows no such pool", pool_id)
        return Stray(pool_id, utc_now() if before is None else before.found_at, bots)


def _may_run(stray: Stray, row: DesiredRow) -> bool:
    return row.bot.created_at < stray.found_at if stray.bots is None else row.bot.id in stray.bots


def _problem(stray: Stray) -> str:
    runs = "has bots" if stray.bots is None else f"has {len(stray.bots)} bots"
    return (
        f"The pool {stray.pool_id} lives here, but the database, restored from an older backup perhaps, knows no such "
        f"pool. It {runs} that may trade; what it runs is not started elsewhere while it lives. Restore a newer backup "
        "or end it by hand (docker stop), which leaves its trades on its volume."
    )
