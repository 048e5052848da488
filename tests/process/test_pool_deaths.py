"""Each process of a pool killed in turn, with fake bots: what was promised for each."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fakes.pool_rig import PoolRig, links, running
from tests.support import eventually_sync


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[PoolRig]:
    with running(tmp_path / "pool") as rig:
        yield rig


def events_of_bots(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [
        (i["event"]["run_id"], i["event"]["seq"])
        for i in items
        if i["kind"] == "event" and i["event"]["origin"] == "bot"
    ]


def test_killed_agent_is_replaced_and_readopts_its_bots(pool: PoolRig) -> None:
    pool.put("one", fake={"events": 5})
    before = pool.until_state("one", "running")
    eventually_sync(lambda: len(events_of_bots(pool.events())) == 5, message="events")
    seen = pool.events()
    url = pool.url
    agent = pool.child("pool.agent")
    os.kill(agent, signal.SIGKILL)
    pool.until("one", lambda slot: slot["observed_state"] == "running" and pool.child("pool.agent") not in (0, agent))
    after = pool.until("one", lambda slot: slot["last_report_at"] is not None)
    assert (after["pid"], after["run_id"]) == (before["pid"], before["run_id"])
    assert pool.url == url, "the port is taken over"
    eventually_sync(lambda: len(events_of_bots(pool.events())) == 5, message="events that the bot still held")
    resumed = pool.events(cursor=seen[-1]["cursor"])
    assert resumed[0]["kind"] == "reset"
    assert events_of_bots(resumed) == events_of_bots(seen)


def test_agent_ended_by_sigterm_leaves_its_bots_running(pool: PoolRig) -> None:
    pool.put("one")
    before = pool.until_state("one", "running")
    agent = pool.child("pool.agent")
    os.kill(agent, signal.SIGTERM)
    eventually_sync(lambda: not psutil.pid_exists(agent), message="agent ended")
    after = pool.until_state("one", "running")
    assert after["pid"] == before["pid"]


def test_agent_that_hangs_is_replaced_and_its_bots_go_on(tmp_path: Path) -> None:
    with running(tmp_path / "pool", agent_patience_seconds=15) as pool:
        pool.put("one")
        before = pool.until_state("one", "running")
        agent = psutil.Process(pool.child("pool.agent"))
        eventually_sync(lambda: time.time() - agent.create_time() > 18, message="older than init's patience")
        assert pool.until_state("one", "running")["pid"] == before["pid"]
        assert pool.child("pool.agent") == agent.pid, "one that does not hang is left alone"
        agent.suspend()
        eventually_sync(lambda: pool.child("pool.agent") not in (0, agent.pid), message="another agent")
        after = pool.until("one", lambda slot: slot["last_report_at"] is not None)
        assert (after["pid"], after["run_id"]) == (before["pid"], before["run_id"])
        assert not is_alive(agent.pid)


def test_bot_that_died_while_no_agent_lived_is_recorded_and_restarted(pool: PoolRig) -> None:
    pool.put("one")
    before = pool.until_state("one", "running")
    agent = pool.child("pool.agent")
    os.kill(agent, signal.SIGSTOP)
    os.kill(before["pid"], signal.SIGKILL)
    os.kill(agent, signal.SIGKILL)
    after = pool.until("one", lambda slot: slot["observed_state"] == "running" and slot["pid"] != before["pid"])
    assert after["last_exit"]["signal"] == signal.SIGKILL
    assert after["last_exit"]["run_id"] == before["run_id"]


def test_killed_zygote_leaves_bots_and_a_new_one_serves_new_bots(pool: PoolRig) -> None:
    pool.put("old")
    before = pool.until_state("old", "running")
    zygote = pool.child("fake_zygote")
    (pool.directory / "fake-zygote-warms").touch()
    os.kill(zygote, signal.SIGKILL)
    eventually_sync(lambda: pool.pool()["zygote"]["state"] in ("down", "warming"), message="zygote down")
    pool.put("new")
    assert pool.slot("new")["observed_state"] == "pending"
    (pool.directory / "fake-zygote-warms").unlink()
    pool.until_state("new", "running")
    assert pool.slot("old")["pid"] == before["pid"]
    assert pool.pool()["zygote"]["restarts"] == 1


def test_fork_waiting_for_the_zygote_can_be_withdrawn(tmp_path: Path) -> None:
    directory = tmp_path / "pool"
    directory.mkdir()
    (directory / "fake-zygote-warms").touch()
    with running(directory) as pool:
        pool.put("hasty")
        pool.put("hasty", "stopped", generation=2)
        slot = pool.until_state("hasty", "stopped")
        assert slot["last_exit"] is None


def test_killed_init_takes_all_with_it_and_a_new_one_resumes(pool: PoolRig) -> None:
    pool.put("one")
    before = pool.until_state("one", "running")
    assert pool.init is not None
    agent, zygote = pool.child("pool.agent"), pool.child("fake_zygote")
    pool.init.kill()
    pool.init.wait()
    eventually_sync(
        lambda: not psutil.pid_exists(agent) and not psutil.pid_exists(zygote), message="agent and zygote ended"
    )
    pool.start()
    after = pool.until("one", lambda slot: slot["observed_state"] == "running" and slot["pid"] != before["pid"])
    eventually_sync(lambda: not is_alive(before["pid"]), message="the orphan ended")
    holders = [pid for pid in pool.processes() if is_alive(pid) and str(pool.directory / "bots/one/lock") in links(pid)]
    assert holders == [after["pid"]], "never two of one bot"


def test_graceful_stop_ends_all_and_the_slots_stay_wanted(pool: PoolRig) -> None:
    for name in ("one", "two", "three"):
        pool.put(name)
    for name in ("one", "two", "three"):
        pool.until_state(name, "running")
    assert pool.stop() == 0
    assert pool.processes() == []
    stored = json.loads((pool.directory / "slots.json").read_text())
    assert {slot["spec"]["desired"] for slot in stored["slots"]} == {"running"}
    pool.start()
    for name in ("one", "two", "three"):
        pool.until_state(name, "running")


def test_graceful_stop_without_an_agent_still_ends_the_bots(pool: PoolRig) -> None:
    pool.put("one")
    slot = pool.until_state("one", "running")
    assert pool.init is not None
    os.kill(pool.child("pool.agent"), signal.SIGSTOP)
    pool.init.send_signal(signal.SIGTERM)
    assert pool.init.wait(180) == 0
    assert not is_alive(slot["pid"])


def test_quarantine_and_lost_credentials_are_remembered_by_a_new_agent(pool: PoolRig) -> None:
    credentials = {"key": "k", "secret": "s"}
    pool.put("looping", fake={"exit_code": 3})
    pool.put("keyed", trading="paper_live", credentials=credentials)
    pool.until_state("looping", "quarantined")
    slot = pool.until_state("keyed", "running")
    agent = pool.child("pool.agent")
    os.kill(agent, signal.SIGKILL)
    pool.until("looping", lambda slot: pool.child("pool.agent") not in (0, agent))
    assert pool.until_state("looping", "quarantined")["restarts"] == 2
    assert pool.until_state("keyed", "running")["pid"] == slot["pid"]
    os.kill(slot["pid"], signal.SIGKILL)
    slot = pool.until("keyed", lambda slot: slot["observed_state"] == "pending")
    assert "SecretsNeeded" in [condition["type"] for condition in slot["conditions"]]
    pool.put("keyed", trading="paper_live", credentials=credentials)
    pool.until_state("keyed", "running")


def test_missing_and_broken_settings_are_told_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pool", "--directory", str(tmp_path)]
    missing = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert missing.returncode == 1
    assert "pool.json is missing" in missing.stderr
    (tmp_path / "pool.json").write_text("{")
    broken = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert broken.returncode == 1
    assert "not valid JSON" in broken.stderr
    assert "Traceback" not in missing.stderr + broken.stderr


def test_corrupt_slots_are_told_in_a_sentence_and_mended_by_hand(tmp_path: Path) -> None:
    with running(tmp_path / "pool") as pool:
        pool.stop()
        slots = pool.directory / "slots.json"
        slots.write_text("{oops")
        pool.init = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.fake_init", "--directory", str(pool.directory)]
        )
        log = pool.directory / "logs" / "agent.log"
        eventually_sync(lambda: "slots.json is corrupt" in log.read_text(), message="told")
        assert "Traceback" not in log.read_text()
        assert slots.read_text() == "{oops"
        slots.unlink()
        eventually_sync(pool.answers, message="agent answers")


def test_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        pool = PoolRig(tmp_path / "pool", agent_port=taken.getsockname()[1])
        pool.init = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.fake_init", "--directory", str(pool.directory)]
        )
        try:
            log = pool.directory / "logs" / "agent.log"
            eventually_sync(lambda: log.exists() and "cannot listen on 127.0.0.1" in log.read_text(), message="told")
            assert "Traceback" not in log.read_text()
        finally:
            pool.close()


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
