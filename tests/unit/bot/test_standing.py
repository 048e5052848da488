"""What a bot may do: orders, leases and flag files, with everything else dead."""

from pathlib import Path

import pytest

from pool.bot.universal import standing as module
from pool.bot.universal.standing import Standing
from pool.contract.frames import MandateFrame
from pool.contract.risk import HALT_FLAG, Flag, Mode


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "boot_clock", clock)
    return clock


@pytest.fixture
def governed(tmp_path: Path) -> Standing:
    return Standing(tmp_path / HALT_FLAG, governed=True)


def mandate(number: int, mode: Mode = Mode.ACTIVE, until: float = 1015.0, *, flatten: bool = False) -> MandateFrame:
    return MandateFrame(number=number, mode=mode, lease_until=until, flatten=flatten)


def test_never_leased_is_reducing_and_so_is_a_lapsed_lease(governed: Standing, clock: Clock) -> None:
    assert governed.mode() is Mode.REDUCING
    governed.take_mandate(mandate(1))
    assert governed.mode() is Mode.ACTIVE
    clock.now = 1014.9
    assert (governed.mode(), governed.why()) == (Mode.ACTIVE, "")
    clock.now = 1015.0
    assert governed.mode() is Mode.REDUCING
    assert governed.why()
    assert not governed.flattens(), "silence flattens nothing"


def test_renewal_goes_on_and_an_older_number_changes_nothing(governed: Standing, clock: Clock) -> None:
    governed.take_mandate(mandate(2))
    governed.take_mandate(mandate(2, until=1030))
    governed.take_mandate(mandate(2, until=1010))
    clock.now = 1029
    assert governed.mode() is Mode.ACTIVE
    governed.take_mandate(mandate(1, Mode.HALTED))
    assert governed.mode() is Mode.ACTIVE


@pytest.mark.usefixtures("clock")
def test_an_agent_that_knows_no_order_yet_halts_for_a_flag_until_it_does(governed: Standing) -> None:
    governed.take_mandate(mandate(7))
    governed.take_mandate(mandate(0, Mode.HALTED, until=0.0, flatten=True))
    assert (governed.mode(), governed.flattens()) == (Mode.HALTED, True)
    governed.take_mandate(mandate(6))
    assert governed.mode() is Mode.HALTED, "what was ordered before is old"
    governed.take_mandate(mandate(7))
    assert (governed.mode(), governed.flattens()) == (Mode.ACTIVE, False)


def test_halted_stays_halted_when_the_lease_lapses(governed: Standing, clock: Clock) -> None:
    governed.take_mandate(mandate(3, Mode.HALTED, flatten=True))
    clock.now = 5000
    assert governed.mode() is Mode.HALTED
    assert governed.flattens()


def test_of_an_order_that_the_agent_also_wrote_down_its_own_words_are_told(tmp_path: Path, clock: Clock) -> None:
    standing = Standing(tmp_path / HALT_FLAG, governed=True)
    (tmp_path / HALT_FLAG).write_text(Flag(why="Halted (the fleet): News.").model_dump_json())
    assert standing.why() == "Halted by the flag file: Halted (the fleet): News."
    told = mandate(1, Mode.HALTED).model_copy(update={"why": "Halted (the fleet): News."})
    standing.take_mandate(told)
    assert standing.why() == "Halted (the fleet): News."


@pytest.mark.parametrize("is_governed", [True, False])
def test_a_flag_file_halts_at_once_even_who_is_not_governed(tmp_path: Path, clock: Clock, is_governed: bool) -> None:
    standing = Standing(tmp_path / HALT_FLAG, governed=is_governed)
    standing.take_mandate(mandate(1))
    assert standing.mode() is Mode.ACTIVE
    (tmp_path / HALT_FLAG).write_text(Flag(why="drill", flatten=True).model_dump_json())
    assert standing.mode() is Mode.HALTED
    assert standing.flattens()
    assert "drill" in standing.why()
    (tmp_path / HALT_FLAG).write_text("touched by a person")
    assert (standing.mode(), standing.flattens()) == (Mode.HALTED, False)
    (tmp_path / HALT_FLAG).unlink()
    assert standing.mode() is Mode.ACTIVE
