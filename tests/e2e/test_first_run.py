"""A new user's first five minutes, without a terminal: start, trade, stop, resume."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.running import Flotilla, processes_of
from tests.support import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

RUNNING_SECONDS = 600
TRADE_SECONDS = 1200
"""In one of two hundred stretches of five minutes no template finds an entry; of ten minutes, none was seen."""


def command(running: Flotilla, *arguments: str) -> Any:
    """`flotilla … --json` against the running product."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    outcome = subprocess.run(
        [sys.executable, "-m", "api", *arguments, "--json", "--url", running.url],
        env={**own, "FLOTILLA_HOME": str(running.home)},
        capture_output=True,
        text=True,
        timeout=RUNNING_SECONDS + 100,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def has_traded(running: Flotilla) -> bool:
    types = {
        event["type"] for bot in running.bots() for event in running.get(f"/api/v1/bots/{bot['id']}/events")["items"]
    }
    return any("entry" in one for one in types)


def shared(running: Flotilla, exchange: str) -> int:
    """How many requests for that exchange were answered with what another one had asked."""
    traffic = running.get("/api/v1/exchanges/traffic")
    assert traffic["available"], traffic["problem"]
    told = {one["exchange"]: one["figures"] for one in traffic["exchanges"]}
    return sum(told[exchange][how] for how in ("hits", "joined")) if exchange in told else 0


def known_trades(running: Flotilla) -> set[tuple[str, int, str]]:
    """Open and closed trades of all bots, as FreqTrade itself tells them: bot, id, pair."""
    known = set()
    for bot in running.bots():
        own = f"/api/v1/bots/{bot['id']}/freqtrade/api/v1"
        trades = running.get(f"{own}/status") + running.get(f"{own}/trades")["trades"]
        known |= {(bot["name"], trade["trade_id"], trade["pair"]) for trade in trades}
    return known


def test_first_run_trades_stops_and_resumes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Flotilla(home) as running:
        file = home / "admin-password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert running.password not in running.output  # which is no terminal
        assert str(file) in running.output.replace("\n", "")
        eventually_sync(lambda: running.all_running(3), RUNNING_SECONDS, "three demo bots run")
        assert {bot["template"] for bot in running.bots()} == {"trend", "mean_reversion", "breakout"}
        identities = {bot["name"]: bot["id"] for bot in running.bots()}
        eventually_sync(lambda: has_traded(running), TRADE_SECONDS, "a demo bot enters a trade")
        assert [bot["name"] for bot in command(running, "bots", "list")["items"]] == sorted(identities)
        assert command(running, "portfolio")["currency"] == "USDT"
        assert command(running, "status")["ready"] is True
        assert shared(running, "paper"), "bots ask through the gateway, and share what it was told"
        trades = known_trades(running)
        assert running.stop() == 0
        assert "Stopped." in running.output
        assert running.processes() == []
        password = running.password
    with Flotilla(home) as again:
        assert again.password == password
        assert password not in again.output
        eventually_sync(lambda: again.all_running(3), RUNNING_SECONDS, "the same fleet runs again")
        assert {bot["name"]: bot["id"] for bot in again.bots()} == identities
        assert has_traded(again)
        assert trades
        assert trades <= known_trades(again)
        assert again.stop(signal.SIGTERM) == 0
        assert again.processes() == []


def test_serve_leaves_the_bots_and_the_next_start_adopts_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Flotilla(home, "serve", "--no-demo") as serving:
        assert serving.bots() == []
        wait = ("--wait", "--timeout", str(RUNNING_SECONDS))
        made = command(serving, "bots", "create", "mine", "--template", "trend", "-p", "ema_fast=9", *wait)
        assert made["observed_state"] == "running"
        before = command(serving, "bots", "show", "mine")
        (pid,) = bot_pids(home)
        assert serving.stop(signal.SIGTERM) == 0
        assert bot_pids(home) == [pid]
        with Flotilla(home) as adopting:
            eventually_sync(lambda: adopting.all_running(1), RUNNING_SECONDS, "the bot is adopted")
            assert bot_pids(home) == [pid]
            assert adopting.bots()[0]["id"] == before["id"]
            assert adopting.stop() == 0
            assert adopting.processes() == []


def test_a_second_control_plane_of_the_same_home_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Flotilla(home, "serve", "--no-demo") as first:
        outcome = subprocess.run(
            [sys.executable, "-m", "api", "serve"],
            env={**os.environ, "FLOTILLA_HOME": str(home), "FLOTILLA_PORT": "0"},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert outcome.returncode == 1
        assert "Traceback" not in outcome.stderr
        assert re.search(r"flotilla: .*(already|another)", outcome.stderr), outcome.stderr
        assert first.process.poll() is None
        assert first.get("/api/v1/bots") == {"items": [], "next": None}


def bot_pids(home: Path) -> list[int]:
    """Processes that hold a bot's directory as their own."""
    found = []
    for process in processes_of(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
            if Path(process.cwd()).parent.name == "bots":
                found.append(process.pid)
    return sorted(found)
