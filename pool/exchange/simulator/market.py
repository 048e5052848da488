"""The market: what every symbol costs at every second, and bars of any interval.

One trade happens in each second, at the price of that second. A bar of an interval holds the seconds from its open
up to the last one that has passed, so its close is the ticker's last price, and bars of longer intervals are exactly
the sum of the shorter ones. Minutes come from 5 s nodes (the log price is linear between them, so extremes lie on
nodes or on the last second); where a script rules, all 60 seconds are looked at.

Hours are remembered from the oldest asked for up to the last one closed, which makes daily candles cheap.
Everything but these caches is a pure function; callers pass the time. Thread-safe: long stretches run in threads.
"""

import threading
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pool.exchange.simulator.bars import Bars, joined, make_bars
from pool.exchange.simulator.intervals import Interval
from pool.exchange.simulator.listings import NUMERAIRE, Asset, Listing
from pool.exchange.simulator.noise import NODE_SECONDS, Floats, Integers, Paths, key_of, uniform
from pool.exchange.simulator.scripts import Piece, Timeline

_MINUTE, _HOUR = 60, 3_600
_NODES = _MINUTE // NODE_SECONDS
_LAST_SECOND_FRACTION = (NODE_SECONDS - 1) / NODE_SECONDS
_BLOCK_NODES = 180  # a quarter of an hour, the stretch of nodes kept for the present
_HOURS_AT_ONCE = 120  # bounds the memory of one pass
_HOURS_APART = 2_000  # a stretch further from those remembered is computed and forgotten
_TAKER_KEY = np.uint64(key_of("taker"))


class Market:
    """All listed symbols. Seconds are whole seconds since the epoch, UTC."""

    def __init__(self, seed: int, assets: dict[str, Asset], listings: Iterable[Listing]) -> None:
        self.listings = {listing.symbol: listing for listing in listings}
        self.order = list(self.listings)
        self._timelines: dict[str, Timeline] = {}
        self._paths = Paths(seed, list(assets), [asset.sigma for asset in assets.values()])
        places = {name: place for place, name in enumerate(assets)}
        self._base = {s: places[item.base] for s, item in self.listings.items()}
        self._quote = {s: places[item.quote] for s, item in self.listings.items() if item.quote != NUMERAIRE}
        self._rows = {symbol: row for row, symbol in enumerate(self.order)}
        listed = self.listings.values()
        self._typical = np.array([item.price for item in listed])
        self._scales = np.array([10.0**item.price_digits for item in listed])
        self._minute_lots = np.array([float(item.minute_lots) for item in listed])
        self._volume_keys = np.array([key_of(seed, "volume", item.symbol) for item in listed], dtype=np.uint64)
        self._blocks: dict[str, tuple[int, Floats]] = {}
        self._hours: dict[str, tuple[int, Bars]] = {}
        self._lock = threading.Lock()

    # Scripts

    def timeline(self, symbol: str) -> Timeline:
        """The scripts of a symbol, empty at first."""
        return self._timelines.get(symbol) or Timeline()

    def script(self, symbol: str, piece: Piece) -> None:
        """Lay a piece over the market. It must not begin before the present second: closed bars are remembered."""
        timeline = Timeline(self.timeline(symbol).pieces)
        timeline.add(piece)
        self._timelines[symbol] = timeline

    def scripted(self) -> list[str]:
        """Symbols that were ever scripted."""
        return list(self._timelines)

    # Prices

    def ticks(self, symbol: str, second: int) -> int:
        """Price at one second, in ticks."""
        return int(self.path(symbol, second, second)[0])

    def path(self, symbol: str, first: int, last: int) -> Integers:
        """Prices in ticks of the seconds `first` to `last`, both included."""
        seconds = np.arange(first, last + 1)
        prices = self._plain(symbol, seconds)
        timeline = self.timeline(symbol).within(first, last)
        if timeline.pieces:
            anchors = [float(self._plain(symbol, np.array([arrival]))[0]) for arrival in timeline.arrivals()]
            prices = timeline.apply(seconds, prices, anchors)
        path: Integers = self._to_ticks([symbol], prices[None, :])[0]
        return path

    def last_ticks(self, second: int) -> Integers:
        """Price of every symbol at one second, in the order of `order`; one pass for all of them."""
        node, rest = divmod(second, NODE_SECONDS)
        logs = self._log_nodes(self.order, node, node + 1)
        now = logs[:, 0] + (logs[:, 1] - logs[:, 0]) * (rest / NODE_SECONDS)
        last: Integers = self._to_ticks(self.order, np.exp(now)[:, None] * self._typical[:, None])[:, 0]
        for symbol in self.scripted():
            last[self._rows[symbol]] = self.ticks(symbol, second)
        return last

    # Bars

    def bars(self, symbol: str, interval: Interval, first: int, last: int, now: int) -> Bars:
        """Bars number `first` to `last` of an interval (both included), as they are at second `now`.

        The caller keeps `last` from lying in the future; the bar that `now` belongs to is still growing.
        """
        start, end = interval.opens(first), min(interval.opens(last + 1), now + 1)
        if interval.seconds == 1:
            return self._second_bars(symbol, start, end)
        unit = _HOUR if not interval.seconds or interval.seconds >= _HOUR else _MINUTE
        series = self._hour_bars(symbol, start, end) if unit == _HOUR else self._minute_bars(symbol, start, end)
        if interval.seconds == unit:
            return series
        opens = np.array([interval.opens(index) for index in range(first, last + 1)])
        return series.grouped((opens - start) // unit)

    def span_bars(self, symbols: list[str], start: int, end: int) -> Bars:
        """For each symbol one bar over the seconds from `start` (on the hour) to before `end`."""
        whole = np.array([0])
        return joined([self._hour_bars(symbol, start, end).grouped(whole) for symbol in symbols])

    def present_minutes(self, now: int) -> Bars:
        """The growing minute of every symbol, in the order of `order`; one pass for all of them."""
        minute, passed = now // _MINUTE, now % _MINUTE + 1
        nodes = self._log_nodes(self.order, minute * _NODES, (minute + 1) * _NODES)
        seconds = np.arange(passed)
        places, fractions = seconds // NODE_SECONDS, seconds % NODE_SECONDS / NODE_SECONDS
        logs = nodes[:, places] + (nodes[:, places + 1] - nodes[:, places]) * fractions
        path: Integers = self._to_ticks(self.order, np.exp(logs) * self._typical[:, None])
        for symbol in self.scripted():
            path[self._rows[symbol]] = self.path(symbol, now - passed + 1, now)
        lots, taker = self._volumes(self.order, np.array([minute]), nodes[:, -1:] - nodes[:, :1])
        prices = (path[:, 0], path.max(axis=1), path.min(axis=1), path[:, -1])
        return make_bars(prices, lots[:, 0] * passed // _MINUTE, taker[:, 0], np.full(len(self.order), passed))

    @staticmethod
    def taker_bought(seconds: Integers) -> npt.NDArray[np.bool_]:
        """Whether the trade of a second was a taker's purchase."""
        bought: npt.NDArray[np.bool_] = uniform(_TAKER_KEY, seconds) > 0
        return bought

    def _hour_bars(self, symbol: str, start: int, end: int) -> Bars:
        """Hours of the seconds from `start` (on the hour) to before `end`; the last one may be cut short."""
        closed = end // _HOUR * _HOUR
        if closed <= start:
            return self._minute_bars(symbol, start, end).grouped(np.array([0]))
        bars = self._closed_hours(symbol, start // _HOUR, closed // _HOUR)
        if closed == end:
            return bars
        return bars.then(self._minute_bars(symbol, closed, end).grouped(np.array([0])))

    def _closed_hours(self, symbol: str, first: int, end: int) -> Bars:
        """Hours `first` to before `end`, all of them closed, from memory where possible."""
        with self._lock:
            known = self._hours.get(symbol)
        if known is None:
            begin, bars = first, self._whole_hours(symbol, first, end)
        else:
            begin, bars = known
            if end < begin - _HOURS_APART or first > begin + len(bars) + _HOURS_APART:
                return self._whole_hours(symbol, first, end)
            if first < begin:
                bars = self._whole_hours(symbol, first, begin).then(bars)
                begin = first
            if end > begin + len(bars):
                bars = bars.then(self._whole_hours(symbol, begin + len(bars), end))
        with self._lock:
            self._hours[symbol] = (begin, bars)
        return bars[first - begin : end - begin]

    def _whole_hours(self, symbol: str, first: int, end: int) -> Bars:
        series: list[Bars] = []
        for begin in range(first, end, _HOURS_AT_ONCE):
            stop = min(end, begin + _HOURS_AT_ONCE)
            minutes = self._minute_bars(symbol, begin * _HOUR, stop * _HOUR)
            series.append(minutes.grouped(np.arange(0, (stop - begin) * 60, 60)))
        return joined(series)

    def _minute_bars(self, symbol: str, start: int, end: int) -> Bars:
        """Minutes of the seconds from `start` (on the minute) to before `end`; the last one may be cut short."""
        scripted_from = self.timeline(symbol).start
        plain_end = end if scripted_from is None else max(start, min(end, scripted_from))
        whole_end = plain_end // _MINUTE * _MINUTE
        parts: list[Bars] = []
        if whole_end > start:
            parts.append(self._plain_minutes(symbol, start // _MINUTE, whole_end // _MINUTE))
        if whole_end < end:
            parts.append(self._counted_minutes(symbol, whole_end, end))
        return joined(parts)

    def _plain_minutes(self, symbol: str, first: int, end: int) -> Bars:
        """Whole minutes that no script rules."""
        logs = self._log_nodes([symbol], first * _NODES, end * _NODES)[0]
        grid, following = logs[:-1].reshape(-1, _NODES), logs[_NODES::_NODES]
        closes = grid[:, -1] + (following - grid[:, -1]) * _LAST_SECOND_FRACTION
        highs, lows = np.maximum(grid.max(axis=1), closes), np.minimum(grid.min(axis=1), closes)
        prices = np.exp(np.concatenate([grid[:, 0], highs, lows, closes])) * self.listings[symbol].price
        ticks = self._to_ticks([symbol], prices[None, :]).reshape(4, -1)
        lots, taker = self._volumes([symbol], np.arange(first, end), (following - grid[:, 0])[None, :])
        return make_bars((ticks[0], ticks[1], ticks[2], ticks[3]), lots[0], taker[0], np.full(end - first, _MINUTE))

    def _counted_minutes(self, symbol: str, start: int, end: int) -> Bars:
        """Minutes from every single second, the last one possibly cut short."""
        path = self.path(symbol, start, end - 1)
        begins = np.arange(0, end - start, _MINUTE)
        lasts = np.append(begins[1:], end - start) - 1
        first = start // _MINUTE
        lots, taker = self._minute_volumes(symbol, first, first + len(begins))
        passed = lasts - begins + 1
        prices = (path[begins], np.maximum.reduceat(path, begins), np.minimum.reduceat(path, begins), path[lasts])
        return make_bars(prices, lots * passed // _MINUTE, taker, passed)

    def _second_bars(self, symbol: str, start: int, end: int) -> Bars:
        path = self.path(symbol, start, end - 1)
        seconds = np.arange(start, end)
        first = start // _MINUTE
        lots, _ = self._minute_volumes(symbol, first, (end - 1) // _MINUTE + 1)
        of_minute, passed = lots[seconds // _MINUTE - first], seconds % _MINUTE
        volume = of_minute * (passed + 1) // _MINUTE - of_minute * passed // _MINUTE
        bought = self.taker_bought(seconds).astype(np.float64)
        return make_bars((path, path, path, path), volume, bought, np.ones(len(path), np.int64))

    def _minute_volumes(self, symbol: str, first: int, end: int) -> tuple[Integers, Floats]:
        """`_volumes` of one symbol over the minutes `first` to before `end`."""
        nodes = self._log_nodes([symbol], first * _NODES, end * _NODES)[0][::_NODES]
        lots, taker = self._volumes([symbol], np.arange(first, end), np.diff(nodes)[None, :])
        return lots[0], taker[0]

    def _volumes(self, symbols: list[str], minutes: Integers, moves: Floats) -> tuple[Integers, Floats]:
        """Lots traded in whole minutes, more when prices move, and the share that takers bought; a row per symbol."""
        rows = [self._rows[symbol] for symbol in symbols]
        noise = uniform(self._volume_keys[rows][:, None], minutes)
        sigmas = self._paths.sigmas[[self._base[symbol] for symbol in symbols]][:, None]
        activity = 0.5 + 0.3 * noise + np.minimum(np.abs(moves) / sigmas, 4.0) * 0.5
        lots: Integers = (activity * self._minute_lots[rows][:, None]).astype(np.int64)
        return lots, 0.5 + 0.2 * noise

    # Paths

    def _plain(self, symbol: str, seconds: Integers) -> Floats:
        """The market's own prices, scripts left aside; `seconds` ascend by one."""
        first, last = int(seconds[0]) // NODE_SECONDS, int(seconds[-1]) // NODE_SECONDS + 1
        nodes = self._present(symbol, first, last)
        places = seconds // NODE_SECONDS - first
        fractions = seconds % NODE_SECONDS / NODE_SECONDS
        logs = nodes[places] + (nodes[places + 1] - nodes[places]) * fractions
        prices: Floats = np.exp(logs) * self.listings[symbol].price
        return prices

    def _present(self, symbol: str, first: int, last: int) -> Floats:
        """Nodes `first` to `last`; a stretch within a quarter of an hour is kept whole for the next call."""
        block = first // _BLOCK_NODES
        offset = block * _BLOCK_NODES
        if last > offset + _BLOCK_NODES:
            stretch: Floats = self._log_nodes([symbol], first, last)[0]
            return stretch
        known = self._blocks.get(symbol)
        if known is None or known[0] != block:
            nodes = self._log_nodes([symbol], offset, offset + _BLOCK_NODES)[0]
            known = self._blocks[symbol] = (block, nodes)
        return known[1][first - offset : last - offset + 1]

    def _log_nodes(self, symbols: list[str], first: int, last: int) -> Floats:
        """Log prices relative to the typical price, one row per symbol."""
        logs = self._paths.nodes(np.array([self._base[symbol] for symbol in symbols], dtype=np.intp), first, last)
        crosses = [row for row, symbol in enumerate(symbols) if symbol in self._quote]
        if crosses:
            quotes = np.array([self._quote[symbols[row]] for row in crosses], dtype=np.intp)
            kinds, which = np.unique(quotes, return_inverse=True)
            logs[crosses] -= self._paths.nodes(kinds, first, last)[which]
        return logs

    def _to_ticks(self, symbols: list[str], prices: Floats) -> Integers:
        """Whole ticks, at least one; a row per symbol."""
        scales = self._scales[[self._rows[symbol] for symbol in symbols]][:, None]
        ticks: Integers = np.maximum(np.rint(prices * scales), 1).astype(np.int64)
        return ticks
