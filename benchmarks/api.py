"""Latency of reads and of the SSE fan-out, with the whole control plane on one core.

    python -m benchmarks.api [--reads 2000] [--streams 1000] [--seconds 30] [--json]

Reads: sequential GETs on one connection, milliseconds. Fan-out: that many open portfolio streams; each message carries
the time at which the server made it (`as_of`), the delay is the arrival at each stream less that. The plain alternative
is a client that polls: the same number of clients asking for the portfolio once a second would need as many requests a
second, so the table gives the reads per second that one core answers.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.product import product

READS = ("/bots", "/portfolio", "/pools", "/templates")


def main() -> None:
    arguments = _arguments()
    available = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch, product(Path(scratch) / "home") as client:
        for number in range(3):
            body = {"name": f"bench-{number}", "template": "trend"}
            client.post("/bots", json=body).raise_for_status()
        server = _control_plane(str(client.base_url.port))
        server.cpu_affinity(available[:1])
        os.sched_setaffinity(0, available[1:] or available)
        reads = {path: _read(client, path, arguments.reads // len(READS)) for path in READS}
        cpu_before = sum(server.cpu_times()[:2])
        delays = asyncio.run(_fan_out(client, arguments.streams, arguments.seconds))
        cpu = (sum(server.cpu_times()[:2]) - cpu_before) / arguments.seconds * 100
    result = {
        "reads_ms": reads,
        "streams": {
            "open": arguments.streams,
            "messages": len(delays),
            "delay_ms": _percentiles(delays),
            "cpu_percent": round(cpu, 1),
        },
        "plain": {
            "polling_clients": arguments.streams,
            "requests_per_second_needed": arguments.streams,
            "reads_per_second_answered": round(1000 / reads["/portfolio"]["p50"]),
        },
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(result)


def _control_plane(port: str) -> psutil.Process:
    listeners = [
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == int(port)
    ]
    return psutil.Process(listeners[0])


def _read(client: httpx.Client, path: str, count: int) -> dict[str, float]:
    milliseconds = []
    for _ in range(count):
        started = time.perf_counter()
        client.get(path).raise_for_status()
        milliseconds.append((time.perf_counter() - started) * 1000)
    return _percentiles(milliseconds)


async def _fan_out(client: httpx.Client, streams: int, seconds: float) -> list[float]:
    delays: list[float] = []
    url = f"{str(client.base_url).rstrip('/')}/portfolio/stream"
    headers = {"Authorization": client.get("/auth/me").raise_for_status().request.headers["Authorization"]}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    ready = asyncio.Semaphore(0)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        tasks = []
        for _ in range(streams):
            tasks.append(asyncio.create_task(_listen(session, url, delays, ready)))
            if len(tasks) % 50 == 0:
                await asyncio.sleep(0)
        for _ in range(streams):
            await asyncio.wait_for(ready.acquire(), 120)
        delays.clear()
        await asyncio.sleep(seconds)
        measured = list(delays)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return measured


async def _listen(session: aiohttp.ClientSession, url: str, delays: list[float], ready: asyncio.Semaphore) -> None:
    async with session.get(url) as response:
        response.raise_for_status()
        ready.release()
        event = ""
        async for line in response.content:
            if line.startswith(b"event:"):
                event = line[6:].strip().decode()
            elif line.startswith(b"data:") and event == "portfolio":
                arrived = time.time()
                made = datetime.fromisoformat(json.loads(line[5:])["as_of"])
                delays.append((arrived - made.timestamp()) * 1000)


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        raise SystemExit("no message arrived: is the fleet trading?")
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * q))], 2) for name, q in at.items()}


def _print_table(result: dict[str, Any]) -> None:
    table = Table("milliseconds", "p50", "p95", "p99", title="API on one core")
    for path, row in result["reads_ms"].items():
        table.add_row(f"GET {path}", *(str(row[name]) for name in ("p50", "p95", "p99")))
    streams = result["streams"]
    label = f"portfolio event to {streams['open']} streams ({streams['cpu_percent']} % of a core)"
    table.add_row(label, *(str(streams["delay_ms"][name]) for name in ("p50", "p95", "p99")))
    Console().print(table)
    needed, answered = (
        result["plain"]["requests_per_second_needed"],
        result["plain"]["reads_per_second_answered"],
    )
    print(f"Polling instead: {needed} requests a second needed, one connection gets {answered}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description=__doc__)
    parser.add_argument("--reads", type=int, default=2000, help="GET requests in all")
    parser.add_argument("--streams", type=int, default=1000, help="open streams")
    parser.add_argument("--seconds", type=float, default=30, help="how long the streams are listened to")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
