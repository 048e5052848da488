"""One piece of work at a time, users in turn."""

import asyncio
import threading
from functools import partial

import pytest

from api.turns import Turns
from orchestrator.errors import TooManyRequests
from tests.support import eventually

WAIT_SECONDS = 60


class Work:
    """Notes what begins, and lasts until it is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._let_go = threading.Semaphore(0)

    def do(self, name: str) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.append(name)
        self._let_go.acquire(timeout=WAIT_SECONDS)
        self.at_once -= 1
        return name

    def let_go(self, times: int = 1) -> None:
        self._let_go.release(times)


async def started(work: Work, names: list[str]) -> None:
    await eventually(lambda: work.begun == names, WAIT_SECONDS)


def tasks(turns: Turns, work: Work, *names: str) -> list[asyncio.Task[str]]:
    """The first letter says whose it is."""
    return [asyncio.create_task(turns.run(name[0], partial(work.do, name))) for name in names]


async def test_users_come_in_turn_whatever_one_of_them_has_sent() -> None:
    turns, work = Turns(), Work()
    running = tasks(turns, work, "a1", "a2", "a3", "b1", "c1", "b2")
    await started(work, ["a1"])
    work.let_go(6)
    assert await asyncio.gather(*running) == ["a1", "a2", "a3", "b1", "c1", "b2"]
    assert work.begun == ["a1", "a2", "b1", "c1", "a3", "b2"]
    assert work.most_at_once == 1


async def test_who_sends_too_much_is_told_when_to_come_again_and_others_are_not() -> None:
    turns, work = Turns(most=3, most_of_one=2), Work()
    running = tasks(turns, work, "a1", "a2", "a3")
    await started(work, ["a1"])
    with pytest.raises(TooManyRequests) as refused:
        await turns.run("a", partial(work.do, "a4"))
    assert refused.value.params["retry_after_seconds"] > 0
    running += tasks(turns, work, "b1")
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await turns.run("c", partial(work.do, "c1"))
    work.let_go(4)
    await asyncio.gather(*running)
    assert work.begun == ["a1", "a2", "b1", "a3"]


async def test_who_goes_holds_nobody_up_and_what_he_began_is_waited_for() -> None:
    turns, work = Turns(), Work()
    one, two, three = tasks(turns, work, "a1", "b1", "c1")
    await started(work, ["a1"])
    one.cancel()
    two.cancel()
    await asyncio.gather(one, two, return_exceptions=True)
    assert work.begun == ["a1"], "its thread is at it still"
    work.let_go(2)
    assert await three == "c1"
    assert work.begun == ["a1", "c1"]
    work.let_go()
    assert await turns.run("d", partial(work.do, "d1")) == "d1"


async def test_what_the_work_raises_is_told_and_the_next_one_comes() -> None:
    turns = Turns()

    def fail() -> None:
        raise ValueError("no")

    outcomes = await asyncio.gather(*(turns.run("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ValueError] * 3
