"""Flag files of the pool and of bots: seen, copied, left by orders, removed by release alone."""

import os
from pathlib import Path

import pytest

from pool.agent import flags
from pool.agent.flags import Bot, Flags
from pool.contract.risk import HALT_FLAG, Flag, Mode, RiskOrder


class Pool:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = 100.0
        self.start()
        for bot_id in ("one", "two"):
            (directory / "bots" / bot_id).mkdir(parents=True)

    def start(self, pool_id: str = "here") -> None:
        """A new agent."""
        self.flags = Flags(self.directory, pool_id, lambda: self.clock)

    def look(
        self, one: RiskOrder | None = None, two: RiskOrder | None = None, *, looked: float | None = None
    ) -> set[str]:
        """Who is halted by a file after a look; what was answered is what lies there. Each is a second after the one
        before, and its orders were read from the database in between, or when `looked` says."""
        self.clock += 1
        looked = self.clock - 0.5 if looked is None else looked
        held = self.flags.look([Bot("one", one, looked), Bot("two", two, looked)])
        on_disk = {bot_id for bot_id in ("one", "two") if os.path.lexists(self.flag(bot_id))}
        assert set(held) == on_disk
        return on_disk

    def flag(self, bot_id: str | None = None) -> Path:
        return (self.directory / "bots" / bot_id if bot_id else self.directory) / HALT_FLAG

    def read(self, bot_id: str) -> Flag:
        return Flag.model_validate_json(self.flag(bot_id).read_bytes())


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


def order(number: int, mode: Mode = Mode.ACTIVE, released: int = 0, **more: object) -> RiskOrder:
    values = {"bot_id": "x", "epoch": 1, "number": number, "mode": mode, "lease_seconds": 15}
    return RiskOrder.model_validate(values | {"released_number": released} | more)


def release(number: int, mode: Mode = Mode.ACTIVE) -> RiskOrder:
    """The order after an administrator's release."""
    return order(number, mode, number)


def test_an_order_that_halts_leaves_a_flag_and_a_later_one_removes_it(pool: Pool) -> None:
    assert pool.look(order(3, Mode.HALTED, flatten=True, why="enough"), order(1)) == {"one"}
    assert (pool.read("one").flatten, pool.read("one").why) == (True, "enough")
    assert pool.look(None, None) == {"one"}, "a new agent knows no order"
    assert pool.look(order(2), order(1)) == {"one"}, "an older order was on its way for long"
    assert pool.look(order(4, Mode.REDUCING), order(1)) == set()


def test_a_flag_that_a_bot_removed_is_written_again(pool: Pool) -> None:
    pool.look(order(3, Mode.HALTED))
    pool.flag("one").unlink()
    assert pool.look(order(3, Mode.HALTED)) == {"one"}


def test_a_hand_written_flag_stays_until_an_administrator_releases(pool: Pool) -> None:
    pool.flag("one").write_text("")
    assert pool.look() == {"one"}
    for _ in range(2):
        assert pool.look(order(5, released=4)) == {"one"}, "what was released before releases nothing"
    assert pool.look(order(6, Mode.HALTED, 4, why="lost too much")) == {"one"}
    assert pool.look(order(7, Mode.REDUCING, 4)) == {"one"}, "its time was up, or its user released it"
    pool.start()
    assert pool.look(order(8, released=4)) == {"one"}
    assert pool.look(release(9)) == set()


def test_a_release_that_was_decided_before_the_flag_was_told_of_releases_nothing(pool: Pool) -> None:
    assert pool.look(order(5)) == set()
    pool.flag("one").write_text("")
    before = pool.clock
    assert pool.look(order(5)) == {"one"}
    assert pool.look(release(6), looked=before) == {"one"}, "it was on its way"
    for _ in range(2):
        assert pool.look(release(6)) == {"one"}
    assert pool.look(release(7)) == set()


def test_under_a_halt_a_release_from_a_hand_written_flag_leaves_the_halts_own(pool: Pool) -> None:
    pool.flag("one").write_text("")
    for _ in range(2):
        pool.look(order(5, Mode.HALTED, why="of the fleet"))
    assert pool.look(release(6, Mode.HALTED)) == {"one"}
    assert pool.look(order(7, released=6)) == set()


def test_what_halts_under_a_number_that_a_restored_database_frees_waits_for_a_person(pool: Pool) -> None:
    pool.look(order(9, Mode.HALTED), order(1))
    for number in (9, 10, 11):
        assert pool.look(order(number), order(1)) == {"one"}
    assert pool.look(release(12), order(1)) == set()


def test_what_a_person_wrote_is_kept_beside_the_agents_note(pool: Pool) -> None:
    pool.flag("one").write_text(Flag(flatten=True, why="by hand").model_dump_json())
    for _ in range(2):
        pool.look(order(5))
    assert pool.read("one").seen == {"one": 0}
    assert (pool.read("one").flatten, pool.read("one").why) == (True, "by hand")


def test_a_flag_removed_by_hand_is_gone(pool: Pool) -> None:
    pool.flag("one").write_text("")
    assert pool.look(order(5)) == {"one"}
    pool.flag("one").unlink()
    assert pool.look(order(5)) == set()


def test_the_pools_flag_halts_all_its_bots_each_until_its_release(pool: Pool) -> None:
    pool.flag().write_text(Flag(why="offline").model_dump_json())
    assert pool.look(None, order(8)) == {"one", "two"}, "one is not governed, or nobody told of it yet"
    assert pool.read("one").why == "offline"
    assert pool.look(order(2), order(8)) == {"one", "two"}
    assert pool.look(order(2), order(9)) == {"one", "two"}, "nobody released it"
    assert pool.look(order(2), release(10)) == {"one"}
    pool.start()
    assert pool.look(order(2), order(11, released=10)) == {"one"}
    assert pool.flag().exists()
    assert pool.look(release(3), order(11, released=10)) == set()
    assert not pool.flag().exists(), "everybody was released"
    pool.flag().write_text("")
    for _ in range(3):
        assert pool.look(release(3), release(10)) == {"one", "two"}, "a new flag is another one"


def test_copies_go_with_the_pools_flag_and_what_is_the_bots_own_stays(pool: Pool) -> None:
    pool.flag("two").write_text("")
    pool.flag().write_text(Flag(flatten=True).model_dump_json())
    assert pool.look(order(1), order(1)) == {"one", "two"}
    assert (pool.read("one").flatten, pool.read("two").flatten) == (True, True)
    pool.flag().unlink()
    assert pool.look(order(1), order(1)) == {"two"}


def test_a_bot_that_moved_takes_its_copy_along_and_stays_halted(pool: Pool) -> None:
    pool.flag().write_text("")
    pool.look(order(4), order(1))
    pool.flag().unlink()
    pool.start("elsewhere")
    for _ in range(2):
        assert pool.look(order(5)) == {"one", "two"}
    assert pool.look(release(6)) == {"two"}


def test_a_flag_that_is_removed_while_it_is_looked_at_is_not_written_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.flag().write_text("")
    read = flags._read

    def read_and_remove(file: Path) -> Flag | None:
        found = read(file)
        if file == pool.flag():
            file.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(flags, "_read", read_and_remove)
    pool.look(order(1), order(1))
    assert not pool.flag().exists()
    assert pool.look(order(1), order(1)) == set()


def test_a_bot_that_never_ran_is_halted_though_there_is_no_place_for_its_flag(pool: Pool) -> None:
    pool.flag().write_text("")
    held = pool.flags.look([Bot("never", None)])
    assert set(held) == {"never"}
    assert not (pool.directory / "bots" / "never").exists()


@pytest.mark.parametrize("plant", ["link", "pipe", "directory", "rubbish"])
def test_whatever_stands_in_its_place_halts_and_is_not_followed(pool: Pool, tmp_path: Path, plant: str) -> None:
    other = tmp_path / "of-somebody-else"
    other.write_text("untouched")
    match plant:
        case "link":
            pool.flag("one").symlink_to(other)
        case "pipe":
            os.mkfifo(pool.flag("one"))
        case "directory":
            pool.flag("one").mkdir()
        case "rubbish":
            pool.flag("one").write_bytes(b"\xff" * 100)
    for _ in range(2):
        assert pool.look(order(1), order(1)) == {"one"}
    assert other.read_text() == "untouched"
    assert (pool.look(release(2), order(1)) == set()) == (plant != "directory")
