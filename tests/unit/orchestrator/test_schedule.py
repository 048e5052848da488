"""Periodic jobs: each by itself, never twice at a time, gone when the leader is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from orchestrator.kit.schedule import Job, run_jobs
from tests.support import eventually


@contextlib.asynccontextmanager
async def scheduled(*jobs: Job) -> AsyncIterator[None]:
    running = asyncio.create_task(run_jobs(jobs, first_seconds=0))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_job_that_fails_or_hangs_keeps_no_other_from_running() -> None:
    runs: list[str] = []

    async def fail() -> None:
        runs.append("fail")
        raise RuntimeError("a job broke")

    async def hang() -> None:
        runs.append("hang")
        await asyncio.Event().wait()

    async def work() -> None:
        runs.append("work")

    async with scheduled(Job("fails", 1, fail), Job("hangs", 1, hang), Job("works", 1, work)):
        await eventually(lambda: runs.count("work") >= 3 and runs.count("fail") >= 3)
    assert runs.count("hang") == 1, "it is still running"


async def test_what_runs_ends_with_the_schedule_and_nothing_runs_later() -> None:
    state: list[str] = []

    async def long() -> None:
        state.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            state.append("ended")

    async with scheduled(Job("long", 1, long)):
        await eventually(lambda: state)
    assert state == ["began", "ended"]
