"""The gateway put together: what `__main__` listens with."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loguru import logger

from pool.contract.mapped import MAPPED
from pool.contract.market import Kind
from pool.exchange.gateway.budget import Budgets as OfExchanges
from pool.exchange.gateway.cache import MOST_BYTES, Cache, Entry
from pool.exchange.gateway.candles.endpoint import CandleEndpoint
from pool.exchange.gateway.candles.metrics import CandleMetrics
from pool.exchange.gateway.candles.service import CandleService
from pool.exchange.gateway.candles.times import Now
from pool.exchange.gateway.clocks import Clock
from pool.exchange.gateway.disk import Disk, Kept, boot_id
from pool.exchange.gateway.gateway import Gateway
from pool.exchange.gateway.mapped.metrics import MappedMetrics
from pool.exchange.gateway.mapped.service import MappedService
from pool.exchange.gateway.prices.service import PRICES, PriceService
from pool.exchange.gateway.seams import Budgets, Tables
from pool.exchange.gateway.server import Front, Handler
from pool.exchange.gateway.tables import Tables as OfCcxt
from pool.exchange.gateway.told import Metrics, Told
from pool.exchange.gateway.upstream import Upstream

WRITE_SECONDS = 1.0
_BUDGETS = "budgets"


@dataclass(frozen=True)
class Options:
    directory: Path
    paper_url: str | None = None
    cache_bytes: int = MOST_BYTES
    """In memory, and as much on disk."""
    host: str = "127.0.0.1"
    """What it listens on."""
    streams: bool = True
    """Prices come by websocket where the exchange has one."""
    mapped: bool = True
    """Candles are made for bots to map."""


@dataclass(frozen=True)
class Parts:
    """What tests put in place of the real ones."""

    tables: Tables
    budgets: Budgets
    upstream: Upstream
    clock: Clock
    disk: Disk

    @classmethod
    def of(cls, options: Options) -> "Parts":
        tables = OfCcxt(options.directory / "tables", options.paper_url)
        disk = Disk(options.directory / "answers.sqlite", boot_id(), options.cache_bytes)
        return cls(tables, OfExchanges(tables), Upstream(), Clock(), disk)


@asynccontextmanager
async def running(options: Options, parts: Parts | None = None) -> AsyncIterator[Handler]:
    """Answers requests for as long as the block lasts, first with what the former process knew."""
    parts = parts or Parts.of(options)
    cache = Cache(options.cache_bytes)
    gateway = Gateway(parts.tables, parts.budgets, parts.upstream, options.paper_url, cache, parts.clock)
    keeper = _Keeper(gateway, parts.disk)
    await keeper.warm()
    candles = CandleService(options.directory, options.paper_url, options.host, now=partial(_now, gateway))
    prices = PriceService(options.paper_url, options.host, streams=options.streams)
    told = Told(gateway, lambda: [*keeper.problems(), *candles.problems()], candles.levels, prices.states)
    front = Front(gateway, told.routes())
    mapped = MappedService(candles.worker, candles.told_port, took=gateway.took)
    candles.worker.needed = lambda: mapped.needed
    others = CandleMetrics(candles), prices, MappedMetrics(mapped)
    front.add(("GET", "/metrics"), Metrics(gateway, front, *others).answer)
    front.add(("POST", PRICES), prices.answer)
    for route, handler in CandleEndpoint(candles).routes().items():
        front.add(route, handler)
    if options.mapped:
        front.noted = mapped.noted
        front.add(("GET", MAPPED), mapped.answer)
    await candles.start()
    await prices.start()
    writing = asyncio.create_task(keeper.run())
    try:
        yield front.answer
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        await mapped.aclose()
        await prices.aclose()
        await candles.aclose()
        await gateway.close()
        await keeper.close()


def _now(gateway: Gateway, exchange: str) -> Now:
    now, tally = gateway.clock.now(), gateway.tallies.get(exchange)
    return Now(now.wall_ms, None if tally is None else tally.skew.told_since_jump(now), now.jumps)


class _Keeper:
    """Between memory and disk."""

    def __init__(self, gateway: Gateway, disk: Disk) -> None:
        self._gateway = gateway
        self._disk = disk
        self._thread = ThreadPoolExecutor(1, "disk")
        self._asked = 0
        gateway.keep = self._keep

    def problems(self) -> list[str]:
        return [self._disk.problem] if self._disk.problem else []

    def _keep(self, key: str, exchange: str, entry: Entry, kind: Kind) -> None:
        self._disk.remember(Kept(key, exchange, kind, entry))

    async def warm(self) -> None:
        """Before anybody is answered: what is fresh still, and bans above all."""
        now = self._gateway.clock.now()
        kept, standings = await asyncio.get_running_loop().run_in_executor(self._thread, self._disk.read, now)
        for one in reversed(kept):  # the newest last, so that it stays where there is not room for all
            self._gateway.cache.put(one.key, one.entry)
        if kept:
            logger.info("{} answers of the former process are fresh", len(kept))
        if _BUDGETS in standings:
            try:
                self._gateway.budgets.of_json(standings[_BUDGETS])
            except ValueError as error:
                logger.warning("how budgets stood cannot be read: {}", error)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await asyncio.shield(self._write())
            except Exception:  # what is kept is a help, no more
                logger.exception("answers were not written")

    async def _write(self) -> None:
        disk = self._disk
        tallies = self._gateway.tallies.values()
        asked = sum(one.upstream + one.permits + one.answered.total() for one in tallies)  # a ban comes with an answer
        if asked != self._asked:
            self._asked = asked
            disk.stand(_BUDGETS, self._gateway.budgets.to_json())
        kept, standings = disk.take()
        if not kept and not standings:
            return
        now_ms = self._gateway.clock.now().wall_ms
        await asyncio.get_running_loop().run_in_executor(self._thread, disk.write, kept, standings, now_ms)

    async def close(self) -> None:
        await self._write()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disk.close)
        self._thread.shutdown()
