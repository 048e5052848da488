"""`python -m tests.fakes.candidate URL NAME`: wants to lead and, while it does, acts as often as it can.

An act is a row in `acts`, written in a unit of work as the leader's are.
"""

import asyncio
import sys

from sqlalchemy import text

from orchestrator.db.engine import Database
from orchestrator.leader.election import LockLeadership

_ACT = text("INSERT INTO acts (who) VALUES (:who)")


async def run(url: str, name: str) -> None:
    leadership = LockLeadership(url)
    database = Database(url, connections=2, statement_seconds=5).guarded(leadership.guard)

    async def work() -> None:
        while True:
            async with database.unit_of_work() as session:
                await (await session.connection()).execute(_ACT, {"who": name})
            await asyncio.sleep(0.01)

    print("ready", flush=True)
    await leadership.run(work)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2]))
