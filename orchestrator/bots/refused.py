"""A bot of which something could not be written: its owner is told, and so is the log."""

from collections.abc import Mapping

from loguru import logger

from orchestrator.bots.announce import announce
from orchestrator.bots.observe import observe
from orchestrator.bots.status import ConditionSet
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.kit.clock import utc_now
from pool.contract.slots import ConditionType

_MESSAGE = "It reports what cannot be stored, which is left out; its strategy may be to blame, or its pool is outdated."


async def tell_refused(database: Database, bus: Bus, refused: Mapping[str, Exception]) -> None:
    """`refused` says of each bot why. Raises SQLAlchemyError."""
    now = utc_now()
    told = [ConditionSet(bot_id, now, ConditionType.REPORT_REFUSED, _MESSAGE) for bot_id in refused]
    async with database.unit_of_work() as session:
        changes = await observe(session, told)
    for change in changes:
        # Not the error's own text: it quotes what the bot said.
        logger.warning("bot {} reports what cannot be stored: {}", change.bot_id, type(refused[change.bot_id]).__name__)
    await announce(bus, changes)
