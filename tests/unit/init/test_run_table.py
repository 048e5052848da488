"""Init's table of runs, in every order in which things may happen."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pool.contract.frames import Fork, Forked, ForkFailed
from pool.init.table import RunTable

AT = datetime(2026, 11, 21, tzinfo=UTC)


def fork(run_id: str = "run") -> Fork:
    return Fork(bot_id="bot", run_id=run_id, epoch=1, nonce=SecretStr("nonce"), directory="/d")


def forked(run_id: str = "run", pid: int = 100) -> Forked:
    return Forked(run_id=run_id, pid=pid, milliseconds=1)


def test_forked_then_exited_then_forgotten() -> None:
    table = RunTable()
    assert table.request(fork()) is None
    assert table.living_pid("run") is None
    assert [sent.run_id for sent in table.take_waiting()] == ["run"]
    assert table.forked(forked()) is None
    assert table.living_pid("run") == 100
    exited = table.reaped(100, -9, AT)
    assert exited is not None
    assert (exited.run_id, exited.status) == ("run", -9)
    assert table.living_pid("run") is None
    assert [(run.pid, run.status, run.nonce.get_secret_value()) for run in table.runs()] == [(100, -9, "nonce")]
    table.forget("run")
    assert table.runs() == []


def test_exit_before_forked_is_told_is_claimed_by_it() -> None:
    table = RunTable()
    table.request(fork())
    table.take_waiting()
    assert table.reaped(100, 1, AT) is None
    exited = table.forked(forked())
    assert exited is not None
    assert exited.status == 1
    assert table.living_pids == []


def test_strange_child_is_nobodys_exit() -> None:
    table = RunTable()
    assert table.reaped(100, 1, AT) is None
    table.request(fork())
    table.take_waiting()
    assert table.forked(forked()) is None, "an exit from before the fork was asked for is another process's"


def test_forks_wait_for_a_zygote_and_are_sent_once() -> None:
    table = RunTable()
    for name in ("one", "two"):
        table.request(fork(name))
    assert [sent.run_id for sent in table.take_waiting()] == ["one", "two"]
    assert table.take_waiting() == []


def test_dead_zygote_fails_what_it_was_told_of_and_nothing_else() -> None:
    table = RunTable()
    for name in ("alive", "lost", "waiting"):
        table.request(fork(name))
        if name != "waiting":
            table.take_waiting()
    table.forked(forked("alive"))
    assert [failed.run_id for failed in table.zygote_died()] == ["lost"]
    assert [sent.run_id for sent in table.take_waiting()] == ["waiting"]
    assert table.living_pid("alive") == 100


def test_run_id_is_used_once() -> None:
    table = RunTable()
    table.request(fork())
    assert isinstance(table.request(fork()), ForkFailed)
    assert len(table.runs()) == 1


def test_only_waiting_or_dead_runs_are_forgotten() -> None:
    table = RunTable()
    table.request(fork())
    withdrawn = table.forget("run")
    assert withdrawn is not None
    assert withdrawn.run_id == "run"
    table.request(fork())
    table.take_waiting()
    assert table.forget("run") is None
    assert table.forks_in_flight == 1
    table.forked(forked())
    table.forget("run")
    assert table.living_pid("run") == 100
    assert table.forget("unknown") is None


def test_strays_are_told_only_when_no_fork_is_on_its_way() -> None:
    table = RunTable()
    table.request(fork())
    assert table.strays([100, 200]) == [100, 200]
    table.take_waiting()
    assert table.strays([100, 200]) == []
    table.forked(forked())
    assert table.strays([100, 200]) == [200]


@pytest.mark.parametrize("early", [True, False])
@given(order=st.permutations(["a", "b", "c"]), statuses=st.lists(st.integers(-64, 255), min_size=3, max_size=3))
def test_every_exit_is_told_once_whatever_the_order(early: bool, order: list[str], statuses: list[int]) -> None:
    table = RunTable()
    pids = {"a": 1, "b": 2, "c": 3}
    for name in pids:
        table.request(fork(name))
    table.take_waiting()
    told = {}
    steps = [("reap", name) for name in order] + [("fork", name) for name in pids]
    for step, name in steps if early else reversed(steps):
        status = statuses[pids[name] - 1]
        exited = table.reaped(pids[name], status, AT) if step == "reap" else table.forked(forked(name, pids[name]))
        if exited is not None:
            assert exited.run_id not in told
            told[exited.run_id] = exited.status
    assert told == {name: statuses[pid - 1] for name, pid in pids.items()}
