"""The portal in the system's Chromium, against the product as a user runs it. No error may stand in the console.

Pictures that tests take go to `FLOTILLA_PICTURES`, a directory outside the checkout, or nowhere.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.people import DESK, Person, Screen
from tests.browser.products import empty_fleet, make_bot
from tests.e2e.ruled import Prices
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

PORTAL = Path(__file__).parents[2] / "scripts" / "portal"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}


@pytest.fixture(scope="session", autouse=True)
def portal() -> None:
    """Built as `make run` does it."""
    subprocess.run([str(PORTAL)], check=True)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, portal: None) -> Iterator[Flotilla]:
    """The product with two bots that enter whenever they may, `one` and `two`, and prices that stand still."""
    home = tmp_path_factory.mktemp("fleet") / "home"
    with empty_fleet(home) as running:
        make_bot(running, "one", "BTC/USDT", "ETH/USDT")
        make_bot(running, "two", "SOL/USDT", "BNB/USDT")
        eventually_sync(lambda: running.all_running(2), 600, "two bots run")
        Prices(home).freeze()
        eventually_sync(lambda: len(open_trades(running)) == 4, 600, "each has two trades")
        yield running


def open_trades(running: Flotilla) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = running.get("/api/v1/trades?state=open")["items"]
    return trades


@pytest.fixture
def screen(browser: Browser) -> Iterator[Screen]:
    """Opens pages for people, and ends with what their consoles said."""
    with Screen(browser) as screen:
        yield screen


@pytest.fixture
def admin(screen: Screen, fleet: Flotilla) -> Person:
    """Signed in at a desk."""
    return screen.person(fleet.url, "admin", fleet.password, viewport=DESK)
