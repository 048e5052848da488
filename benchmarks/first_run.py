"""How soon somebody who never saw Flotilla has bots that trade.

    python -m benchmarks.first_run [--runs 3] [--anew] [--json]

The product as `make run` starts it once all is installed and built, in an empty home, on embedded defaults; a page in
the system's Chromium, which signs in with the first password and takes what the guided set-up offers. Told are the
seconds

- from the start until the page asks who it is,
- from the end of the set-up's summary until every bot runs, and until one holds a trade.

The bots of the first start, which stay by default, have looked for a trade since then; with `--anew` they go, and one
bot of each template comes in their place. When a template enters is up to the prices, which walk at random.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import chromium
from tests.e2e.running import Flotilla

_WAIT_SECONDS = 1800
_PASSWORD = "seven grey herons wade"
_STEPS = ("reading", "exchange", "rules", "bots", "summary")
_TOLD = {
    "page": "start to page",
    "running": "summary to all bots running",
    "trade": "summary to the first open trade",
    "whole": "start to the first open trade",
}


def main() -> None:
    arguments = _arguments()
    found: dict[str, list[float]] = {name: [] for name in _TOLD}
    for _ in range(arguments.runs):
        for name, seconds in _run(anew=arguments.anew).items():
            found[name].append(round(seconds, 2))
    if arguments.json:
        print(json.dumps(found))
        return
    table = Table("seconds", "median", "longest", title=f"First runs: {arguments.runs}")
    for name, label in _TOLD.items():
        table.add_row(label, f"{statistics.median(found[name]):.1f}", f"{max(found[name]):.1f}")
    Console().print(table)


def _run(*, anew: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page.set_default_timeout(_WAIT_SECONDS * 1000)
        expect.set_options(timeout=_WAIT_SECONDS * 1000)
        began = time.monotonic()
        with Flotilla(Path(scratch) / "home", "up") as running:
            page.goto(running.url)
            expect(page.get_by_label("User name")).to_be_visible()
            there = time.monotonic()
            _set_up(page, running.password, anew=anew)
            page.get_by_test_id("next").click()
            ended = time.monotonic()
            expect(page.get_by_test_id("start-title")).to_have_attribute("data-over", "true")
            run = time.monotonic()
            expect(page.locator('[data-testid="coming"][data-progress="trades"]').first).to_be_visible()
            trades = time.monotonic()
        browser.close()
    return {"page": there - began, "running": run - ended, "trade": trades - ended, "whole": trades - began}


def _set_up(page: Page, password: str, *, anew: bool) -> None:
    """As far as the summary."""
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("input[name=current]").fill(password)
    page.get_by_test_id("new-password").fill(_PASSWORD)
    page.keyboard.press("Enter")
    for step in _STEPS:
        page.wait_for_url(f"**/setup/{step}")
        if step == "bots" and anew:
            page.get_by_test_id("keep-demo").click()
            for choice in page.locator('[data-testid^="first-"]').get_by_role("checkbox").all():
                choice.click()
        if step != _STEPS[-1]:
            page.get_by_test_id("next").click()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_run", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how many first runs")
    parser.add_argument("--anew", action="store_true", help="other bots instead of those of the first start")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
