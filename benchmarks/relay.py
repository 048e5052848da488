"""What the relay to a bot's own REST API adds to a call, side by side in one run.

    python -m benchmarks.relay [--calls 2000] [--json]

One bot, asked on three ways in turn, one call after the other: directly on its own socket, and through Flotilla by an
API token that reads and by one that trades, both as HTTP Basic with every call, as FreqTrade's client sends it.
Reading is `version`, `status` and `show_config`; control takes a pair that is not there off the blacklist. Milliseconds
from sending to the last byte; promised is a p99 that is at most 10 ms above a direct call's.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table
from sqlmodel import select

from benchmarks.direct import credentials
from benchmarks.product import bots, product
from benchmarks.rigs import wait_until
from orchestrator.db.engine import Database
from orchestrator.users import api_tokens
from orchestrator.users.models import UserModel

ALLOWED_MS = 10.0
_READING = ("version", "status", "show_config")
_CONTROL = "blacklist?pairs_to_delete=NONE%2FUSDT"
_DIRECT, _VIEWER, _TRADER = "direct", "through Flotilla, viewer", "through Flotilla, trader"
Call = tuple[str, str]
"""Method and path."""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        with product(home) as client:
            result = _measure(client, home, arguments.calls)
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(result)


def _measure(client: httpx.Client, home: Path, calls: int) -> dict[str, Any]:
    bot_id = client.post("/bots", json={"name": "bench", "template": "trend"}).raise_for_status().json()["id"]
    wait_until(lambda: bots(client)[0]["observed_state"] == "running", 120, "the bot runs")
    base = f"/bots/{bot_id}/freqtrade/api/v1"
    (directory,) = (home / "pools").glob(f"*/bots/{bot_id}")
    own = credentials(directory, lambda: client.get(f"{base}/version").raise_for_status())
    viewer, trader = asyncio.run(_tokens(home))
    transport = httpx.HTTPTransport(uds=str(directory / "api.sock"))
    through = f"{client.base_url}{base.lstrip('/')}"
    with (
        httpx.Client(base_url="http://bot/api/v1", auth=own, transport=transport, timeout=60) as direct,
        httpx.Client(base_url=through, auth=("admin", viewer), timeout=60) as looking,
        httpx.Client(base_url=through, auth=("admin", trader), timeout=60) as trading,
    ):
        reading = {_DIRECT: direct, _VIEWER: looking, _TRADER: trading}
        control = {_DIRECT: direct, _TRADER: trading}
        told = {
            "reading": _side_by_side(reading, [("GET", path) for path in _READING], calls),
            "control": _side_by_side(control, [("DELETE", _CONTROL)], calls),
        }
    return {"calls": calls, "allowed_ms": ALLOWED_MS, "milliseconds": told}


async def _tokens(home: Path) -> tuple[str, str]:
    """Of the first administrator: one that reads, one that trades."""
    database = Database(f"sqlite+aiosqlite:///{home}/flotilla.db")
    try:
        async with database.unit_of_work() as session:
            admin = (await session.exec(select(UserModel).where(UserModel.username == "admin"))).one()
            made = [
                await api_tokens.create(session, admin.id, scope, [scope], None, None) for scope in ("read", "trade")
            ]
    finally:
        await database.close()
    return made[0][1], made[1][1]


def _side_by_side(ways: dict[str, httpx.Client], asked: list[Call], calls: int) -> dict[str, dict[str, float]]:
    """Each way in turn, so that whatever else the machine does concerns all alike."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(-20, calls):
        method, path = asked[number % len(asked)]
        for way, client in ways.items():
            started = time.perf_counter()
            client.request(method, path).raise_for_status()
            if number >= 0:  # the first ones open connections
                times[way].append((time.perf_counter() - started) * 1000)
    return {way: _percentiles(values) for way, values in times.items()}


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * q))], 2) for name, q in at.items()}


def _print_table(result: dict[str, Any]) -> None:
    for what, ways in result["milliseconds"].items():
        table = Table("milliseconds", "p50", "p95", "p99", "more at p99", title=f"{what}, {result['calls']} calls each")
        direct = ways[_DIRECT]["p99"]
        for way, row in ways.items():
            more = "" if way == _DIRECT else f"{row['p99'] - direct:+.2f}"
            table.add_row(way, *(f"{row[name]:.2f}" for name in ("p50", "p95", "p99")), more)
        Console().print(table)
    Console().print(f"Promised: at most {ALLOWED_MS:.0f} ms more at p99.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
