"""What the market-data gateway answers on one core, and how soon it does again after it was killed.

    python -m benchmarks.gateway [--rounds 5] [--seconds 2] [--connections 16] [--deaths 5] [--json]

The same 260 candles on four ways in turn, round after round: from the paper exchange itself, from a bare loopback
server that sends the same bytes, and from the gateway in front of that server, kept (hit) and never asked for before
(miss). Who answers has a core of its own. Told are the medians of the rounds: requests per second of so many
connections that each ask again at once, milliseconds from sending to the last byte with these and with one connection
alone, and what a request costs of the answering process's CPU, which a machine's other load changes least. Recovery is
from SIGKILL of a gateway that keeps these candles to its first answer, which must come from disk.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.processes import end
from benchmarks.rigs import paper_exchange, wait_until
from pool.contract.market import CACHE_HEADER, KIND_HEADER, Kind, behind

SINCE = 1_767_225_600_000
CLOSED = Kind(name="candles", timeframe=60, since=SINCE, limit=260)
CANDLES = f"/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=260&startTime={SINCE}"
LIMITS = {"rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 10**9}]}
_NAMES = {"direct": "paper exchange", "bare": "bare server", "hit": "gateway, hit", "miss": "gateway, miss"}
_CORES = sorted(os.sched_getaffinity(0))
Figures = dict[str, float]
_PATIENCE = 60.0


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        directory = Path(scratch)
        paper = stack.enter_context(paper_exchange(directory / "paper", 60))
        record = json.loads((directory / "paper" / "endpoint.json").read_text())
        body = httpx.get(paper + CANDLES, timeout=_PATIENCE).raise_for_status().content
        bare, bare_pid = stack.enter_context(_bare_server(body))
        home = directory / "gateway"
        gateway = stack.enter_context(_Gateway(home, bare))
        ways = _ways(paper, int(record["pid"]), bare, bare_pid, gateway)
        _check(gateway, bare, body)
        memory = psutil.Process(gateway.pid).memory_info().rss
        result: dict[str, Any] = {
            "ways": _measure(ways, arguments),
            "recovery": _recovery(gateway, bare, arguments.deaths),
            "body_bytes": len(body),
            "memory_mb": round(memory / 2**20, 1),
        }
    result["ratio"] = _ratios(result["ways"])
    if arguments.json:
        print(json.dumps(result))
    else:
        _print(result, arguments)


class _Gateway:
    """A gateway on a core of its own, which can die."""

    def __init__(self, directory: Path, paper: str) -> None:
        self._directory = directory
        self._command = [sys.executable, "-m", "pool.exchange.gateway", "--directory", str(directory)]
        self._command += ["--paper-url", paper]
        self.url = ""

    def __enter__(self) -> "_Gateway":
        self.start()
        wait_until(self._listens, _PATIENCE, "the gateway listens")
        return self

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
        _own_core(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listens(self) -> bool:
        try:
            record = json.loads((self._directory / "endpoint.json").read_text())
        except (OSError, ValueError):
            return False
        self.url = record["url"]
        return bool(record["pid"] == self.pid)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        end(self._process)


@contextmanager
def _bare_server(body: bytes) -> Iterator[tuple[str, int]]:
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_bare, args=(there, body), daemon=True)
    process.start()
    try:
        yield here.recv(), int(process.pid or 0)
    finally:
        process.terminate()
        process.join()


def _serve_bare(told: Connection, candles: bytes) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Bare(candles), "127.0.0.1", 0, backlog=256)
        told.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await server.serve_forever()

    asyncio.run(run())


class _Bare(asyncio.Protocol):
    """HTTP as far as this benchmark speaks it: GET alone, one request after the other."""

    def __init__(self, candles: bytes) -> None:
        self._candles = _answer(candles)
        self._limits = _answer(json.dumps(LIMITS).encode())
        self._transport: Any = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            request, _, self._read = self._read.partition(b"\r\n\r\n")
            self._transport.write(self._limits if b"exchangeInfo" in request else self._candles)


def _answer(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-MBX-USED-WEIGHT-1M: 1\r\nContent-Length: {len(body)}"
    )
    return head.encode() + b"\r\n\r\n" + body


def _check(gateway: _Gateway, bare: str, body: bytes) -> None:
    """Limits are told first; then candles come through, kept from the second time on."""
    markets = behind(gateway.url, "paper", bare + "/api/v3/exchangeInfo")
    httpx.get(markets, headers={KIND_HEADER: Kind(name="markets").header()}, timeout=_PATIENCE).raise_for_status()
    for how in ("miss", "hit"):
        url = behind(gateway.url, "paper", bare + CANDLES)
        reply = httpx.get(url, headers={KIND_HEADER: CLOSED.header()}, timeout=_PATIENCE).raise_for_status()
        assert (reply.content, reply.headers[CACHE_HEADER]) == (body, how)


class _Way:
    """Where a request goes, and who answers it. `path` gives each request's."""

    def __init__(self, url: str, pid: int, path: Callable[[], str], how: str | None = None) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.pid, self.path = str(parts.hostname), int(parts.port or 0), pid, path
        self.how = None if how is None else f"{CACHE_HEADER}: {how}\r\n".lower().encode()

    def request(self) -> bytes:
        head = f"GET {self.path()} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAccept: */*\r\n"
        return f"{head}User-Agent: python-requests/2\r\n{KIND_HEADER}: {CLOSED.header()}\r\n\r\n".encode()


def _ways(paper: str, paper_pid: int, bare: str, bare_pid: int, gateway: _Gateway) -> dict[str, _Way]:
    _own_core(paper_pid)
    through = urlsplit(behind(gateway.url, "paper", bare + CANDLES))
    path, numbers = f"{through.path}?{through.query}", count()
    return {
        "direct": _Way(paper, paper_pid, lambda: CANDLES),
        "bare": _Way(bare, bare_pid, lambda: CANDLES),
        "hit": _Way(gateway.url, gateway.pid, lambda: path, "hit"),
        "miss": _Way(gateway.url, gateway.pid, lambda: f"{path}&number={next(numbers)}", "miss"),
    }


def _own_core(pid: int) -> None:
    """Who answers gets the first core, this process, and what it starts from now on, the others."""
    os.sched_setaffinity(pid, _CORES[:1])
    os.sched_setaffinity(0, _CORES[1:] or _CORES)


def _measure(ways: dict[str, _Way], arguments: argparse.Namespace) -> dict[str, Figures]:
    rounds: defaultdict[str, list[Figures]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for name, way in ways.items():
            rounds[name].append(asyncio.run(_round(way, arguments.seconds, arguments.connections)))
    return {
        name: {figure: round(statistics.median(one[figure] for one in told), 3) for figure in told[0]}
        for name, told in rounds.items()
    }


async def _round(way: _Way, seconds: float, connections: int) -> Figures:
    await _asked(way, 0.2, connections)  # opens connections
    before, started = _cpu(way.pid), time.perf_counter()
    times = await _asked(way, seconds, connections)
    passed, spent = time.perf_counter() - started, _cpu(way.pid) - before
    alone = await _asked(way, seconds / 4, 1)
    return {
        "requests_per_second": len(times) / passed,
        "p50_ms": _at(times, 0.5),
        "p99_ms": _at(times, 0.99),
        "alone_p50_ms": _at(alone, 0.5),
        "alone_p99_ms": _at(alone, 0.99),
        "cpu_us_per_request": spent / len(times) * 1e6,
    }


async def _asked(way: _Way, seconds: float, connections: int) -> list[float]:
    until = time.perf_counter() + seconds
    return [
        one for times in await asyncio.gather(*(_connection(way, until) for _ in range(connections))) for one in times
    ]


async def _connection(way: _Way, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection(way.host, way.port, limit=2**20)
    times: list[float] = []
    try:
        while (started := time.perf_counter()) < until:
            writer.write(way.request())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            times.append((time.perf_counter() - started) * 1000)
            if b" 200 " not in head[:20] or (way.how is not None and way.how not in head):
                raise RuntimeError(f"not what was asked for: {head!r} {body[:200]!r}")
    finally:
        writer.close()
    return times


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _at(values: list[float], quantile: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * quantile))]


def _recovery(gateway: _Gateway, bare: str, deaths: int) -> Figures:
    url = behind(gateway.url, "paper", bare + CANDLES)
    told = {KIND_HEADER: CLOSED.header()}
    with httpx.Client(timeout=_PATIENCE) as client:
        times = [_killed(gateway, lambda: client.get(url, headers=told)) for _ in range(deaths)]
    return {
        "deaths": deaths,
        "p50_seconds": round(statistics.median(times), 2),
        "longest_seconds": round(max(times), 2),
    }


def _killed(gateway: _Gateway, ask: Callable[[], httpx.Response]) -> float:
    ask().raise_for_status()
    time.sleep(2.5)  # what it has is on its way to disk
    started = time.perf_counter()
    gateway.kill()
    gateway.start()
    while True:
        try:
            reply = ask().raise_for_status()
        except httpx.TransportError:
            time.sleep(0.01)
            continue
        assert reply.headers[CACHE_HEADER] == "hit", "from disk, not from the exchange"
        return time.perf_counter() - started


def _ratios(ways: dict[str, Figures]) -> Figures:
    """Of the gateway to the paper exchange asked directly: more answers, less CPU."""
    hit, direct = ways["hit"], ways["direct"]
    return {
        "requests_per_second": round(hit["requests_per_second"] / direct["requests_per_second"], 2),
        "cpu_us_per_request": round(hit["cpu_us_per_request"] / direct["cpu_us_per_request"], 2),
    }


def _print(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    size = f"{result['body_bytes'] / 1000:.0f} kB"
    title = f"{size} of candles, {arguments.connections} connections, medians of {arguments.rounds} rounds"
    table = Table("who answers", "requests/s", "p50 ms", "p99 ms", "alone p50", "alone p99", "CPU µs", title=title)
    for way, told in result["ways"].items():
        milliseconds = (f"{told[name]:.2f}" for name in ("p50_ms", "p99_ms", "alone_p50_ms", "alone_p99_ms"))
        table.add_row(
            _NAMES[way], f"{told['requests_per_second']:.0f}", *milliseconds, f"{told['cpu_us_per_request']:.0f}"
        )
    console, recovery = Console(), result["recovery"]
    console.print(table)
    console.print(
        f"From SIGKILL to the first answer from disk: {recovery['p50_seconds']} s, at the longest "
        f"{recovery['longest_seconds']} s of {recovery['deaths']}. Memory before all this: {result['memory_mb']} MB."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--deaths", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
