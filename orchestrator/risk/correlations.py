"""Correlations of the assets that users trade, from candles that are fetched beside everything else: whoever judges
reads what is known, and nobody waits for an exchange. What was asked for before is computed anew in small slices, and
until then the former figures hold."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from loguru import logger

from orchestrator.exchanges.candles import Candles
from orchestrator.risk.board import World
from pool.contract.policy import GroupExposure
from pool.rules.correlation import Correlate, Series, correlation, returns_of, unknown

_EVERY_SECONDS = 5.0
_AT_ONCE = 4
_LEAST_FRESH_SECONDS = 60.0
_MOST_FRESH_SECONDS = 900.0
_AGAIN_SECONDS = 15.0
"""For what could not be told."""
_SLICE = 100
_MOST_CANDLES = 1000
_SECONDS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14_400, "1d": 86_400}

Key = tuple[str, int]
"""Timeframe and number of candles."""
_Source = tuple[str, str, str]
"""Exchange, pair and timeframe."""


@dataclass(slots=True)
class _Asked:
    series: Series
    asked_at: float


@dataclass(slots=True)
class _Matrix:
    """Of one key. Correlations are computed when first asked for."""

    assets: dict[str, _Asked] = field(default_factory=dict)
    known: dict[tuple[str, str], float | None] = field(default_factory=dict)

    def correlate(self, one: str, other: str) -> float | None:
        pair = (one, other) if one <= other else (other, one)
        if pair not in self.known:
            self.known[pair] = self._compute(pair)
        return self.known[pair]

    async def refresh(self, changed: Iterable[str]) -> None:
        """Of assets whose candles are new."""
        fresh = set(changed)
        for number, pair in enumerate([pair for pair in self.known if not fresh.isdisjoint(pair)]):
            if number % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            self.known[pair] = self._compute(pair)

    def _compute(self, pair: tuple[str, str]) -> float | None:
        first, second = self.assets.get(pair[0]), self.assets.get(pair[1])
        return None if first is None or second is None else correlation(first.series, second.series)


class Correlations:
    """Run `run` as a task; `world` is the last look at the database."""

    def __init__(self, candles: Candles, world: Callable[[], World]) -> None:
        self._candles = candles
        self._world = world
        self._matrices: dict[Key, _Matrix] = {}

    def of(self, group: GroupExposure | None) -> Correlate:
        """What answers for this limit."""
        matrix = self._matrices.get((group.timeframe, group.candles)) if group is not None else None
        return unknown if matrix is None else matrix.correlate

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception:  # a task's boundary: what an exchange answers must not end it
                logger.exception("candles for correlations cannot be read")
            await asyncio.sleep(_EVERY_SECONDS)

    async def refresh(self) -> None:
        """Fetches what is missing or old, of what somebody's limit asks for."""
        wanted = _wanted(self._world())
        for gone in self._matrices.keys() - wanted.keys():
            del self._matrices[gone]
        now, limit = time.monotonic(), asyncio.Semaphore(_AT_ONCE)
        due = {
            key: {
                asset: where for asset, where in assets.items() if _due(self._matrix(key).assets.get(asset), key, now)
            }
            for key, assets in wanted.items()
        }
        longest: dict[_Source, int] = {}
        for (timeframe, candles), assets in due.items():
            for where in assets.values():
                source = (*where, timeframe)
                longest[source] = max(longest.get(source, 0), min(_MOST_CANDLES, candles + 1))

        async def fetch(source: _Source, candles: int) -> tuple[_Source, dict[int, float] | None]:
            async with limit:
                return source, await self._candles.closes(*source, candles)

        told = dict(await asyncio.gather(*(fetch(*one) for one in longest.items())))
        for key, assets in due.items():
            matrix = self._matrix(key)
            changed = [asset for asset, where in assets.items() if _take(matrix, asset, key, told[(*where, key[0])])]
            await matrix.refresh(changed)

    def _matrix(self, key: Key) -> _Matrix:
        return self._matrices.setdefault(key, _Matrix())


def _take(matrix: _Matrix, asset: str, key: Key, closes: dict[int, float] | None) -> bool:
    """Whether something new is known of it."""
    before = matrix.assets.get(asset)
    if closes is None or len(closes) < 2:
        # Asked again soon: what is not known counts as correlated with everything.
        again = time.monotonic() - (_fresh_seconds(key) - _AGAIN_SECONDS)
        matrix.assets[asset] = _Asked(before.series if before is not None else Series({}), again)
        return before is None
    finished = dict(sorted(closes.items())[-key[1] - 1 : -1])
    matrix.assets[asset] = _Asked(Series(returns_of(finished)), time.monotonic())
    return True


def _wanted(world: World) -> dict[Key, dict[str, tuple[str, str]]]:
    """By key, the assets of the users who have such a limit, each with an exchange and a pair to ask for."""
    found: dict[Key, dict[str, tuple[str, str]]] = {}
    for bot in world.bots.values():
        policy = world.policies.get(bot.owner_id)
        limits = policy.document.limits if policy is not None else None
        if limits is None or limits.group_exposure is None:
            continue
        group = limits.group_exposure
        assets = found.setdefault((group.timeframe, group.candles), {})
        for pair in bot.pairs:
            assets.setdefault(pair.partition("/")[0], (bot.exchange, pair))
    return found


def _due(asked: _Asked | None, key: Key, now: float) -> bool:
    return asked is None or now - asked.asked_at >= _fresh_seconds(key)


def _fresh_seconds(key: Key) -> float:
    return min(_MOST_FRESH_SECONDS, max(_LEAST_FRESH_SECONDS, _SECONDS[key[0]] / 4))
