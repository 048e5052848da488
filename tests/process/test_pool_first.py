"""The thinnest real path: PUT a slot, fork, hello, running; and stop in good order."""

from pathlib import Path

from tests.fakes.pool_rig import running


def test_put_forks_a_bot_that_reports_and_stops(tmp_path: Path) -> None:
    with running(tmp_path / "pool") as pool:
        pool.put("one")
        slot = pool.until_state("one", "running")
        assert slot["pid"] in pool.processes()
        assert slot["conditions"] == []
        pool.put("one", "stopped", generation=2)
        slot = pool.until_state("one", "stopped")
        assert slot["last_exit"]["reason"] == "stopped as asked"
        assert slot["last_exit"]["code"] == 0
        assert pool.stop() == 0
        assert pool.processes() == []
