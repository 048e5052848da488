"""What is rolled up and forgotten as time goes by: the leader's periodic jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loguru import logger
from sqlalchemy import delete
from sqlmodel import col

from orchestrator.actions.service import forget as forget_actions
from orchestrator.bots.models import IdempotencyModel
from orchestrator.bots.retention import forget_events
from orchestrator.bots.service import IDEMPOTENCY_LIFETIME
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.kit.schedule import Job
from orchestrator.portfolio import bot_history, history
from orchestrator.users import api_tokens, invitations, sessions
from orchestrator.users.models import RefreshTokenModel

_MINUTE = 60
_HOUR = 3600
_TOKENS_KEPT = timedelta(days=7)
"""After their end: the reuse of a spent token is still told from an unknown one."""


def jobs(database: Database, event_retention_days: int) -> Sequence[Job]:
    """Events of bots, and what their rules did, are kept for `event_retention_days`, 0 for ever."""

    async def equity() -> None:
        async with database.unit_of_work() as session:
            await history.maintain(session, utc_now())

    async def bots() -> None:
        await bot_history.maintain(database, utc_now())

    async def events() -> None:
        if event_retention_days:
            before = utc_now() - timedelta(days=event_retention_days)
            forgotten = await forget_events(database, before) + await forget_actions(database, before)
            logger.debug("{} events that were too old are forgotten", forgotten)

    return [
        Job("equity history is rolled up", _MINUTE, equity),
        Job("the history of bots is rolled up", _MINUTE, bots),
        Job("events that are too old are forgotten", _HOUR, events),
        Job("idempotency keys that are too old are forgotten", _HOUR, lambda: forget_keys(database)),
        Job(
            "sessions and tokens that ended are forgotten",
            _HOUR,
            lambda: forget_tokens(database, utc_now() - _TOKENS_KEPT),
        ),
    ]


async def forget_keys(database: Database) -> None:
    """Deletes answers that no repeated request is given any more."""
    async with database.unit_of_work() as session:
        before = utc_now() - IDEMPOTENCY_LIFETIME
        await session.exec(delete(IdempotencyModel).where(col(IdempotencyModel.created_at) < before))


async def forget_tokens(database: Database, before: datetime) -> None:
    """Deletes refresh tokens, sessions, API tokens and invitations that ended before then."""
    async with database.unit_of_work() as session:
        await session.exec(delete(RefreshTokenModel).where(col(RefreshTokenModel.expires_at) < before))
        await sessions.forget(session, before)
        await api_tokens.forget(session, before)
        await invitations.forget(session, before)
