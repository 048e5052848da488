"""Forgets events that are too old: looked for by readers, which hold up nobody, and deleted in small units of work
between which others can write."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from orchestrator.bots.models import BotEventModel
from orchestrator.db.engine import Database

_CHUNK = 2000


async def forget_events(database: Database, before: datetime, chunk: int = _CHUNK) -> int:
    """Deletes events that happened before then; answers how many. Raises SQLAlchemyError; what was deleted by then
    stays deleted."""
    forgotten = 0
    while True:
        query = select(BotEventModel.number).where(col(BotEventModel.at) < before)
        query = query.order_by(col(BotEventModel.at)).limit(chunk)
        async with database.read() as session:
            numbers = (await session.exec(query)).all()
        if not numbers:
            return forgotten
        async with database.unit_of_work() as session:
            await session.exec(delete(BotEventModel).where(col(BotEventModel.number).in_(numbers)))
        forgotten += len(numbers)
