"""What a websocket told of prices, and whether another look at the exchange bears it out. Pure.

A websocket that is silent and one whose market is quiet look the same. So what it told is compared with what the
exchange answers when it is asked: the answer has to be among what the websocket told lately, bid and ask, of each
market. One that never spoke has what was answered first.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pool.contract.market import Price

WINDOW_SECONDS = 1.0
"""So much later than the exchange's answer a websocket may tell the same."""
SETTLE_SECONDS = 10.0
"""A market that was silent for so long since it was subscribed to is taken for a quiet one."""
_KEPT_SECONDS = 10.0
MOST_WRONG = 5
"""Looks in a row that did not bear it out: it is ended then."""


@dataclass(slots=True)
class _Market:
    followed_at: float
    told: deque[tuple[float, Decimal, Decimal]] = field(default_factory=deque)
    spoke_at: float | None = None
    moved: bool = False
    """It was seen to change, and its websocket never spoke of it."""
    newest_ms: int | None = None


class Proof:
    """Of one websocket's markets, by the exchange's ids. Moments are of one clock."""

    def __init__(self) -> None:
        self._markets: dict[str, _Market] = {}
        self._least_late: float | None = None
        self.spoke_at = 0.0
        self.late = 0.0
        """So much later than at best the last message came, by the exchange's own time."""
        self.wrong = 0
        """Looks in a row."""

    def follow(self, names: list[str], now: float) -> None:
        """They are subscribed to from now on."""
        for name in names:
            self._markets.setdefault(name, _Market(now))

    def followed(self) -> set[str]:
        return set(self._markets)

    def heard(self, name: str, price: Price, now: float) -> None:
        """From the websocket."""
        market = self._markets.setdefault(name, _Market(now))
        self.spoke_at = now
        if price.exchange_ms is not None:
            self._time(market, price.exchange_ms, now)
        market.spoke_at = now
        market.told.append((now, price.bid, price.ask))
        while len(market.told) > 1 and market.told[1][0] < now - _KEPT_SECONDS:
            market.told.popleft()

    def look(self, prices: Mapping[str, Price], asked_at: float, now: float) -> bool:
        """Whether what the exchange answered bears out all that is subscribed to and was asked for."""
        wrong = False
        for name, price in prices.items():
            market = self._markets.get(name)
            if market is None or not self._settled(market, now):
                return False  # not wrong: not known yet
            if market.told and _among(market, price, asked_at - WINDOW_SECONDS):
                continue
            wrong = wrong or bool(market.told)
            if market.spoke_at is None:
                market.moved = market.moved or bool(market.told)
                market.told = deque([(asked_at, price.bid, price.ask)])
        silent = any(self._markets[name].moved and self._markets[name].spoke_at is None for name in prices)
        self.wrong = self.wrong + 1 if wrong else self.wrong if silent else 0
        return not (wrong or silent)

    @staticmethod
    def _settled(market: _Market, now: float) -> bool:
        return market.spoke_at is not None or now - market.followed_at >= SETTLE_SECONDS

    def _time(self, market: _Market, told_ms: int, now: float) -> None:
        """Clocks differ: what counts is how much later messages come than the promptest did. The first of a market may
        be of long ago, and one may repeat what is known."""
        if market.newest_ms is not None and told_ms > market.newest_ms:
            late = now - told_ms / 1000
            self._least_late = late if self._least_late is None else min(self._least_late, late)
            self.late = late - self._least_late
        market.newest_ms = max(told_ms, market.newest_ms or 0)


def _among(market: _Market, price: Price, since: float) -> bool:
    """Within what was told from then on, and just before."""
    told = list(market.told)
    first = max((number for number, (at, _, _) in enumerate(told) if at <= since), default=0)
    bids, asks = [bid for _, bid, _ in told[first:]], [ask for _, _, ask in told[first:]]
    return min(bids) <= price.bid <= max(bids) and min(asks) <= price.ask <= max(asks)
