"""Tells administrators what keeps bots from an exchange: a ban, a breaker that stays open, a gateway that is away."""

import asyncio
import time
from collections.abc import Callable

from loguru import logger
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from orchestrator.bots.announce import announce_alert
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchanges.alarms import Alarm, Alarms
from orchestrator.exchanges.traffic import Traffic
from orchestrator.push import outbox
from orchestrator.users.models import UserModel
from orchestrator.users.service import ADMIN

EVERY_SECONDS = 5.0
_NAME = "Exchanges"


class TrafficTask:
    """Run `run` as a task of the leader; `look` is one look."""

    def __init__(
        self, database: Database, bus: Bus, traffic: Traffic, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._bus = bus
        self._traffic = traffic
        self._clock = clock
        self._alarms = Alarms()
        self._untold: list[Alarm] = []

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                logger.error("what exchanges refuse cannot be told: {}", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """What cannot be told now is told later. Raises SQLAlchemyError, OSError."""
        self._untold += self._alarms.due(await self._traffic.look(), self._clock())
        if not self._untold:
            return
        query = select(UserModel.id).where(col(UserModel.role) == ADMIN, col(UserModel.deactivated_at).is_(None))
        async with self._database.unit_of_work() as session:
            admins = (await session.exec(query)).all()
            alerts = [(admin, "", _NAME, alarm.type, alarm.message) for admin in admins for alarm in self._untold]
            await outbox.queue(session, [outbox.of_alert(*alert) for alert in alerts])
        for alarm in self._untold:
            logger.warning("{}", alarm.message)
        self._untold = []
        for alert in alerts:
            await announce_alert(self._bus, *alert)
