"""Memory and CPU per bot: N bots in one pool beside plain `freqtrade trade` processes, against the same paper exchange.

    python -m benchmarks.density [--bots 50] [--plain 10] [--minutes 10] [--json]

The pool runs first, then the plain processes, each alone with the exchange (1,500 symbols) for the same time, trading
the same templates on the same ten pairs; every bot's main REST endpoints are called once a minute. Memory is PSS, by
/proc/PID/smaps_rollup, of everything that the side needs: init, zygote, agent and bots, or the processes. CPU is that
of the last half of the time, in percent of one core per bot.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.processes import cost
from benchmarks.rigs import paper_exchange, plain, pool, rendered_bots, wait_until

SYMBOLS = 1_500
MEGABYTE = 1_000_000


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch, paper_exchange(Path(scratch) / "exchange", SYMBOLS) as url:
        pooled = _measure_pool(Path(scratch), url, arguments.bots, arguments.minutes)
        beside = _measure_plain(Path(scratch), url, arguments.plain, arguments.minutes) if arguments.plain else None
    ratio = beside["pss_mb_per_bot"] / pooled["pss_mb_per_bot"] if beside else None
    result = {"pool": pooled, "plain": beside, "ratio": ratio and round(ratio, 2)}
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(result)


def _measure_pool(scratch: Path, url: str, bots: int, minutes: float) -> dict[str, float]:
    with pool(scratch / "pool", url, bots) as rig:
        started = time.monotonic()
        rig.put(rendered_bots(bots))
        wait_until(lambda: rig.running() == bots, 300, f"{bots} bots running")
        start_seconds = time.monotonic() - started
        first_runs = {slot["bot_id"]: slot["run_id"] for slot in rig.slots()}
        figures = _trade(rig.call_endpoints, rig.pids, bots, minutes)
        slots = rig.slots()
        lost = sum(s["run_id"] != first_runs[s["bot_id"]] or s["observed_state"] != "running" for s in slots)
        zygote = rig.agent.get("/v1/pool").json()["zygote"]
        return {
            **figures,
            "start_seconds": round(start_seconds, 2),
            "warm_seconds": zygote["warm_seconds"],
            "trades": _trades(slots),
            "dead": lost,
        }


def _measure_plain(scratch: Path, url: str, bots: int, minutes: float) -> dict[str, float]:
    with plain(scratch / "plain", url) as rig:
        started = time.monotonic()
        rig.start(rendered_bots(bots))
        rig.wait_running(300)
        start_seconds = time.monotonic() - started
        figures = _trade(rig.call_endpoints, rig.pids, bots, minutes)
        return {**figures, "start_seconds": round(start_seconds, 2), "dead": rig.dead()}


def _trade(
    call_endpoints: Callable[[], None], pids: Callable[[], list[int]], bots: int, minutes: float
) -> dict[str, float]:
    """Lets the bots trade, calling their endpoints each minute; memory at the end, CPU over the second half."""
    begin = time.monotonic()
    half: tuple[float, float] | None = None
    next_call = begin
    while (now := time.monotonic()) < begin + minutes * 60:
        if half is None and now > begin + minutes * 30:
            half = (now, cost(pids()).cpu_seconds)
        if now >= next_call:
            call_endpoints()
            next_call += 60
        time.sleep(0.5)
    call_endpoints()
    final = cost(pids())
    since, cpu_then = half or (begin, 0.0)
    cpu = (final.cpu_seconds - cpu_then) / (time.monotonic() - since) * 100 / bots
    return {
        "bots": bots,
        "pss_mb": round(final.pss_bytes / MEGABYTE, 1),
        "pss_mb_per_bot": round(final.pss_bytes / MEGABYTE / bots, 2),
        "uss_mb": round(final.uss_bytes / MEGABYTE, 1),
        "cpu_percent_per_bot": round(cpu, 2),
    }


def _trades(slots: list[dict[str, object]]) -> int:
    snapshots = [slot["snapshot"] for slot in slots if isinstance(slot["snapshot"], dict)]
    return sum(snapshot["closed_trades"] + len(snapshot["open_trades"]) for snapshot in snapshots)


def _print_table(result: dict[str, dict[str, float] | float | None]) -> None:
    table = Table("", "pool", "plain processes", title="Density")
    pooled, beside = result["pool"], result["plain"]
    assert isinstance(pooled, dict)
    for name in pooled:
        other = beside.get(name, "") if isinstance(beside, dict) else ""
        table.add_row(name, str(pooled[name]), str(other))
    table.add_row("times less memory per bot", str(result["ratio"]), "1")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.density", description=__doc__)
    parser.add_argument("--bots", type=int, default=50, help="bots in the pool")
    parser.add_argument("--plain", type=int, default=10, help="plain processes beside; 0 for none")
    parser.add_argument("--minutes", type=float, default=10, help="minutes of trading on each side")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
