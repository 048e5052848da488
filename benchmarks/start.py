"""From the create request to RUNNING: one bot at a time and 50 at once, beside plain processes in the same run.

    python -m benchmarks.start [--one 20] [--at-once 50] [--plain 5] [--plain-at-once 10] [--json]

The pool's side goes through everything a user's request does: HTTP API, database, reconciler, agent, fork, FreqTrade's
boot against the paper exchange, report back, HTTP API. The plain side is `freqtrade trade` until its own REST API says
running.
"""

import argparse
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.product import bots, product, remove_all
from benchmarks.rigs import plain, rendered_bots, wait_until

POLL_SECONDS = 0.02


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        with product(home) as client:
            one = [_create_and_wait(client, f"one-{number}") for number in range(arguments.one)]
            remove_all(client)
            together = _create_together(client, arguments.at_once)
            exchange_url = json.loads((home / "paper-exchange/endpoint.json").read_text())["url"]
            remove_all(client)
            plain_one, plain_together = _plain(Path(scratch), exchange_url, arguments.plain, arguments.plain_at_once)
    result = {
        "pool": {"one": _percentiles(one), "at_once": {"bots": arguments.at_once, "seconds": round(together, 2)}},
        "plain": {
            "one": _percentiles(plain_one),
            "at_once": {"bots": arguments.plain_at_once, "seconds": round(plain_together, 2)},
        },
        "ratio": round(statistics.median(plain_one) / statistics.median(one), 2),
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(result)


def _create_and_wait(client: httpx.Client, name: str) -> float:
    started = time.monotonic()
    bot_id = _create(client, name)
    deadline = started + 60
    while client.get(f"/bots/{bot_id}").raise_for_status().json()["observed_state"] != "running":
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} did not reach running")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - started


def _create_together(client: httpx.Client, count: int) -> float:
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _create(client, f"together-{number}"), range(count)))
    wait_until(lambda: sum(bot["observed_state"] == "running" for bot in bots(client)) == count, 300, "all running")
    return time.monotonic() - started


def _create(client: httpx.Client, name: str) -> str:
    template = ("trend", "mean_reversion", "breakout")[sum(name.encode()) % 3]
    return str(client.post("/bots", json={"name": name, "template": template}).raise_for_status().json()["id"])


def _plain(scratch: Path, exchange_url: str, one: int, at_once: int) -> tuple[list[float], float]:
    seconds = []
    for number in range(one):
        with plain(scratch / f"plain-{number}", exchange_url) as rig:
            rig.start(rendered_bots(1))
            rig.wait_running(120)
            seconds.append(rig.bots[0].running_after_seconds or 0.0)
    with plain(scratch / "plain-together", exchange_url) as rig:
        started = time.monotonic()
        rig.start(rendered_bots(at_once))
        rig.wait_running(300)
        return seconds, time.monotonic() - started


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "runs": len(ordered),
        "p50": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "max": round(ordered[-1], 3),
    }


def _print_table(result: dict[str, Any]) -> None:
    table = Table("seconds from request to RUNNING", "pool", "plain process", title="Start")
    for name in ("p50", "p95", "max"):
        table.add_row(f"one bot, {name}", *(str(result[side]["one"][name]) for side in ("pool", "plain")))
    cells = [f"{result[side]['at_once']['seconds']} ({result[side]['at_once']['bots']})" for side in ("pool", "plain")]
    table.add_row("all at once (bots)", *cells)
    table.add_row("times faster, median", str(result["ratio"]), "1")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--one", type=int, default=20, help="bots started one after another")
    parser.add_argument("--at-once", type=int, default=50, help="bots started together")
    parser.add_argument("--plain", type=int, default=5, help="plain processes started one after another")
    parser.add_argument("--plain-at-once", type=int, default=10, help="plain processes started together")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
