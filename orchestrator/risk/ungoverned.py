"""Bots of pools that are older than the universal rules say so: nobody asks them before they open risk."""

from orchestrator.bots.announce import announce
from orchestrator.bots.observe import observe
from orchestrator.bots.status import ConditionCleared, ConditionSet, Observation
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from orchestrator.risk.board import Board
from pool.contract.slots import ConditionType

_MESSAGE = (
    "Its pool is older than the universal rules: limits, halts and leases do not reach it. Roll the pool out anew."
)


class Ungoverned:
    """Remembers of which bots it told what, so that it writes only what changed."""

    def __init__(self, database: Database, bus: Bus, board: Board) -> None:
        self._database = database
        self._bus = bus
        self._board = board
        self._told: dict[str, bool] = {}

    async def tell(self) -> None:
        """Raises SQLAlchemyError, OSError or NotLeading."""
        now = utc_now()
        found: list[Observation] = []
        wanted: dict[str, bool] = {}
        for bot in self._board.world.bots.values():
            pool = self._board.pools.get(bot.pool_id or "")
            if pool is None or not (pool.outdated or pool.answered_at is not None):
                continue
            wanted[bot.bot_id] = pool.outdated
            if self._told.get(bot.bot_id) == pool.outdated:
                continue
            if pool.outdated:
                found.append(ConditionSet(bot.bot_id, now, ConditionType.UNGOVERNED, _MESSAGE))
            else:
                found.append(ConditionCleared(bot.bot_id, now, ConditionType.UNGOVERNED))
        if found:
            async with self._database.unit_of_work() as session:
                changes = await observe(session, found)
            await announce(self._bus, changes)
        self._told = {**self._told, **wanted}
