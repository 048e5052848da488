"""What a feed knows of its websocket, and whether its prices count. Pure.

They do while each of these holds: the last look at the exchange bore them out, and was not a minute ago; a ping was
answered within a second and a half; some market spoke within three; and messages come no more than a second later than
at best, by the exchange's time.
Else the exchange is asked as if there were no websocket.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pool.contract.market import Price

ALIVE_SECONDS = 1.6
"""Bots are promised prices of two seconds, with what comes late and on their way."""
SPOKE_SECONDS = 3.0
LATE_SECONDS = 1.0
PROVEN_SECONDS = 60.0
LOOK_SECONDS, QUIET_LOOK_SECONDS = 30.0, 10.0
"""Between two looks that prove it: the shorter where some market has not spoken for as long."""


class Streamed:
    """Of one connection after another: with each (`run`) all begins anew."""

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, run: float | None) -> None:
        self._run = run
        self._prices: dict[str, Price | None] = {}
        self._alive_at = -math.inf
        self._spoke_at = -math.inf
        self._late = 0.0
        self._proven_at = -math.inf
        self._looked_at = -math.inf
        self._heard_at: dict[str, float] = {}
        self._looked: frozenset[str] = frozenset()

    @property
    def as_of(self) -> float:
        """All that changed until then has been told."""
        return self._alive_at - self._late

    def counts(self, now: float) -> bool:
        alive = now - self.as_of <= ALIVE_SECONDS and now - self._spoke_at <= SPOKE_SECONDS
        return alive and now - self._proven_at <= PROVEN_SECONDS and self._late <= LATE_SECONDS

    def due(self, now: float, symbols: Sequence[str]) -> bool:
        """Whether to look at the exchange once more, to prove it or for a market that is new."""
        if not self._looked.issuperset(symbols):
            return True
        quiet = any(now - self._heard_at.get(name, -math.inf) >= QUIET_LOOK_SECONDS for name in symbols)
        return now - self._looked_at >= (QUIET_LOOK_SECONDS if quiet else LOOK_SECONDS)

    def told(self, push: Mapping[str, Any], now: float) -> bool:
        """Whether there are new prices in it."""
        if push["run"] != self._run:
            self._begin(push["run"])
        self._heard_at |= dict.fromkeys(push["prices"], now)
        for name, price in push["prices"].items():
            self._prices[name] = None if price is None else Price.model_validate(price)
        self._alive_at, self._spoke_at = float(push["alive_at"]), float(push["spoke_at"])
        self._late = float(push["late"])
        return bool(push["prices"])

    def looked(self, answer: Mapping[str, Any], symbols: Sequence[str], now: float) -> None:
        """What the worker says of a look."""
        if answer["run"] != self._run:
            self._begin(answer["run"])
        self._proven_at = now if answer["proven"] else -math.inf
        self._looked_at, self._looked = now, frozenset(symbols)
        self._prices = {name: price for name, price in self._prices.items() if name in answer["prices"]}

    def over(self, prices: Mapping[str, Price]) -> dict[str, Price]:
        """`prices` with what was heard in place of them; of a market without two sides there is none."""
        found = dict(prices)
        for name, price in self._prices.items():
            if name not in self._looked:
                continue
            if price is None:
                found.pop(name, None)
            else:
                found[name] = price
        return found
