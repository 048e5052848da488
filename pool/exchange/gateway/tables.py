"""What ccxt knows of exchanges: their addresses, and what each endpoint costs.

Read by a short-lived process (`tables_reader`) once per exchange and version of ccxt, and kept on disk.
"""

import asyncio
import contextlib
import json
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from loguru import logger

from pool.exchange.gateway.tables_reader import UNKNOWN_EXCHANGE

PAPER = "paper"
_OF_PAPER = "binance"
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
_READING_SECONDS = 120.0
_FAILED_SECONDS = 30.0
"""What could not be read is not read again for so long: a process that imports ccxt takes seconds and much memory."""
_MOST_EXCHANGES = 20
"""Tables in memory: names that nobody trades on must not fill it."""
_USED_SECONDS = 600.0
"""What was used within so long stays, however many others are asked for: ccxt knows a hundred."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`name` is method and path template, under which its failures are counted. `family`: the first part of its path;
    `scale`: the smallest cost there, taken as one unit of the exchange's own."""

    name: str
    cost: float
    scale: float = 1.0
    family: str = "api"

    @property
    def weight(self) -> float:
        """The cost in what is probably the exchange's own unit."""
        return self.cost / self.scale


@dataclass(frozen=True, slots=True)
class _Row:
    method: str
    path: str
    cost: float
    extras: dict[str, Any]
    scale: float
    pattern: re.Pattern[str] | None
    literal: int


class Table:
    """Of one exchange. `at` puts all of its families at one authority (the paper exchange)."""

    def __init__(self, told: dict[str, Any], at: str | None = None) -> None:
        self.rate_limit_ms = max(float(told["rate_limit_ms"]), 0.1)
        self.window_ms = float(told["window_ms"])
        origins = [at] if at is not None else told["origins"]
        self.authorities = frozenset(urlsplit(origin).netloc.lower() for origin in origins)
        self._plain: dict[tuple[str, str, str], _Row] = {}
        self._patterns: dict[tuple[str, str, int], list[_Row]] = {}
        scales = _scales(told["endpoints"])
        for one in told["endpoints"]:
            parts = urlsplit(one["url"])
            authority = urlsplit(at).netloc.lower() if at is not None else parts.netloc.lower()
            self._add(authority, parts.path, one, scales[_family(one["url"])])
        for rows in self._patterns.values():
            rows.sort(key=lambda row: -row.literal)

    def _add(self, authority: str, path: str, one: dict[str, Any], scale: float) -> None:
        method, pattern, literal = one["method"], None, len(path)
        if "{" in path:
            pieces = re.split(r"{(\w+)}", path)
            literal = sum(map(len, pieces[::2]))
            pattern = re.compile(
                "".join(re.escape(p) if n % 2 == 0 else f"(?P<{p}>[^/]+)" for n, p in enumerate(pieces))
            )
        row = _Row(method, path, float(one["cost"]), one.get("extras", {}), scale, pattern, literal)
        if pattern is None:
            self._plain.setdefault((authority, method, path), row)
        else:
            self._patterns.setdefault((authority, method, path.count("/")), []).append(row)

    def endpoint(self, authority: str, method: str, path: str, query: str = "") -> Endpoint:
        """What a request costs; 1, as ccxt reckons, where it does not know the path."""
        row, named = self._find(authority, method, path)
        if row is None:
            return Endpoint(f"{method} *", 1.0, family=family(path))
        return Endpoint(f"{method} {row.path}", _cost(row, query, named), row.scale, family(path))

    def _find(self, authority: str, method: str, path: str) -> tuple[_Row | None, dict[str, str]]:
        plain = self._plain.get((authority, method, path)) or self._plain.get((authority, method, path.rstrip("/")))
        if plain is not None:
            return plain, {}
        for row in self._patterns.get((authority, method, path.count("/")), ()):
            found = row.pattern.fullmatch(path) if row.pattern else None
            if found:
                return row, found.groupdict()
        return None, {}


def family(path: str) -> str:
    """Endpoints that are weighed, and whose use is counted, alike: at each authority, by the first part of the path."""
    return path.split("/", 2)[1][:40] if path.startswith("/") else ""


def _family(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}/{family(parts.path)}"


def _scales(endpoints: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The smallest cost of each family: exchanges weigh in whole numbers from one on, ccxt in parts of these."""
    scales: dict[str, float] = {}
    for one in endpoints:
        name = _family(one["url"])
        if one["cost"] > 0:
            scales[name] = min(scales.get(name, one["cost"]), one["cost"])
    for one in endpoints:
        scales.setdefault(_family(one["url"]), 1.0)
    return scales


def _cost(row: _Row, query: str, named: dict[str, str]) -> float:
    if not row.extras:
        return row.cost
    asked = {**dict(parse_qsl(query, keep_blank_values=True)), **named}
    for key, cost in row.extras.items():
        if key.startswith("no") and key[2].lower() + key[3:] not in asked:
            return float(cost)
    with contextlib.suppress(ValueError):
        limit = int(asked["limit"]) if "limit" in asked else None
        for most, cost in row.extras.get("byLimit", ()) if limit is not None else ():
            if limit is not None and limit <= most:
                return float(cost)
    for key, costs in row.extras.items():
        if isinstance(costs, dict):
            chosen = asked.get(key[2].lower() + key[3:])
            if chosen in costs:
                return float(costs[chosen])
    return row.cost


@dataclass
class Tables:
    """`load` before `allowed` and `of`."""

    directory: Path
    paper_url: str | None = None
    clock: Callable[[], float] = time.monotonic
    _tables: OrderedDict[str, Table | None] = field(default_factory=OrderedDict)
    """The one used last is the last."""
    _used_at: dict[str, float] = field(default_factory=dict)
    _reading: dict[str, "asyncio.Task[Table | None]"] = field(default_factory=dict)
    _failed: dict[str, tuple[float, str]] = field(default_factory=dict)
    """When, and why."""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def allowed(self, exchange: str) -> frozenset[str]:
        """Authorities that may be asked; none for an exchange that is not known, or not loaded."""
        table = self.of(exchange)
        return table.authorities if table is not None else frozenset()

    def of(self, exchange: str) -> Table | None:
        if exchange in self._tables:
            self._tables.move_to_end(exchange)
            self._used_at[exchange] = self.clock()
        return self._tables.get(exchange)

    async def load(self, exchange: str) -> Table | None:
        """None for what ccxt does not know. Raises OSError where its tables cannot be read now."""
        if exchange in self._tables:
            return self.of(exchange)
        if not self._known(exchange):
            return None
        failed_at, why = self._failed.get(exchange, (-_FAILED_SECONDS, ""))
        if self.clock() - failed_at < _FAILED_SECONDS:
            raise OSError(why)
        task = self._reading.get(exchange)
        if task is None:
            task = self._reading[exchange] = asyncio.ensure_future(self._read(exchange))
            task.add_done_callback(lambda _: self._reading.pop(exchange, None))
        return await asyncio.shield(task)

    def _known(self, exchange: str) -> bool:
        """Whether ccxt may know it, without importing it: an invented name starts no process."""
        if exchange == PAPER:
            return self.paper_url is not None
        return _ID.fullmatch(exchange) is not None and any((at / f"{exchange}.py").is_file() for at in _ccxt_at())

    async def _read(self, exchange: str) -> Table | None:
        try:
            told = await self._told(_OF_PAPER if exchange == PAPER else exchange)
            table = None if told is None else Table(told, self.paper_url if exchange == PAPER else None)
        except (OSError, ValueError, TypeError, KeyError) as error:
            why = str(error) if isinstance(error, OSError) else "what was read is no table"
            logger.warning("tables of {} are not to be had: {}", exchange, why)
            self._failed[exchange] = (self.clock(), why)
            raise OSError(why) from error
        self._tables[exchange], self._used_at[exchange] = table, self.clock()
        oldest = next(iter(self._tables))
        if len(self._tables) > _MOST_EXCHANGES and self.clock() - self._used_at[oldest] > _USED_SECONDS:
            del self._tables[oldest], self._used_at[oldest]
        return table

    async def _told(self, exchange: str) -> dict[str, Any] | None:
        """Kept on disk, or read by a process; one at a time, and nobody who needs none waits for it."""
        kept = self.directory / f"{exchange}.{ccxt_version()}.json"
        told = await asyncio.to_thread(_kept, kept)
        if told is not None:
            return told
        async with self._one_at_a_time:  # who waited may find what another has read meanwhile
            return await asyncio.to_thread(_kept, kept) or await self._read_anew(exchange, kept)

    async def _read_anew(self, exchange: str, kept: Path) -> dict[str, Any] | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pool.exchange.gateway.tables_reader",
            exchange,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _READING_SECONDS)
        except TimeoutError as error:
            raise OSError(f"ccxt's tables of {exchange} were not read in time") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == UNKNOWN_EXCHANGE:
            return None
        if process.returncode != 0:
            raise OSError(f"ccxt's tables of {exchange} could not be read (exit code {process.returncode})")
        self._keep(kept, output)
        return _whole(json.loads(output))

    def _keep(self, kept: Path, output: bytes) -> None:
        part = kept.with_suffix(".part")
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            part.write_bytes(output)
            part.replace(kept)
        except OSError as error:
            logger.warning("tables of {} are not kept: {}", kept.stem, error.strerror)


def _kept(file: Path) -> dict[str, Any] | None:
    """None where none can be read."""
    try:
        return _whole(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return None


def _whole(told: Any) -> dict[str, Any]:
    """Raises ValueError for what a reader has not written."""
    if not isinstance(told, dict) or not {"rate_limit_ms", "window_ms", "origins", "endpoints"} <= told.keys():
        raise ValueError("not a table")
    return told


@lru_cache(maxsize=1)
def _ccxt_at() -> tuple[Path, ...]:
    found = find_spec("ccxt")
    return tuple(map(Path, found.submodule_search_locations or ())) if found is not None else ()


@lru_cache(maxsize=1)
def ccxt_version() -> str:
    try:
        return version("ccxt")
    except PackageNotFoundError:
        return "none"
