"""What the leader knows in its memory, told to whoever answers for it: reservations, use of limits, leases.

One row per user, written when something in it changed, every two seconds at most. Its age says how current it is.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from loguru import logger
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.risk.board import Board, PoolStanding
from orchestrator.risk.facts import BotRow
from orchestrator.risk.models import RiskReadingModel

EVERY_SECONDS = 2.0
_REFRESH_SECONDS = 30.0
"""Unchanged ones are written so often, to show that they are current."""


class Readings:
    """Run `run` as a task."""

    def __init__(self, database: Database, board: Board, leading: Callable[[], bool]) -> None:
        self._database = database
        self._board = board
        self._leading = leading
        self._written: dict[str, tuple[float, dict[str, Any]]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._leading() and self._board.sure():
                try:
                    await self.write()
                except IntegrityError:  # a user went meanwhile
                    self._written.clear()
                except (SQLAlchemyError, OSError) as error:
                    logger.debug("readings of risk are not written: {}", error)
                except Exception:  # a task's boundary
                    logger.exception("readings of risk cannot be written")

    async def write(self) -> None:
        """Raises SQLAlchemyError, OSError or NotLeading."""
        now = asyncio.get_running_loop().time()
        due: dict[str, dict[str, Any]] = {}
        for user_id in self._board.world.owners():
            body = self.body(user_id)
            at, before = self._written.get(user_id, (float("-inf"), {}))
            if before != body or now - at >= _REFRESH_SECONDS:
                due[user_id] = body
        if not due:
            return
        async with self._database.unit_of_work() as session:
            for user_id, body in sorted(due.items()):
                await session.merge(RiskReadingModel(user_id=user_id, at=utc_now(), body=body))
        self._written.update((user_id, (now, body)) for user_id, body in due.items())

    def body(self, user_id: str) -> dict[str, Any]:
        """As JSON has it; money and ratios as decimal strings."""
        board, engine = self._board, self._board.engine
        bots = [bot for bot in board.world.bots.values() if bot.owner_id == user_id]
        return {
            "warming": engine.warming(user_id),
            "bots": {bot.bot_id: self._permission(bot) for bot in bots},
            "reservations": [
                {
                    "bot_id": bot_id,
                    "request_id": one.request.request_id,
                    "pair": one.request.pair,
                    "is_short": one.request.is_short,
                    "state": one.state,
                    "exposure": format(one.exposure, "f"),
                    "currency": one.request.stake_currency,
                    "at": one.request.at.isoformat(),
                }
                for bot_id, one in engine.reservations(user_id)
            ],
            "uses": [*self._limits(user_id, bots), *self._losses(user_id)],
        }

    def _limits(self, user_id: str, bots: list[BotRow]) -> list[dict[str, Any]]:
        return [
            {
                "limit": use.limit,
                "trading": trading,
                "subject": use.subject,
                "used": None if use.used is None else format(use.used, "f"),
                "allowed": format(use.allowed, "f"),
            }
            for trading, live in (("dry", False), ("live", True))
            if any(bot.live == live for bot in bots)
            for use in self._board.engine.uses(user_id, live=live)
        ]

    def _losses(self, user_id: str) -> list[dict[str, Any]]:
        return [
            {
                "limit": use.limit,
                "trading": use.trading,
                "subject": use.subject,
                "used": None if use.used is None else format(use.used, "f"),
                "allowed": format(use.allowed, "f"),
            }
            for use in (*self._board.losses.get(user_id, ()), *self._board.emergencies.get(user_id, ()))
        ]

    def _permission(self, bot: BotRow) -> dict[str, Any]:
        pool = self._board.pools.get(bot.pool_id or "", PoolStanding())
        standing = pool.bots.get(bot.bot_id)
        return {
            "number_taken": standing.number if standing is not None else None,
            "leased": standing is not None and standing.lease_left_seconds > 0,
            "mode": standing.mode.value if standing is not None and standing.mode is not None else None,
            "problem": pool.problem,
            "blocked": self._board.engine.blocked(bot.bot_id),
        }


async def read(session: AsyncSession, user_id: str) -> RiskReadingModel | None:
    """What was written last; None where nothing was yet."""
    return await session.get(RiskReadingModel, user_id)
