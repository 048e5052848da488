"""`make bench-market`: what many bots on the same pairs ask of an exchange, and what they cost, four ways in one run.

    python -m benchmarks.market [--bots 50] [--plain 4] [--minutes 5] [--json]

The shipped templates on the same ten pairs and 1m candles, against a paper exchange that enforces Binance's weights
(6,000 a minute for spot): bots in a pool that ask the exchange themselves and loop as FreqTrade does; the same behind a
gateway; the same waking on need; and plain `freqtrade trade` processes. Each group is alone with the exchange, which
lets it start in peace (nothing is limited while bots start) and counts from there on: requests and weight, refusals
(429, 418), and of the gateway what it could answer itself. CPU is in percent of one core over the whole time, per bot
and by part; memory is what one bot has to itself (USS) at the end. Dead are bots that ended meanwhile.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.processes import cost, with_children
from benchmarks.rigs import PoolRig, gateway, paper_exchange, plain, pool, rendered_bots, wait_until

SYMBOLS = 200
_SPOT, _FUTURES, _UNLIMITED = 6_000, 2_400, 100_000_000
_START_SECONDS = 900.0
_MEGABYTE = 1_000_000
Parts = Callable[[], Mapping[str, list[int]]]
"""Processes by what they are."""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="flotilla-market-") as scratch:
        bench = _Bench(Path(scratch), arguments.bots, arguments.minutes * 60)
        groups = {
            "alone": bench.pool("alone", with_gateway=False, waking="loop"),
            "gateway": bench.pool("gateway", with_gateway=True, waking="loop"),
            "on_need": bench.pool("on_need", with_gateway=True, waking="on_need"),
        }
        if arguments.plain:
            groups["plain"] = bench.plain(arguments.plain)
    result = {**groups, "fewer_requests_percent": _fewer(groups)}
    if arguments.json:
        print(json.dumps(result))
    else:
        _print_table(groups, result["fewer_requests_percent"])


@dataclass(frozen=True)
class _Exchange:
    """The control of the exchange of one group."""

    url: str
    token: str

    def control(self, method: str, path: str, **body: int) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.url}/control/{path}", json=body or None, headers=headers, timeout=60)
        return answer.raise_for_status().json()

    def begin(self) -> None:
        """What is asked from now on is weighed and counted."""
        self.control("POST", "weight-limit", limit=_SPOT, futures=_FUTURES)
        self.control("DELETE", "counters")

    def counted(self, minutes: float) -> dict[str, float]:
        requests, weights = sum(self.control("GET", "counters").values()), self.control("GET", "weight-limit")
        return {
            "requests_per_minute": round(requests / minutes, 1),
            "weight_per_minute": round(weights["charged"] / minutes, 1),
            "answered_429": weights["refused"],
            "answered_418": weights["banned"],
        }


class _Bench:
    def __init__(self, scratch: Path, bots: int, seconds: float) -> None:
        self._scratch = scratch
        self._bots = bots
        self._seconds = seconds

    def pool(self, name: str, *, with_gateway: bool, waking: str) -> dict[str, Any]:
        place = self._scratch / name
        place.mkdir()
        with ExitStack() as stack:
            exchange = stack.enter_context(_exchange(place))
            url, between, more = None, list[int](), dict[str, Any]()
            if with_gateway:
                url, between = stack.enter_context(gateway(place / "gateway", exchange.url))
                more["gateway_url"] = url
            rig = stack.enter_context(pool(place / "pool", exchange.url, self._bots, **more))
            house = set(rig.pids())
            rig.put(rendered_bots(self._bots), waking=waking)
            wait_until(lambda: rig.running() == self._bots, _START_SECONDS, f"{self._bots} bots running")
            runs = {slot["bot_id"]: slot["run_id"] for slot in rig.slots()}

            def parts() -> dict[str, list[int]]:
                bots = [slot["pid"] for slot in rig.slots() if slot["pid"]]
                return {"bots": bots, "pool": sorted(house), "gateway": with_children(between)}

            before = _traffic(url)
            figures = self._trade(exchange, parts, self._bots)
            return {**figures, **_hits(before, _traffic(url)), **_state(rig, runs)}

    def plain(self, count: int) -> dict[str, Any]:
        place = self._scratch / "plain"
        place.mkdir()
        with _exchange(place) as exchange, plain(place / "bots", exchange.url) as rig:
            rig.start(rendered_bots(count))
            rig.wait_running(_START_SECONDS)
            figures = self._trade(exchange, lambda: {"bots": rig.pids()}, count)
            return {**figures, "dead": rig.dead()}

    def _trade(self, exchange: _Exchange, parts: Parts, bots: int) -> dict[str, Any]:
        """Lets them trade for the time that the group has."""
        exchange.begin()
        before, begun = {name: cost(pids).cpu_seconds for name, pids in parts().items()}, time.monotonic()
        time.sleep(self._seconds)
        took, after = time.monotonic() - begun, parts()
        counted = exchange.counted(took / 60)
        used = {name: (cost(pids).cpu_seconds - before[name]) / took * 100 for name, pids in after.items()}
        own = [cost([pid]).uss_bytes / _MEGABYTE for pid in after["bots"]]
        return {
            "bots": bots,
            **counted,
            "cpu_percent_per_bot": round(used["bots"] / bots, 3),
            "cpu_percent_pool": round(used.get("pool", 0.0), 2),
            "cpu_percent_gateway": round(used.get("gateway", 0.0), 2),
            "cpu_percent_per_bot_all": round(sum(used.values()) / bots, 3),
            "uss_mb_per_bot": round(statistics.fmean(own), 1) if own else 0.0,
        }


@contextmanager
def _exchange(place: Path) -> Iterator[_Exchange]:
    limits = ("--weight-limit", str(_UNLIMITED), "--futures-weight-limit", str(_UNLIMITED))
    with paper_exchange(place / "exchange", SYMBOLS, *limits) as url:
        yield _Exchange(url, (place / "exchange" / "control-token").read_text().strip())


def _traffic(url: str | None) -> dict[str, int]:
    """What the gateway was asked until now, and what it could answer."""
    if url is None:
        return {}
    told = httpx.get(f"{url}/v1/state", timeout=30).raise_for_status().json()
    return {
        name: sum(exchange[name] for exchange in told["exchanges"])
        for name in ("requests", "hits", "joined", "upstream")
    }


def _hits(before: dict[str, int], after: dict[str, int]) -> dict[str, float]:
    if not after:
        return {}
    asked = {name: after[name] - before.get(name, 0) for name in after}
    shared = asked["hits"] + asked["joined"]
    return {"asked_of_gateway": asked["requests"], "hit_percent": round(shared * 100 / max(asked["requests"], 1), 2)}


def _state(rig: PoolRig, runs: Mapping[str, str]) -> dict[str, int]:
    """How many of them ended meanwhile, sleep just now, and have traded."""
    slots = rig.slots()
    dead = sum(slot["run_id"] != runs[slot["bot_id"]] or slot["observed_state"] != "running" for slot in slots)
    shots = [slot["snapshot"] for slot in slots if slot["snapshot"]]
    return {
        "dead": dead,
        "asleep": sum((slot["waking"] or {}).get("mode") == "on_need" for slot in slots),
        "trades": sum(shot["closed_trades"] + len(shot["open_trades"]) for shot in shots),
    }


def _fewer(groups: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Requests of each group, per bot, compared to those of bots that ask themselves."""
    each = {name: told["requests_per_minute"] / told["bots"] for name, told in groups.items()}
    return {name: round((1 - one / max(each["alone"], 1e-9)) * 100, 2) for name, one in each.items()}


def _print_table(groups: Mapping[str, Mapping[str, Any]], fewer: Mapping[str, float]) -> None:
    names = list(dict.fromkeys(name for told in groups.values() for name in told))
    table = Table("", *groups, title="Market data")
    for name in names:
        table.add_row(name, *(str(told.get(name, "")) for told in groups.values()))
    table.add_row("fewer_requests_percent", *(str(fewer[group]) for group in groups))
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.market", description=__doc__)
    parser.add_argument("--bots", type=int, default=50, help="bots in the pool")
    parser.add_argument("--plain", type=int, default=4, help="plain processes; 0 for none")
    parser.add_argument("--minutes", type=float, default=5, help="of each group")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
