"""How soon a person sees that a price fell through a stop.

    python -m benchmarks.seen [--crashes 8] [--json]

The whole product with a bot that enters whenever it may and a stop of 5 % laid over it, and two pages of the portal in
the system's Chromium: the bot's chart, and its table of trades. Each crash is a price of the paper exchange that falls
by 10 % at once. Told are the seconds from then until the bot's own FreqTrade had closed the trade, by its REST API, and
until each page showed it as closed by the stop. The plain alternative is a page that asks every five seconds, as bots'
own user interfaces do: it adds up to five seconds, two and a half in the middle.

Exit code 1 where the median of a page is over two seconds.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import chromium
from benchmarks.product import free_port
from benchmarks.rigs import wait_until
from tests.e2e.ruled import Prices, write_eager_template
from tests.e2e.running import Flotilla

_PAIRS = ["BTC/USDT", "ETH/USDT"]
_LIMIT_SECONDS = 2.0
_WAIT_SECONDS = 180


def main() -> None:
    arguments = _arguments()
    seen: dict[str, list[float]] = {"closed": [], "chart": [], "table": []}
    with tempfile.TemporaryDirectory() as scratch, _product(Path(scratch)) as running:
        document = {"hard_stop": {"distance": "0.05"}}
        running.call("PUT", "/api/v1/policies/default?confirm=true", json=document).raise_for_status()
        bot = str(running.get("/api/v1/bots")["items"][0]["id"])
        with _pages(running) as (chart, table):
            table.goto(f"{running.url}/bots/{bot}/trades")
            for number in range(arguments.crashes):
                pair = _PAIRS[number % len(_PAIRS)]
                for name, seconds in _crash(running, bot, pair, chart, table).items():
                    seen[name].append(round(seconds, 2))
    if arguments.json:
        print(json.dumps(seen))
    else:
        _print(seen)
    late = {name: statistics.median(seen[name]) for name in ("chart", "table")}
    if any(seconds > _LIMIT_SECONDS for seconds in late.values()):
        raise SystemExit(f"over {_LIMIT_SECONDS} s in the median: {late}")


@contextmanager
def _product(scratch: Path) -> Iterator[Flotilla]:
    write_eager_template(scratch / "templates")
    environment = {"FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(scratch / "templates"), "FLOTILLA_PORT": str(free_port())}
    with Flotilla(scratch / "home", "serve", "--no-demo", **environment) as running:
        body = {"name": "one", "template": "eager", "pairs": _PAIRS, "stake_amount": "100", "max_open_trades": 2}
        running.call("POST", "/api/v1/bots", json=body).raise_for_status()
        wait_until(lambda: running.all_running(1), _WAIT_SECONDS, "the bot runs")
        Prices(running.home).freeze()
        yield running


@contextmanager
def _pages(running: Flotilla) -> Iterator[tuple[Page, Page]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.ARGUMENTS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        context.set_default_timeout(_WAIT_SECONDS * 1000)
        first = context.new_page()
        first.goto(f"{running.url}/sign-in")
        first.get_by_label("User name").fill("admin")
        first.get_by_label("Password", exact=True).fill(running.password)
        first.get_by_role("button", name="Sign in", exact=True).click()
        first.get_by_test_id("stream-state").wait_for()
        try:
            yield first, context.new_page()
        finally:
            browser.close()


def _crash(running: Flotilla, bot: str, pair: str, chart: Page, table: Page) -> dict[str, float]:
    """Seconds from a fall of this pair's price, after which it is as it was."""
    trade = wait_until(lambda: _guarded(running, bot, pair), _WAIT_SECONDS, f"a trade of {pair} with the rule's stop")
    price, identity = float(trade["open_rate"]), trade["trade_id"]
    chart.goto(f"{running.url}/bots/{bot}/chart?pair={pair}")
    chart.locator('[data-testid="level"][data-kind="stop"]').first.wait_for()
    waits = {
        "chart": (chart, f'[data-testid="exit-mark"][data-trade="{identity}"][data-reason*="stop"]'),
        "table": (table, f'[data-testid="trade-row"][data-trade="{identity}"] [data-testid="reason"]'),
    }
    seen: dict[str, float] = {}
    Prices(running.home).put(pair, price * 0.9)
    began = time.monotonic()
    while len(seen) < 3:
        if "closed" not in seen and _closed(running, bot, identity):
            seen["closed"] = time.monotonic() - began
        for name, (page, selector) in waits.items():
            if name not in seen and "stop" in str(page.evaluate(_TEXT, selector)).lower():
                seen[name] = time.monotonic() - began
        if time.monotonic() - began > _WAIT_SECONDS:
            raise TimeoutError(f"{pair}: only {sorted(seen)} within {_WAIT_SECONDS} s")
        time.sleep(0.05)
    Prices(running.home).put(pair, price)
    return seen


_TEXT = """(selector) => {
  const found = document.querySelector(selector)
  return found === null ? '' : found.textContent + (found.dataset.reason ?? '')
}"""


def _guarded(running: Flotilla, bot: str, pair: str) -> dict[str, Any] | None:
    for trade in running.get(f"/api/v1/trades?state=open&bot_id={bot}")["items"]:
        stop = trade["levels"] and trade["levels"]["universal_stop"]
        if trade["pair"] == pair and stop and stop["rule"] == "hard_stop":
            return dict(trade)
    return None


def _closed(running: Flotilla, bot: str, trade: int) -> bool:
    answer = running.call("GET", f"/api/v1/bots/{bot}/freqtrade/api/v1/trade/{trade}")
    return answer.status_code == 200 and not answer.json()["is_open"]


def _print(seen: dict[str, list[float]]) -> None:
    table = Table("seconds after the crash", "median", "longest", title=f"{len(seen['closed'])} crashes")
    names = {"closed": "FreqTrade has closed it", "chart": "seen on the chart", "table": "seen in the table"}
    for name, label in names.items():
        table.add_row(label, f"{statistics.median(seen[name]):.2f}", f"{max(seen[name]):.2f}")
    Console().print(table)
    lag = statistics.median(one - other for one, other in zip(seen["table"], seen["closed"], strict=True))
    print(f"The table shows it {lag:.2f} s after the bot has it; a page that asks every 5 s, 2.5 s in the middle.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seen", description=__doc__)
    parser.add_argument("--crashes", type=int, default=8, help="how often a price falls")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
