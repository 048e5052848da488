"""Writes what the reconciler sees and learns of bots. What one bot makes impossible to write is left out, so that it
holds up neither the others' rows nor what is to be done next."""

from collections.abc import Sequence

from orchestrator.bots import service
from orchestrator.bots.announce import announce
from orchestrator.bots.refused import tell_refused
from orchestrator.bots.status import Observation
from orchestrator.db.engine import Database
from orchestrator.db.sifting import sift
from orchestrator.events.bus import Bus


class StatusWriter:
    """Raises SQLAlchemyError, OSError or NotLeading where nothing can be written at all."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._unwritten: list[Observation] = []

    async def learned(self, fresh: Sequence[Observation]) -> None:
        """What actions did. It is seen once, so what could not be written (a full disk, say) is kept for the next
        time."""
        self._unwritten.extend(fresh)
        await self.seen(self._unwritten)
        self._unwritten.clear()

    async def seen(self, observations: Sequence[Observation]) -> None:
        """What will be seen again at the next look."""
        refused = await sift(observations, self._write)
        if refused:
            await tell_refused(self._database, self._bus, {one.bot_id: error for one, error in refused})

    async def _write(self, observations: Sequence[Observation]) -> None:
        async with self._database.unit_of_work() as session:
            changes = await service.observe(session, observations)
        await announce(self._bus, changes)
