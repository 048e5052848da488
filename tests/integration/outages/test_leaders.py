"""Of several control planes on one PostgreSQL one leads; when it dies, stands still or is cut off, another does within
ten seconds, and never two at a time: every act is a row, and their order shows who acted when."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.fakes.wire import Wire, wire
from tests.integration.outages.postgres import Postgres
from tests.support import eventually_sync

ROOT = Path(__file__).parents[3]
TAKE_OVER_SECONDS = 10 + 6
"""Ten, and what a busy machine adds: nine are usual for a leader that stands still in the middle of a transaction."""
AGAIN_SECONDS = 45

Candidates = dict[str, subprocess.Popen[str]]


@pytest.fixture
def candidates(server: Postgres) -> Iterator[Candidates]:
    """Two, of which one leads."""
    server.run("DROP TABLE IF EXISTS acts; CREATE TABLE acts (number bigserial, who text)")
    with contextlib.ExitStack() as held:
        started = {name: held.enter_context(candidate(server.url, name)) for name in ("a", "b")}
        eventually_sync(lambda: acts(server), message="one leads")
        yield started


@pytest.fixture
def wires(server: Postgres) -> Iterator[dict[str, Wire]]:
    """The same, each with a wire to the database."""
    server.run("DROP TABLE IF EXISTS acts; CREATE TABLE acts (number bigserial, who text)")
    with contextlib.ExitStack() as held:
        made = {name: held.enter_context(wire(server.port)) for name in ("a", "b")}
        for name, one in made.items():
            held.enter_context(candidate(one.through(server.url), name))
        eventually_sync(lambda: acts(server), message="one leads")
        yield made


@contextlib.contextmanager
def candidate(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.fakes.candidate", url, name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def acts(server: Postgres) -> list[str]:
    return [str(who) for (who,) in server.rows("SELECT who FROM acts ORDER BY number")]


def leaders(server: Postgres) -> list[str]:
    """Who led, one after the other."""
    return [who for who, _ in groupby(acts(server))]


def taken_over(server: Postgres, leader: str, since: float) -> float:
    """How long it took until another one acted."""
    eventually_sync(lambda: leaders(server)[-1] != leader, AGAIN_SECONDS, "another one leads")
    return time.monotonic() - since


def other(leader: str) -> str:
    return "b" if leader == "a" else "a"


def acts_go_on(server: Postgres, who: str) -> None:
    before = acts(server).count(who)
    eventually_sync(lambda: acts(server).count(who) > before + 3, message=f"{who} acts")


def test_a_killed_leader_is_followed_within_seconds(server: Postgres, candidates: Candidates) -> None:
    leader = leaders(server)[0]
    acts_go_on(server, leader)
    began = time.monotonic()
    os.kill(candidates[leader].pid, signal.SIGKILL)
    assert taken_over(server, leader, began) < TAKE_OVER_SECONDS
    assert leaders(server) == [leader, other(leader)]


@pytest.mark.parametrize("times", [1, 3])
def test_a_leader_that_stood_still_acts_no_more(server: Postgres, candidates: Candidates, times: int) -> None:
    """Stopped in the middle of whatever it did, and going on when another one leads."""
    for _ in range(times):
        leader = leaders(server)[-1]
        acts_go_on(server, leader)
        os.kill(candidates[leader].pid, signal.SIGSTOP)
        began = time.monotonic()
        assert taken_over(server, leader, began) < TAKE_OVER_SECONDS
        before = leaders(server)
        os.kill(candidates[leader].pid, signal.SIGCONT)
        acts_go_on(server, other(leader))
        acts_go_on(server, other(leader))
        assert leaders(server) == before, "it acted although another one led"


def test_a_session_that_the_database_ends_ends_the_leading(server: Postgres, candidates: Candidates) -> None:
    server.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'")
    before = len(acts(server))
    eventually_sync(lambda: len(acts(server)) > before + 3, AGAIN_SECONDS, "somebody acts again")
    assert_one_at_a_time(server)


def test_a_database_that_starts_again_has_a_leader_again(server: Postgres, candidates: Candidates) -> None:
    server.stop()
    server.start()
    before = len(acts(server))
    eventually_sync(lambda: len(acts(server)) > before + 3, AGAIN_SECONDS, "somebody acts again")
    assert_one_at_a_time(server)


def test_a_database_that_stood_still_has_one_leader_again(server: Postgres, candidates: Candidates) -> None:
    with server.paused():
        time.sleep(8)  # not to wait for anything: longer than a leader may be silent
    before = len(acts(server))
    eventually_sync(lambda: len(acts(server)) > before + 3, AGAIN_SECONDS, "somebody acts again")
    assert_one_at_a_time(server)


@pytest.mark.parametrize("times", [1, 3])
def test_a_leader_that_is_cut_off_acts_no_more(server: Postgres, wires: dict[str, Wire], times: int) -> None:
    """In the middle of whatever it did; what it had sent arrives when another one leads."""
    for _ in range(times):
        leader = leaders(server)[-1]
        acts_go_on(server, leader)
        began = time.monotonic()
        with wires[leader].cut():
            assert taken_over(server, leader, began) < TAKE_OVER_SECONDS
            before = leaders(server)
            acts_go_on(server, other(leader))
        acts_go_on(server, other(leader))
        acts_go_on(server, other(leader))
        assert leaders(server) == before, "it acted although another one led"


def test_a_database_that_was_cut_off_from_all_has_one_leader_again(server: Postgres, wires: dict[str, Wire]) -> None:
    with wires["a"].cut(), wires["b"].cut():
        time.sleep(8)  # not to wait for anything: longer than a leader may be silent
    before = len(acts(server))
    eventually_sync(lambda: len(acts(server)) > before + 3, AGAIN_SECONDS, "somebody acts again")
    assert_one_at_a_time(server)


def assert_one_at_a_time(server: Postgres) -> None:
    """Whoever leads now is the only one that acts."""
    leader = leaders(server)[-1]
    told = len(leaders(server))
    acts_go_on(server, leader)
    assert len(leaders(server)) == told
