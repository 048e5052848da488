"""Puts the levels that the database has in force in this process, whether it leads or not."""

import asyncio

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.db.engine import Database
from orchestrator.kit import logs
from orchestrator.logging_levels import service

EVERY_SECONDS = 2.0


async def look(database: Database) -> None:
    """Raises SQLAlchemyError, OSError."""
    async with database.read() as session:
        levels = service.levels_of(await service.find(session))
    if logs.take(levels):
        others = "".join(f", {name} {level}" for name, level in sorted(levels.modules.items()))
        logger.warning("the log tells from here on: {}{}", levels.level, others)


async def watch(database: Database) -> None:
    """Until cancelled. While the database is away, the levels stay."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await look(database)
        except (SQLAlchemyError, OSError) as error:
            logger.debug("levels of the log cannot be looked up: {}", type(error).__name__)
        except Exception:  # a task's boundary: the next look must come
            logger.exception("levels of the log cannot be looked up")
