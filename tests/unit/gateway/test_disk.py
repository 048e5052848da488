"""What outlives the process, and what a disk can do to it."""

import random
import sqlite3
from pathlib import Path

import pytest

from pool.contract.freshness import Moment
from pool.contract.market import Kind
from pool.exchange.gateway.cache import Entry
from pool.exchange.gateway.disk import MOST_WAITING_BYTES, Disk, Kept, _connect

BOOT = "this-start"
BODY = b"[%s]" % (b"1" * 1_000)
NOISE = random.Random(7).randbytes(100_000)
"""Not made smaller by compressing."""
MARKETS = Kind(name="markets")
ASKED = Moment(100.0, 1_772_625_605_000, 3)


def later(seconds: float, wall_ms: int = 0) -> Moment:
    return Moment(ASKED.steady + seconds, ASKED.wall_ms + int(seconds * 1000) + wall_ms, 0)


def kept(key: str = "k", kind: Kind = MARKETS, body: bytes = BODY, asked: Moment = ASKED) -> Kept:
    return Kept(key, "paper", kind, Entry(body, "application/json", asked))


def written(disk: Disk, *answers: Kept, **standings: str) -> Disk:
    for one in answers:
        disk.remember(one)
    for name, text in standings.items():
        disk.stand(name, text)
    disk.write(*disk.take(), ASKED.wall_ms)
    return disk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.sqlite"


def test_another_process_reads_what_was_written(file: Path) -> None:
    written(Disk(file, BOOT), kept(), budgets='{"a": 1}').close()
    found, standings = Disk(file, BOOT).read(later(30))
    assert [(one.key, one.exchange, one.kind, one.entry.body) for one in found] == [("k", "paper", MARKETS, BODY)]
    assert found[0].entry.asked == Moment(ASKED.steady, ASKED.wall_ms, 0)
    assert standings == {"budgets": '{"a": 1}'}


def test_what_its_asker_wanted_for_himself_is_not_kept_with_it(file: Path) -> None:
    own = Kind(name="markets", within_ms=400, waited_ms=10_000, at_close=True)
    written(Disk(file, BOOT), kept(kind=own))
    assert [one.kind for one in Disk(file, BOOT).read(later(299))[0]] == [MARKETS]
    assert Disk(file, BOOT).read(later(301))[0] == []


@pytest.mark.parametrize(
    ("boot", "now", "count"),
    [
        (BOOT, later(299), 1),
        (BOOT, later(301), 0),
        (BOOT, later(30, wall_ms=1_500), 0),
        (BOOT, later(30, wall_ms=-1_500), 0),
        ("another-start", Moment(1.0, ASKED.wall_ms + 30_000, 0), 1),
        ("another-start", Moment(1.0, ASKED.wall_ms - 1, 0), 0),
        ("another-start", Moment(1.0, ASKED.wall_ms + 301_000, 0), 0),
    ],
)
def test_only_what_is_fresh_by_clocks_that_agree_is_taken(file: Path, boot: str, now: Moment, count: int) -> None:
    written(Disk(file, BOOT), kept())
    assert len(Disk(file, boot).read(now)[0]) == count


def test_after_a_start_of_the_machine_ages_are_by_the_wall_clock(file: Path) -> None:
    written(Disk(file, BOOT), kept())
    ((found,), _) = Disk(file, "another-start").read(Moment(5.0, ASKED.wall_ms + 30_000, 0))
    assert found.entry.asked == Moment(-25.0, ASKED.wall_ms, 0)


def test_candles_that_closed_meanwhile_are_not_taken(file: Path) -> None:
    opened = ASKED.wall_ms // 60_000 * 60_000
    candles = kept(kind=Kind(name="candles", timeframe=60), body=b"[[%d, 1, 2]]" % opened)
    written(Disk(file, BOOT), candles)
    assert len(Disk(file, BOOT).read(later(50))[0]) == 1
    assert Disk(file, BOOT).read(later(55))[0] == []


def test_the_newest_comes_first_and_replaces_the_older(file: Path) -> None:
    disk = Disk(file, BOOT)
    written(disk, kept("a"), kept("b", asked=later(1)))
    written(disk, kept("a", asked=later(2)))
    assert [one.key for one in Disk(file, BOOT).read(later(3))[0]] == ["a", "b"]


def test_the_file_is_bounded(file: Path) -> None:
    disk = Disk(file, BOOT, most_bytes=len(NOISE) * 7 // 2)
    for one in (kept(f"k{number}", body=NOISE, asked=later(number)) for number in range(5)):
        disk.remember(one)
    disk.write(*disk.take(), later(5).wall_ms)
    assert {one.key for one in disk.read(later(5))[0]} == {"k2", "k3", "k4"}


def test_what_waits_is_bounded(file: Path) -> None:
    disk = Disk(file, BOOT)
    body = b" " * (MOST_WAITING_BYTES // 3)
    for number in range(5):
        disk.remember(kept(str(number), body=body))
    disk.remember(kept("4", body=body))
    assert [one.key for one in disk.take()[0]] == ["2", "3", "4"]
    assert disk.take()[0] == []


def test_standings_are_written_where_they_changed(file: Path) -> None:
    disk = written(Disk(file, BOOT), budgets="1")
    assert disk.take() == ([], {})
    disk.stand("budgets", "2")
    assert disk.take() == ([], {"budgets": "2"})


@pytest.mark.parametrize("damage", [b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 8_000])
def test_a_damaged_file_is_set_aside(file: Path, damage: bytes) -> None:
    file.write_bytes(damage)
    disk = Disk(file, BOOT)
    assert disk.read(later(1)) == ([], {})
    assert "damaged" in str(disk.problem)
    assert file.with_name("answers.sqlite.damaged").read_bytes() == damage
    written(disk, kept())
    assert disk.problem is None
    assert len(Disk(file, BOOT).read(later(1))[0]) == 1


def test_an_answer_that_the_disk_changed_is_not_taken(file: Path) -> None:
    disk = written(Disk(file, BOOT), kept("a"), kept("b"))
    disk.close()
    connection = sqlite3.connect(file)
    (body,) = connection.execute("SELECT body FROM answers WHERE key = 'a'").fetchone()
    changed = body[:-1] + bytes([body[-1] ^ 1])
    with connection:
        connection.execute("UPDATE answers SET body = ? WHERE key = 'a'", (changed,))
    assert [one.key for one in Disk(file, BOOT).read(later(1))[0]] == ["b"]


def test_an_error_of_ours_is_no_damage(file: Path) -> None:
    disk = written(Disk(file, BOOT), kept())
    disk.write([], {"odd": object()}, ASKED.wall_ms)  # type: ignore[dict-item]
    assert not file.with_name("answers.sqlite.damaged").exists()
    assert len(disk.read(later(1))[0]) == 1


class Full:
    """A disk that can be full: what SQLite itself says of one, at a file that may not grow."""

    def __init__(self) -> None:
        self.full = False

    def connect(self, file: Path) -> sqlite3.Connection:
        connection = _connect(file)
        if self.full:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection


def test_a_full_disk_is_told_and_gone_on_from(file: Path) -> None:
    full = Full()
    disk = written(Disk(file, BOOT, connect=full.connect), kept("before"))
    disk.close()
    full.full = True
    written(disk, kept("lost", body=NOISE))
    assert "full" in str(disk.problem)
    written(disk, kept("lost again", body=NOISE))
    full.full = False
    written(disk, kept("after"))
    assert disk.problem is None
    assert {one.key for one in disk.read(later(1))[0]} == {"before", "after"}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    disk = written(Disk(tmp_path / "missing" / "answers.sqlite", BOOT), kept())
    assert "not kept on disk" in str(disk.problem)
    assert disk.read(later(1)) == ([], {})
