"""Periodic jobs, by APScheduler. Only the leader runs them: two schedulers would run each job twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from loguru import logger

from orchestrator.kit.clock import utc_now

_FIRST_SECONDS = 60
"""How long after the start a job runs first: soon, or frequent restarts would put it off for ever."""
_JITTER_SHARE = 10


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    """What it does, as the middle of a sentence: `events that are too old are forgotten`."""
    every_seconds: int
    act: Callable[[], Awaitable[None]]


async def run_jobs(jobs: Sequence[Job], first_seconds: float = _FIRST_SECONDS) -> None:
    """Until cancelled. A job that is still running when it is due again is left alone; runs that were missed (the
    process stood still) become one. One that fails is told, and runs again when it is due; what runs when all is
    cancelled is cancelled, too."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    running: set[asyncio.Task[None]] = set()

    async def act(job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await job.act()
        except Exception:  # boundary of a job: the next run makes up for this one
            logger.exception("{}: failed", job.name)
        finally:
            running.discard(task)

    for job in jobs:
        scheduler.add_job(
            act,
            "interval",
            args=[job],
            name=job.name,
            seconds=job.every_seconds,
            jitter=job.every_seconds // _JITTER_SHARE or None,
            next_run_time=utc_now() + timedelta(seconds=first_seconds),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    scheduler.start()
    try:
        await asyncio.Event().wait()
    finally:
        scheduler.shutdown(wait=False)
        tasks = list(running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
