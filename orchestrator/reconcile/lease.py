"""Holds a lease for a loop: takes it, renews it in good time, and knows by its own clock when it ran out."""

import time

from loguru import logger

from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.kit.leases import Lease
from orchestrator.pools import leases


class LeaseKeeper:
    def __init__(self, database: Database, name: str, holder: str, seconds: float) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._seconds = seconds
        self._lease: Lease | None = None
        self._until = float("-inf")

    def held(self) -> bool:
        """We may act now; told by the monotonic clock from before the last renewal."""
        return self._lease is not None and time.monotonic() < self._until

    async def hold(self) -> bool:
        """Takes or renews the lease where that is due; True where we hold it."""
        if self.held() and self._until - time.monotonic() > self._seconds * 2 / 3:
            return True
        asked_at = time.monotonic()
        before = self._lease
        async with self._database.unit_of_work() as session:
            now = utc_now()
            if before is not None:
                self._lease = await leases.renew(session, before, now, self._seconds)
            if before is None or self._lease is None:
                self._lease = await leases.take(session, self._name, self._holder, now, self._seconds)
        if (before is None) != (self._lease is None):
            logger.info("lease {} {}", self._name, "taken" if self._lease else "is held by another control plane")
        self._until = asked_at + self._seconds if self._lease is not None else float("-inf")
        return self.held()

    async def release(self) -> None:
        """Lets another control plane in at once."""
        if self._lease is not None:
            async with self._database.unit_of_work() as session:
                await leases.release(session, self._lease, utc_now())
            self._lease, self._until = None, float("-inf")
