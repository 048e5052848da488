"""One pool with fake bots: what becomes of a slot from its PUT to its archive."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.pool_rig import PoolRig, running, spec
from tests.support import eventually_sync


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolRig]:
    with running(tmp_path_factory.mktemp("life") / "pool") as rig:
        yield rig


def kinds(pool: PoolRig, bot_id: str) -> list[str]:
    return [item["event"]["type"] for item in pool.events() if item["event"]["bot_id"] == bot_id]


def test_put_forks_a_bot_that_reports_and_stops(pool: PoolRig) -> None:
    assert pool.call("PUT", "/v1/slots/one", json=spec()).status_code == 201
    assert pool.call("PUT", "/v1/slots/one", json=spec()).status_code == 200
    slot = pool.until_state("one", "running")
    assert slot["pid"] in pool.processes()
    assert slot["conditions"] == []
    assert (slot["observed_generation"], slot["epoch"], slot["restarts"]) == (1, 1, 0)
    pool.put("one", "stopped", generation=2)
    slot = pool.until_state("one", "stopped")
    assert (slot["last_exit"]["reason"], slot["last_exit"]["code"]) == ("stopped as asked", 0)
    assert slot["observed_generation"] == 2
    assert [kind for kind in kinds(pool, "one") if kind != "bot.state"] == ["bot.started", "bot.exited"]


def test_files_are_private_and_hold_no_credentials(pool: PoolRig) -> None:
    credentials = {"key": "k-very-secret", "secret": "s-very-secret"}
    pool.put("private", trading="paper_live", exchange="binance", credentials=credentials)
    pool.until_state("private", "running")
    directory = pool.directory / "bots" / "private"
    eventually_sync(lambda: (directory / "had-credentials").exists(), message="credentials by Welcome")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "slot.json").stat().st_mode & 0o777 == 0o644  # the bot may be another user; nobody else enters
    for file in [pool.directory / "slots.json", directory / "slot.json", *(pool.directory / "logs").iterdir()]:
        assert "very-secret" not in file.read_text(), file
    assert (pool.directory / "agent.sock").stat().st_mode & 0o777 == 0o600
    assert (pool.directory / "slots.json").stat().st_mode & 0o777 == 0o600


def test_pause_and_resume_last_until_the_heartbeat_agrees(pool: PoolRig) -> None:
    pool.put("pausing", "paused")
    slot = pool.until_state("pausing", "paused")
    assert slot["trader_state"] == "paused"
    pool.put("pausing", "running")
    assert pool.until_state("pausing", "running")["run_id"] == slot["run_id"]


def test_new_generation_is_reloaded_without_a_new_process(pool: PoolRig) -> None:
    pool.put("reloading")
    before = pool.until_state("reloading", "running")
    pool.put("reloading", generation=2)
    after = pool.until("reloading", lambda slot: slot["observed_generation"] == 2)
    assert after["run_id"] == before["run_id"]


def test_killed_bot_is_noticed_within_a_second_and_restarted(pool: PoolRig) -> None:
    seconds = []
    for number in range(10):  # a busy machine may hold up some of them
        pool.put(f"killed-{number}")
        before = pool.until_state(f"killed-{number}", "running")
        os.kill(before["pid"], signal.SIGKILL)
        killed_at = time.monotonic()
        pool.until(f"killed-{number}", lambda slot, pid=before["pid"]: slot["pid"] != pid)  # type: ignore[misc]
        seconds.append(time.monotonic() - killed_at)
        if seconds[-1] < 1:
            break
    assert min(seconds) < 1, seconds
    after = pool.until(before["bot_id"], lambda slot: slot["observed_state"] == "running" and slot["restarts"] == 1)
    assert after["last_exit"]["signal"] == signal.SIGKILL
    assert after["last_exit"]["reason"] == "was ended by SIGKILL"
    assert any(line.startswith("run ") for line in after["last_exit"]["log_tail"])


def test_crash_loop_quarantines_that_bot_alone(pool: PoolRig) -> None:
    pool.put("sibling")
    sibling = pool.until_state("sibling", "running")
    pool.put("looping", fake={"exit_code": 3})
    slot = pool.until_state("looping", "quarantined")
    assert slot["restarts"] == 2
    assert [condition["type"] for condition in slot["conditions"]] == ["Quarantined"]
    assert slot["last_exit"]["reason"] == "crashed with exit code 3"
    assert "fake failure 3" in slot["last_exit"]["log_tail"]
    assert kinds(pool, "looping").count("bot.quarantined") == 1
    assert pool.slot("sibling")["run_id"] == sibling["run_id"]
    assert pool.slot("sibling")["observed_state"] == "running"


def test_quarantine_ends_by_restart_or_new_generation(pool: PoolRig, tmp_path: Path) -> None:
    cure = tmp_path / "cure"
    pool.put("curable", fake={"exit_unless_file": str(cure)})
    pool.until_state("curable", "quarantined")
    cure.touch()
    assert pool.call("POST", "/v1/slots/curable/restart?epoch=1").status_code == 202
    pool.until_state("curable", "running")
    pool.put("curable", generation=2, fake={"exit_code": 78})
    slot = pool.until("curable", lambda slot: slot["observed_generation"] == 2)
    pool.call("POST", "/v1/slots/curable/restart?epoch=1")
    slot = pool.until_state("curable", "failed")
    assert [condition["type"] for condition in slot["conditions"]] == ["BootFailed"]
    pool.put("curable", generation=3)
    pool.until_state("curable", "running")


def test_unreachable_exchange_is_waited_for_and_never_a_crash(pool: PoolRig, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"
    pool.put("waiting", fake={"needs_file": str(exchange)})
    slot = pool.until("waiting", lambda slot: slot["restarts"] >= 1 and slot["observed_state"] == "pending")
    assert [condition["type"] for condition in slot["conditions"]] == ["ExchangeUnreachable"]
    assert "exchange is down" in slot["conditions"][0]["message"]
    exchange.touch()
    slot = pool.until_state("waiting", "running")
    assert slot["conditions"] == []
    assert "bot.quarantined" not in kinds(pool, "waiting")


def test_hung_bot_is_replaced(pool: PoolRig) -> None:
    pool.put("frozen", fake={"patience": 3})
    before = pool.until_state("frozen", "running")
    os.kill(before["pid"], signal.SIGSTOP)
    after = pool.until(
        "frozen", lambda slot: slot["run_id"] != before["run_id"] and slot["observed_state"] == "running"
    )
    assert [condition["type"] for condition in after["conditions"]] == ["Hung"]
    assert "bot.hung" in kinds(pool, "frozen")


def test_bot_without_progress_is_replaced(pool: PoolRig) -> None:
    pool.put("stuck", fake={"stuck": True, "patience": 1})
    slot = pool.until("stuck", lambda slot: slot["restarts"] >= 1)
    assert slot["last_exit"]["reason"] == "made no progress and was replaced"
    pool.put("stuck", "stopped", generation=2)


def test_bot_that_ignores_the_stop_is_killed_in_time(pool: PoolRig) -> None:
    pool.put("stubborn", fake={"ignore_stop": True})
    pool.until_state("stubborn", "running")
    pool.put("stubborn", "stopped", generation=2, fake={"ignore_stop": True})
    slot = pool.until_state("stubborn", "stopped")
    assert slot["last_exit"]["signal"] == signal.SIGKILL


def test_flatten_closes_trades_before_the_stop(pool: PoolRig) -> None:
    pool.put("flattening", fake={"open_trades": 2})
    pool.until_state("flattening", "running")
    pool.put("flattening", "stopped", open_trades="flatten", generation=2)
    pool.until_state("flattening", "stopped")
    assert open_trades(pool, "flattening") == 0


def test_flatten_of_a_stopped_bot_starts_it_to_close_its_trades(pool: PoolRig) -> None:
    pool.put("asleep", fake={"open_trades": 2})
    pool.until_state("asleep", "running")
    pool.put("asleep", "stopped", generation=2)
    pool.until_state("asleep", "stopped")
    assert open_trades(pool, "asleep") == 2
    pool.put("asleep", "stopped", open_trades="flatten", generation=3)
    pool.until("asleep", lambda slot: slot["observed_state"] == "stopped" and slot["restarts"] == 1)
    assert open_trades(pool, "asleep") == 0


def test_delete_archives_the_directory_and_fences_the_past(pool: PoolRig) -> None:
    pool.put("leaving", epoch=3)
    pool.until_state("leaving", "running")
    assert pool.call("DELETE", "/v1/slots/leaving?epoch=2").status_code == 409
    assert pool.call("DELETE", "/v1/slots/leaving?epoch=3").status_code == 202
    eventually_sync(lambda: pool.call("DELETE", "/v1/slots/leaving?epoch=3").status_code == 204, message="gone")
    assert pool.call("GET", "/v1/slots/leaving").status_code == 404
    assert not (pool.directory / "bots" / "leaving").exists()
    archived = [entry for entry in (pool.directory / "archive").iterdir() if entry.name.startswith("leaving-")]
    assert len(archived) == 1
    assert (archived[0] / "tradesv3.sqlite").exists()
    assert pool.call("PUT", "/v1/slots/leaving", json=spec(epoch=3)).status_code == 409
    assert pool.call("DELETE", "/v1/slots/never-was?epoch=1").status_code == 404


def test_a_second_init_is_refused_in_a_sentence(pool: PoolRig, capfd: pytest.CaptureFixture[str]) -> None:
    from pool.__main__ import main

    assert main(["--directory", str(pool.directory)]) == 1
    assert "another init runs it already" in capfd.readouterr().err


def test_a_higher_epoch_restarts_and_a_lower_one_is_refused(pool: PoolRig) -> None:
    pool.put("fencing", epoch=5)
    before = pool.until_state("fencing", "running")
    refused = pool.call("PUT", "/v1/slots/fencing", json=spec(epoch=4))
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_epoch")
    pool.put("fencing", epoch=6)
    pool.until("fencing", lambda slot: slot["run_id"] != before["run_id"] and slot["observed_state"] == "running")


def test_memory_is_sampled(pool: PoolRig) -> None:
    pool.put("sampled")
    slot = pool.until("sampled", lambda slot: slot["memory"] is not None and slot["cpu_percent"] is not None)
    assert 0 < slot["memory"]["uss_bytes"] <= slot["memory"]["pss_bytes"] <= slot["memory"]["rss_bytes"]
    report = pool.pool()
    assert report["bots_memory"]["pss_bytes"] > 0
    assert report["agent_memory"]["rss_bytes"] < 80 * 1024 * 1024
    assert report["init_memory"]["pss_bytes"] > 0
    assert report["zygote"]["memory"]["pss_bytes"] > 0
    assert report["zygote"]["state"] == "ready"


def open_trades(pool: PoolRig, bot_id: str) -> int:
    with sqlite3.connect(pool.directory / "bots" / bot_id / "tradesv3.sqlite") as database:
        return int(database.execute("SELECT count(*) FROM trades WHERE is_open").fetchone()[0])


def test_slots_file_lists_what_is_wanted(pool: PoolRig) -> None:
    pool.put("stored", "stopped")
    stored = json.loads((pool.directory / "slots.json").read_text())
    assert "stored" in [slot["bot_id"] for slot in stored["slots"]]
