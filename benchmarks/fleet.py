"""A whole fleet on this machine: the product with its pools, gateway and paper exchange, and real bots in dry run.

    python -m benchmarks.fleet [--bots 500] [--minutes 30] [--timeframe 5m] [--slots 250] [--json]

Nine of ten bots trade the shipped templates on the same ten pairs with candles of that timeframe; each tenth is a
probe on a pair of its own, whose price is moved across its stop again and again (`crossings`): seconds from the
control call to the exit order. It begins when every bot has looped once. Once a second the API is asked (bots,
portfolio, pools in turn), milliseconds. Told are also how many bots ended meanwhile, how many sleep at the end, and
what all processes of the product use: CPU over the whole time, in percent of one core, and memory at the end (PSS; of
the control plane RSS). The probe's side in plain FreqTrade is `make bench-exits`.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import crossings
from benchmarks.crossings import Crossings, Prices, Probe
from benchmarks.processes import cost, with_children
from benchmarks.product import product
from benchmarks.rigs import PAIRS, wait_until

_TEMPLATES = ("trend", "mean_reversion", "breakout")
_READS = ("/bots", "/portfolio", "/pools")
_START_SECONDS = 3_600.0
_MEGABYTE = 1_000_000


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="flotilla-fleet-") as scratch:
        result = _measure(Path(scratch), arguments.bots, arguments.minutes * 60, arguments.timeframe, arguments.slots)
    if arguments.json:
        print(json.dumps(result))
        return
    table = Table("", "", title=f"{arguments.bots} bots, {arguments.minutes:g} minutes")
    for name, value in result.items():
        table.add_row(name, str(value))
    Console().print(table)


def _measure(scratch: Path, bots: int, seconds: float, timeframe: str, slots: int) -> dict[str, Any]:
    home, probes_count = scratch / "home", max(bots // 10, 1)
    crossings.write_templates(scratch / "templates")
    settings = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(scratch / "templates"),
        "FLOTILLA_ORCH_POOL_SLOTS": str(slots),
        "FLOTILLA_ORCH_POOLS_MAXIMUM": str(bots // slots + 2),
        "FLOTILLA_ORCH_PAPER_SYMBOLS": str(min(2 * probes_count + 200, 1_500)),
    }
    with _environment(settings), product(home) as client:
        prices = Prices(home)
        probes = _make(client, prices, bots - probes_count, probes_count, timeframe)
        started = time.monotonic()
        wait_until(lambda: _looped(home) == bots, _START_SECONDS, f"a loop of each of {bots} bots")
        start_seconds = time.monotonic() - started
        crossing = Crossings(home, prices, probes)
        wait_until(lambda: crossing.holding() == len(probes), _START_SECONDS, "a trade of each probe")
        runs, parts = _runs(home), _parts(home, client)
        before, begun = {name: cost(pids).cpu_seconds for name, pids in parts.items()}, time.monotonic()
        crossing.start()
        try:
            reads = _read(client, begun + seconds)
        finally:
            crossing.stop()
        took, after = time.monotonic() - begun, _parts(home, client)
        costs = {name: cost(pids) for name, pids in after.items()}
        used = {name: (one.cpu_seconds - before.get(name, 0.0)) / took * 100 for name, one in costs.items()}
        ended = _slots(home)
        return {
            "bots": bots,
            "timeframe": timeframe,
            "start_seconds": round(start_seconds, 1),
            "alive": sum(slot["observed_state"] == "running" for slot in ended),
            "ended_meanwhile": sum(slot["run_id"] != runs.get(slot["bot_id"]) for slot in ended),
            "asleep": sum((slot["waking"] or {}).get("mode") == "on_need" for slot in ended),
            "cpu_percent": round(sum(used.values()), 1),
            "cpu_percent_per_bot": round(used["pools"] / bots, 3),
            "cpu_percent_by_part": {name: round(one, 1) for name, one in used.items()},
            "memory_mb": round(sum(one.pss_bytes for one in costs.values()) / _MEGABYTE),
            "memory_mb_by_part": {name: round(one.pss_bytes / _MEGABYTE) for name, one in costs.items()},
            "control_plane_rss_mb": round(_resident(after["control_plane"]) / _MEGABYTE),
            "api_ms": _percentiles([one for path in reads.values() for one in path], 1),
            "api_ms_by_path": {path: _percentiles(milliseconds, 1) for path, milliseconds in reads.items()},
            "crossing_to_exit_seconds": {**_percentiles(crossing.seconds, 3), "missed": crossing.missed},
        }


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _make(client: httpx.Client, prices: Prices, count: int, probes: int, timeframe: str) -> list[Probe]:
    pairs = prices.pairs(PAIRS)[:probes]
    if len(pairs) < probes:
        raise ValueError(f"the paper exchange has {len(pairs)} pairs for {probes} probes")
    for pair in pairs:
        prices.hold(pair)
    bodies: list[dict[str, Any]] = [
        {"name": f"bot-{n}", "template": _TEMPLATES[n % 3], "pairs": PAIRS, "timeframe": timeframe}
        for n in range(count)
    ]
    bodies += [{"name": f"probe-{n}", "template": crossings.TEMPLATE, "pairs": [pair]} for n, pair in enumerate(pairs)]

    def create(body: dict[str, Any]) -> str:
        answer = client.post("/bots", json=body)
        if not answer.is_success:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")
        return str(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(create, bodies))
    return [Probe(bot_id, pair) for bot_id, pair in zip(made[count:], pairs, strict=True)]


# ---- what the pools' agents tell


def _slots(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for directory in sorted((home / "pools").glob("*")):
        if not (directory / "endpoint.json").exists():
            continue
        where = json.loads((directory / "endpoint.json").read_text())
        headers = {"Authorization": f"Bearer {(directory / 'agent-token').read_text().strip()}"}
        url = f"http://{where['host']}:{where['port']}/v1/slots"
        try:
            found += httpx.get(url, headers=headers, timeout=60).raise_for_status().json()["items"]
        except httpx.HTTPError:
            continue  # an agent that is about to listen; its bots are missing from the count
    return found


def _looped(home: Path) -> int:
    """Bots that run and have told how they wait for the next loop."""
    time.sleep(1)  # who starts so many bots has no time for many questions
    return sum(slot["observed_state"] == "running" and slot["waking"] is not None for slot in _slots(home))


def _runs(home: Path) -> dict[str, str]:
    return {slot["bot_id"]: slot["run_id"] for slot in _slots(home)}


# ---- what it takes


def _parts(home: Path, client: httpx.Client) -> dict[str, list[int]]:
    """The product's processes, by what they are."""
    parts: dict[str, list[int]] = {"pools": [], "gateway": [], "exchange": []}
    modules = {"pool": "pools", "pool.exchange.gateway": "gateway", "pool.exchange.simulator": "exchange"}
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "-m" not in words or not any(str(home) in word for word in words):
            continue
        part = modules.get(words[words.index("-m") + 1])
        if part is not None:
            parts[part].append(process.pid)
    apart = {name: with_children(pids) for name, pids in parts.items()}
    return {"control_plane": [_listener(client)], **apart}  # which may be the parent of them all


def _listener(client: httpx.Client) -> int:
    port = urlsplit(str(client.base_url)).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return int(connection.pid or 0)
    raise RuntimeError(f"nobody listens on port {port}")


def _resident(pids: Sequence[int]) -> int:
    return sum(int(psutil.Process(pid).memory_info().rss) for pid in pids)


def _read(client: httpx.Client, until: float) -> dict[str, list[float]]:
    """Milliseconds by path, of one request a second."""
    milliseconds: dict[str, list[float]] = {path: [] for path in _READS}
    for path in cycle(_READS):
        begun = time.perf_counter()
        if time.monotonic() >= until:
            break
        client.get(path).raise_for_status()
        milliseconds[path].append((time.perf_counter() - begun) * 1000)
        time.sleep(max(1 - (time.perf_counter() - begun), 0.0))
    return milliseconds


def _percentiles(values: Sequence[float], digits: int) -> dict[str, float]:
    ordered = sorted(values)
    found: dict[str, float] = {"count": len(ordered)}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        found[name] = round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], digits) if ordered else 0.0
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--bots", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--timeframe", default="5m", help="of the bots' candles; those of the probes are of 1m")
    parser.add_argument("--slots", type=int, default=250, help="bots of one pool at most")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
