"""What was looked up a moment ago: for half a second, looked up anew in time, and forgotten at once."""

import asyncio
from collections.abc import Callable

import pytest

from orchestrator.errors import Unauthenticated
from orchestrator.kit.lately import FRESH_SECONDS, Lately


class _Rig:
    def __init__(self) -> None:
        self.now = 0.0
        self.value: str | Exception = "first"
        self.looks = 0
        self.open = asyncio.Event()
        self.open.set()
        self.lately: Lately[str, str] = Lately(lambda: self.now)

    async def get(self, key: str = "a") -> str:
        return await self.lately.get(key, self._look)

    async def settle(self) -> None:
        """Whatever can go on goes on."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def _look(self) -> str:
        self.looks += 1
        found = self.value
        await self.open.wait()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
async def rig() -> _Rig:
    return _Rig()


async def test_a_look_serves_for_half_a_second_from_its_begin_and_nothing_older_does(rig: _Rig) -> None:
    assert [await rig.get(), await rig.get()] == ["first", "first"]
    assert rig.looks == 1
    rig.value, rig.now = "second", FRESH_SECONDS + 0.01
    assert await rig.get() == "second"


async def test_who_asks_steadily_never_waits_for_a_look(rig: _Rig) -> None:
    await rig.get()
    rig.value, rig.now = "second", 0.3
    rig.open.clear()
    assert [await rig.get(), await rig.get()] == ["first", "first"]
    await rig.settle()
    assert rig.looks == 2, "one look behind the back of both"
    rig.open.set()
    await rig.settle()
    rig.now = FRESH_SECONDS + 0.01
    assert (await rig.get(), rig.looks) == ("second", 2)


async def test_the_look_behind_the_back_that_finds_nothing_any_more_ends_what_was_known(rig: _Rig) -> None:
    await rig.get()
    rig.value, rig.now = Unauthenticated("Revoked."), 0.3
    await rig.get()
    await rig.settle()
    with pytest.raises(Unauthenticated):
        await rig.get()


@pytest.mark.parametrize(
    "forget",
    [
        lambda rig: rig.lately.forget("a"),
        lambda rig: rig.lately.forget_where(lambda value: value == "first"),
        lambda rig: rig.lately.forget_all(),
    ],
)
async def test_what_is_forgotten_counts_at_once_and_so_for_looks_under_way(
    rig: _Rig, forget: Callable[[_Rig], None]
) -> None:
    await rig.get()
    rig.now = 0.3
    rig.open.clear()
    await rig.get()
    await rig.settle()
    assert rig.looks == 2, "a look is under way, which saw the first value"
    rig.value = "second"
    forget(rig)
    rig.open.set()
    await rig.settle()
    assert await rig.get() == "second"
