"""The whole product with real bots, and a control plane that dies at a bad moment."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.running import Flotilla
from tests.e2e.test_first_run import bot_pids
from tests.support import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

START_SECONDS = 600
STEP_SECONDS = 120


def test_a_killed_control_plane_loses_nothing(tmp_path: Path) -> None:
    """What was acknowledged is carried out, what ran goes on, what the user sees is one story."""
    home = tmp_path / "home"
    with Flotilla(home, "serve", "--no-demo") as first:
        for name in ("one", "two"):
            create(first, name)
        eventually_sync(lambda: first.all_running(2), START_SECONDS, "two bots run")
        pids = bot_pids(home)
        event, portfolio = next(stream(first))
        assert event == "portfolio"
        assert {bot["name"] for bot in portfolio["bots"]} == {"one", "two"}
        assert portfolio.keys() == first.get("/api/v1/portfolio").keys()
        third = create(first, "three")
        first.process.kill()
        first.process.wait()
        assert set(pids) <= set(bot_pids(home))
        with Flotilla(home, "serve", "--no-demo") as second:
            eventually_sync(lambda: second.all_running(3), STEP_SECONDS, "the acknowledged bot runs, too")
            assert len(bot_pids(home)) == 3
            assert set(pids) <= set(bot_pids(home))
            relayed = second.get(f"/api/v1/bots/{third['id']}/freqtrade/api/v1/show_config")
            assert (relayed["dry_run"], relayed["state"]) == (True, "running")
            flatten_and_delete(second, third["id"])
            assert len(bot_pids(home)) == 2
            assert [path.name[: len(third["id"])] for path in home.glob("pools/*/archive/*")] == [third["id"]]
            assert second.get(f"/api/v1/bots/{create(second, 'three')['id']}")["name"] == "three"


def create(running: Flotilla, name: str) -> dict[str, Any]:
    answer = running.call("POST", "/api/v1/bots", json={"name": name, "template": "breakout"})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def flatten_and_delete(running: Flotilla, bot_id: str) -> None:
    path = f"/api/v1/bots/{bot_id}"
    assert running.call("POST", f"{path}/stop", params={"open_trades": "flatten"}).status_code == 202
    eventually_sync(lambda: running.get(path)["observed_state"] == "stopped", STEP_SECONDS, "flat and stopped")

    def held() -> tuple[int, bool]:
        (bot,) = [one for one in running.get("/api/v1/portfolio")["bots"] if one["id"] == bot_id]
        return bot["open_trades"], bot["stale"]

    eventually_sync(lambda: held() == (0, False), STEP_SECONDS, "its trades are gone from the portfolio")
    assert running.call("DELETE", path).status_code == 202
    eventually_sync(lambda: running.call("GET", path).status_code == 404, STEP_SECONDS, "deleted")


def stream(running: Flotilla) -> Iterator[tuple[str, dict[str, Any]]]:
    """Events of the portfolio stream, opened as a browser would, with a ticket."""
    ticket = running.call("POST", "/api/v1/auth/tickets", json={"purpose": "portfolio"}).json()["ticket"]
    event = ""
    url = f"{running.url}/api/v1/portfolio/stream?ticket={ticket}"
    with httpx.stream("GET", url, timeout=30) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:"):
                yield event, json.loads(line[5:])
