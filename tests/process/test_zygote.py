"""A real zygote, its forks and its death; the warm-up is left out (`test_zygote_warm` has it)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from pool.contract.pools import IsolationPart
from tests.process.zygote_driver import ZygoteDriver
from tests.support import eventually_sync

STAND_IN = "tests.process.zygote_stand_in"
IMMORTAL = sys.version_info[:2] in ((3, 12), (3, 13))

pytestmark = pytest.mark.timeout(900)


def start(directory: Path, asked: str) -> ZygoteDriver:
    return ZygoteDriver(directory, module=STAND_IN, asked=asked)


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZygoteDriver]:
    with start(tmp_path_factory.mktemp("pool"), "cold") as driver:
        driver.report = driver.ready()
        yield driver


def test_it_reports_what_it_is(zygote: ZygoteDriver) -> None:
    report = zygote.report
    assert report["pid"] == zygote.process.pid, "the restart for the environment keeps the pid"
    assert report["freqtrade"] == "2026.9"
    assert report["python"] == sys.version.split()[0]
    assert report["shared_markets"] is None
    assert (report["immortal_objects"] or 0) > 100_000 or not IMMORTAL
    assert report["notes"] == [] or not IMMORTAL


def test_it_found_out_what_isolates_its_bots_and_left_nothing_behind(zygote: ZygoteDriver) -> None:
    parts = {part["name"]: part for part in zygote.report["isolation"]["parts"]}
    assert set(parts) == set(get_args(IsolationPart.model_fields["name"].annotation))
    assert not parts["own_uid"]["in_force"]
    assert parts["no_new_privs"]["in_force"]
    assert parts["memory_limit"]["in_force"]
    assert parts["seccomp"]["in_force"]
    assert all(part["detail"].endswith(".") for part in parts.values())
    assert list(zygote.directory.glob("walls-*")) == []


def test_a_user_id_that_is_not_the_pools_is_refused(zygote: ZygoteDriver) -> None:
    answer = zygote.ask("somebody", uid=20_000)
    assert answer["kind"] == "fork_failed"
    assert "user id 20000" in answer["message"]


def test_a_bot_is_adopted_by_the_subreaper_and_its_exit_status_is_read_there(zygote: ZygoteDriver) -> None:
    pid = zygote.fork("adopted")
    facts = zygote.facts("adopted")
    assert facts["pid"] == pid
    parent = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("PPid"))
    assert int(parent.split()[1]) == os.getpid()
    (zygote.home("adopted") / "leave").write_text("42")
    assert zygote.reap(pid) == 42


def test_a_bot_gets_its_request_whole(zygote: ZygoteDriver) -> None:
    pid = zygote.fork("whole")
    facts = zygote.facts("whole")
    assert facts["nonce"] == "nonce-whole"
    assert (facts["pool"], facts["pool_directory"]) == ("test", str(zygote.directory))
    (zygote.home("whole") / "leave").write_text("0")
    assert zygote.reap(pid) == 0


def test_a_bot_has_one_thread_no_socket_and_default_signals(zygote: ZygoteDriver) -> None:
    pid = zygote.fork("bare")
    facts = zygote.facts("bare")
    assert facts["threads"] == 1
    assert not [target for target in facts["descriptors"].values() if target.startswith(("socket:", "pipe:"))]
    assert facts["handled_signals"] == []
    os.kill(pid, signal.SIGTERM)
    assert zygote.reap(pid) == -signal.SIGTERM


def test_two_bots_draw_different_random_numbers(zygote: ZygoteDriver) -> None:
    pids = [zygote.fork(name) for name in ("dice-1", "dice-2")]
    one, other = (zygote.facts(name)["random"] for name in ("dice-1", "dice-2"))
    assert one[0] != other[0]
    assert one[1] != other[1]
    for name, pid in zip(("dice-1", "dice-2"), pids, strict=True):
        (zygote.home(name) / "leave").write_text("0")
        assert zygote.reap(pid) == 0


def test_a_bot_collects_its_own_garbage_and_counts_nothing_shared(zygote: ZygoteDriver) -> None:
    pid = zygote.fork("counts")
    facts = zygote.facts("counts")
    assert facts["collecting"]
    assert facts["frozen"] > 100_000
    assert facts["none_moves"] is not IMMORTAL
    (zygote.home("counts") / "leave").write_text("0")
    assert zygote.reap(pid) == 0


def test_a_bot_that_cannot_start_ends_as_boot_failure_with_its_traceback_logged(zygote: ZygoteDriver) -> None:
    pid = zygote.fork("raises")
    assert zygote.reap(pid) == 78
    assert "this bot cannot be" in (zygote.home("raises") / "bot.log").read_text()


def test_the_zygote_ends_with_0_when_init_closes_the_channel_and_bots_go_on(tmp_path: Path) -> None:
    with start(tmp_path, "cold") as zygote:
        zygote.ready()
        pid = zygote.fork("survivor")
        zygote.facts("survivor")
        zygote.channel.close()
        assert zygote.process.wait(180) == 0
        (zygote.home("survivor") / "leave").write_text("7")
        assert zygote.reap(pid) == 7


def test_bots_outlive_a_killed_zygote_and_report_to_the_same_reader(tmp_path: Path) -> None:
    with start(tmp_path, "cold") as zygote:
        zygote.ready()
        pid = zygote.fork("survivor")
        zygote.facts("survivor")
        zygote.process.kill()
        assert zygote.process.wait(180) == -signal.SIGKILL
        assert zygote.channel.recv(100) == b"", "no bot holds the other end of the channel"
        (zygote.home("survivor") / "leave").write_text("7")
        assert zygote.reap(pid) == 7


def test_where_immortality_is_refused_it_freezes_only_and_says_so(tmp_path: Path) -> None:
    with start(tmp_path, "cold refuse") as zygote:
        report = zygote.ready()
        assert report["immortal_objects"] is None
        assert report["notes"] == ["The trial was made to fail."] or not IMMORTAL
        assert len(report["notes"]) == 1
        pid = zygote.fork("mortal")
        facts = zygote.facts("mortal")
        assert facts["frozen"] > 100_000
        assert facts["none_moves"]
        (zygote.home("mortal") / "leave").write_text("0")
        assert zygote.reap(pid) == 0


@pytest.mark.parametrize(("broken", "word"), [("thread", "threads"), ("socket", "sockets")])
def test_it_refuses_to_fork_with_a_second_thread_or_socket(tmp_path: Path, broken: str, word: str) -> None:
    with start(tmp_path, f"cold {broken}") as zygote:
        zygote.ready()
        answer = zygote.ask("never")
        assert answer["kind"] == "fork_failed"
        assert answer["run_id"] == "run-never"
        assert word in answer["message"]
        assert not (zygote.home("never") / "facts.json").exists()


def test_settings_that_cannot_be_read_end_it_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pool.json").write_text('{"slots_total": 3}')
    ended = subprocess.run(
        [sys.executable, "-m", "pool.zygote", "--directory", str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 78
    assert "pool_id" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_rehearsal_exchange_leaves_no_process(tmp_path: Path) -> None:
    from pool.zygote.rehearsal_exchange import rehearsal_exchange

    with rehearsal_exchange() as url:
        port = int(url.rpartition(":")[2])
        assert _listening(port)
    eventually_sync(lambda: not _listening(port), message="the port is free")


def _listening(port: int) -> bool:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(row.split()[1].endswith(f":{port:04X}") and row.split()[3] == "0A" for row in rows)
