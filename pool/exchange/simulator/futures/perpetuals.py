"""What is traded on margin: which symbols, in which brackets, and what funding they pay.

Funding happens every eight hours, at 00:00, 08:00 and 16:00 UTC. Its rate is a function of seed, symbol and time like
the price itself, around 0.01 %; a rate can be scripted from a moment on.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from pool.exchange.simulator.listings import NUMERAIRE, STABLE, Listing
from pool.exchange.simulator.noise import key_of, uniform

FUNDING_SECONDS = 28_800
MAKER_RATE, TAKER_RATE = Decimal("0.0002"), Decimal("0.0005")
DEFAULT_LEVERAGE = 20
_MOST_PERPETUALS = 20
_USUAL_FUNDING, _FUNDING_SPREAD = 0.0001, 0.0002


@dataclass(frozen=True)
class Bracket:
    """Positions worth `floor` to below `cap` (USDT) may be levered `leverage` times, and must keep `rate` of their
    worth less `cum` as margin; `cum` makes the requirement continuous."""

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    rate: Decimal
    cum: Decimal


def _brackets(*rows: tuple[int, int, str]) -> tuple[Bracket, ...]:
    """From (leverage, cap, maintenance rate) in ascending order."""
    made: list[Bracket] = []
    floor, cum, before = Decimal(0), Decimal(0), Decimal(0)
    for number, (leverage, cap, text) in enumerate(rows, 1):
        rate = Decimal(text)
        cum += floor * (rate - before)
        made.append(Bracket(number, leverage, floor, Decimal(cap), rate, cum))
        floor, before = Decimal(cap), rate
    return tuple(made)


_MAJOR = _brackets(
    (125, 50_000, "0.004"), (100, 600_000, "0.005"), (50, 3_000_000, "0.01"), (20, 12_000_000, "0.025"),
    (10, 70_000_000, "0.05"), (5, 100_000_000, "0.1"), (2, 300_000_000, "0.25"), (1, 600_000_000, "0.5"),
)  # fmt: skip
_MINOR = _brackets(
    (75, 10_000, "0.01"), (50, 50_000, "0.015"), (25, 250_000, "0.02"), (10, 1_000_000, "0.05"),
    (5, 5_000_000, "0.1"), (2, 10_000_000, "0.25"), (1, 20_000_000, "0.5"),
)  # fmt: skip


class Perpetuals:
    """The perpetuals of a market: the first symbols that are quoted in USDT."""

    def __init__(self, seed: int, listings: Mapping[str, Listing]) -> None:
        priced = [one for one in listings.values() if one.quote == NUMERAIRE and one.base not in STABLE]
        self.listings = {listing.symbol: listing for listing in priced[:_MOST_PERPETUALS]}
        self._keys = {symbol: np.uint64(key_of(seed, "funding", symbol)) for symbol in self.listings}
        self._scripted: dict[str, list[tuple[int, Decimal]]] = {}

    def brackets(self, symbol: str) -> tuple[Bracket, ...]:
        """Ascending."""
        return _MAJOR if self.listings[symbol].base in ("BTC", "ETH") else _MINOR

    def bracket(self, symbol: str, notional: Decimal) -> Bracket:
        """The one that a position of this worth falls in; the last one has no end."""
        brackets = self.brackets(symbol)
        return next((bracket for bracket in brackets if notional < bracket.cap), brackets[-1])

    def script_funding(self, symbol: str, second: int, rate: Decimal) -> None:
        """Payments from `second` on are at this rate."""
        pieces = [piece for piece in self._scripted.get(symbol, []) if piece[0] < second]
        self._scripted[symbol] = [*pieces, (second, rate)]

    def funding_rate(self, symbol: str, second: int) -> Decimal:
        """Of the payment at `second` (a multiple of `FUNDING_SECONDS`): what a long pays a short, as a ratio of the
        position's worth; eight digits."""
        pieces = self._scripted.get(symbol, [])
        place = bisect_right([start for start, _ in pieces], second)
        if place:
            return pieces[place - 1][1]
        noise = float(uniform(self._keys[symbol], np.array([second // FUNDING_SECONDS]))[0])
        return Decimal(f"{_USUAL_FUNDING + _FUNDING_SPREAD * noise:.8f}")


def next_funding(second: int) -> int:
    """The first payment after `second`."""
    return (second // FUNDING_SECONDS + 1) * FUNDING_SECONDS
