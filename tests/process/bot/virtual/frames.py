"""`python -m tests.process.bot.virtual.frames spot|futures DIRECTORY`: candles of a day, by two exchanges of FreqTrade.

One is FreqTrade as it is. The other is routed as a bot's, through a gateway that others ask meanwhile, and has the
hooks that bots have. Both loop at the same moments of a virtual day (`day`): they refresh, and analyse with a strategy
that takes other timeframes and another pair in by FreqTrade's own decorator. What the strategies get is compared after
each refresh, and told as JSON on standard output; in the end answers are harmed, which must be seen.
"""

import json
import sys
from pathlib import Path

from tests.process.bot.virtual.clock import CLOCK, install, install_dates

install()

import faulthandler  # noqa: E402 (time is replaced before anything keeps it)
import logging  # noqa: E402
import os  # noqa: E402
import traceback  # noqa: E402
from collections import Counter, defaultdict  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager, nullcontext  # noqa: E402
from types import MethodType, SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

import ccxt  # noqa: E402
import ccxt.async_support  # noqa: E402
from freqtrade.data.dataprovider import DataProvider  # noqa: E402
from freqtrade.enums import CandleType, RunMode  # noqa: E402
from freqtrade.resolvers import ExchangeResolver  # noqa: E402
from freqtrade.strategy import IStrategy, informative  # noqa: E402
from pandas import DataFrame, Series  # noqa: E402
from pandas.testing import assert_frame_equal  # noqa: E402

from pool.bot.market.clients import routed  # noqa: E402
from pool.bot.market.fallback import Fallback  # noqa: E402
from pool.bot.market.kinds import due_at_close  # noqa: E402
from pool.bot.market.mapped import Mapped  # noqa: E402
from pool.bot.market.routing import Router  # noqa: E402
from pool.contract.mapped import DIRECTORY, LatestCandles  # noqa: E402
from pool.contract.market import Kind  # noqa: E402
from pool.exchange.gateway.candles.through import through  # noqa: E402
from pool.exchange.gateway.candles.worker import columns  # noqa: E402
from pool.exchange.gateway.gateway import PAPER as PAPER_NAME  # noqa: E402
from pool.exchange.gateway.mapped.service import content_of  # noqa: E402
from pool.exchange.urls import paper_urls  # noqa: E402
from pool.zygote import analysis, cleaning  # noqa: E402
from tests.process.bot.virtual.day import END, START, is_asked, looks  # noqa: E402
from tests.process.bot.virtual.exchange import VirtualExchange  # noqa: E402
from tests.process.bot.virtual.gateway import GATEWAY, PAPER, Harm, VirtualGateway  # noqa: E402

_CANDLES = 90
"""Of each request."""
_TIMEFRAME = "15m"
_ANALYSED = "analysed"
_MOST_SECONDS = 500
_MOST_DIFFERENT = 20
_HARMED: dict[str, Harm] = {"5m": "late", "1m": "changed"}
_fetch_async = ccxt.async_support.Exchange.fetch
Key = tuple[str, str, CandleType]


def _name(key: Key) -> str:
    return " ".join(map(str, key))


def _strategy(futures: bool) -> type[IStrategy]:
    ending = ":{stake}" if futures else ""

    class Taking(IStrategy):
        timeframe = _TIMEFRAME
        stoploss = -0.1
        keys: list[Key]

        def informative_pairs(self) -> list[Any]:
            return [key for key in self.keys if is_asked(key[1], int(CLOCK.now))]

        @informative("1h")
        @informative("1d")
        def populate_longer(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            return dataframe.assign(mean=dataframe["close"].rolling(5).mean())

        @informative("1h", f"ETH/{{stake}}{ending}")
        def populate_other(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            return dataframe.assign(change=dataframe["close"].pct_change())

        def populate_indicators(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            mean = dataframe["close"].rolling(10).mean()
            return dataframe.assign(mean=mean, apart=mean / dataframe["mean_1h"])

        def populate_entry_trend(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            return dataframe.assign(enter_long=(dataframe["apart"] > 1).astype(int))

        def populate_exit_trend(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            return dataframe.assign(exit_long=(dataframe["apart"] < 1).astype(int))

    class TakingRates(Taking):
        @informative("1h", candle_type="mark", fmt="mark_{column}")
        @informative("1h", candle_type="funding_rate", fmt="funding_{column}")
        def populate_rates(self, dataframe: DataFrame, metadata: Any) -> DataFrame:
            return dataframe

    return TakingRates if futures else Taking


class _Side:
    """FreqTrade's exchange, data provider and a strategy: what of it loops, without trading."""

    def __init__(self, mode: str, directory: Path) -> None:
        self.futures = mode == "futures"
        config = self._config(mode, directory)
        self.exchange: Any = ExchangeResolver.load_exchange(config, validate=False, load_leverage_tiers=False)
        self.exchange._set_startup_candle_count(config)
        self.strategy: Any = _strategy(self.futures)(config)
        self.strategy.keys = self._keys()
        self.pair, _, self.kind = self.strategy.keys[0]
        pairs: Any = SimpleNamespace(whitelist=[self.pair])
        self.strategy.dp = self.provider = DataProvider(config, self.exchange, pairs)

    def _config(self, mode: str, directory: Path) -> Any:
        urls = paper_urls(PAPER, ccxt.binance().urls["api"])
        pricing = {"price_side": "same", "use_order_book": True, "order_book_top": 1}
        return {
            "exchange": {
                "name": "binance",
                "enable_ws": False,
                "only_from_ccxt": True,
                "pair_whitelist": [],
                "ccxt_config": {"enableRateLimit": False, "urls": {"api": urls}},
                "_ft_has_params": {"ohlcv_candle_limit": _CANDLES},
            },
            "dry_run": True,
            "runmode": RunMode.DRY_RUN,
            "stake_currency": "USDT",
            "trading_mode": mode,
            "margin_mode": "isolated" if self.futures else "",
            "candle_type_def": CandleType(mode),
            "timeframe": _TIMEFRAME,
            "startup_candle_count": 20,
            "user_data_dir": directory,
            "datadir": directory,
            "entry_pricing": pricing,
            "exit_pricing": pricing,
            "original_config": {},
        }

    def _keys(self) -> list[Key]:
        """All timeframes of a pair, some of another; marks and rates as FreqTrade itself asks for them."""
        kind, ending = (CandleType.FUTURES, ":USDT") if self.futures else (CandleType.SPOT, "")
        bitcoin, ether = f"BTC/USDT{ending}", f"ETH/USDT{ending}"
        keys = [(bitcoin, timeframe, kind) for timeframe in self.exchange.timeframes]
        keys += [(ether, timeframe, kind) for timeframe in ("5m", "1h")]
        if self.futures:
            funding, mark = (self.exchange.get_option(f"{what}_timeframe") for what in ("funding_fee", "mark_ohlcv"))
            keys += [(pair, funding, CandleType.FUNDING_RATE) for pair in (bitcoin, ether)]
            keys += [(bitcoin, timeframe, CandleType.MARK) for timeframe in dict.fromkeys((mark, "5m"))]
        return keys

    def loop(self) -> None:
        self.provider.refresh([(self.pair, _TIMEFRAME, self.kind)], self.strategy.gather_informative_pairs())
        self.strategy.analyze([self.pair])

    def analysed(self) -> DataFrame:
        return self.provider.get_analyzed_dataframe(self.pair, _TIMEFRAME)[0]

    def held(self) -> dict[str, DataFrame]:
        """By what they are of; each new candle makes another frame."""
        return {_name(key): frame for key, frame in self.exchange._klines.items()} | {_ANALYSED: self.analysed()}

    def taken(self, name: str) -> DataFrame:
        """As a strategy gets it."""
        if name == _ANALYSED:
            return self.analysed()
        return self.provider.get_pair_dataframe(*next(key for key in self.strategy.keys if _name(key) == name))

    def route(self, session: VirtualGateway, pool: Path) -> None:
        """Its candles come through the gateway."""
        self.shelf = _Shelf(pool, session, self.exchange)
        fallback = Fallback("one", lambda reason: None, clock=lambda: CLOCK.now)
        router = Router(
            GATEWAY, fallback, bot_id="one", tenant="pool", exchange=lambda: PAPER_NAME, signed_through=False,
            building=lambda: False, clock=lambda: CLOCK.now, mapped=self.shelf,
        )  # fmt: skip
        client = routed(self.exchange._api_async, router)
        client.session = session
        client.fetch = MethodType(_fetch_async, client)


class _Shelf(Mapped):
    """What the gateway's worker reads, and the pool's agent puts down."""

    def __init__(self, pool: Path, gateway: VirtualGateway, like: Any) -> None:
        super().__init__(pool, lambda: PAPER_NAME, lambda: (CLOCK.now, int(CLOCK.now * 1000)))
        self._gateway = gateway
        self._home = pool / DIRECTORY
        self._home.mkdir(parents=True)
        base = type("Base", (ccxt.async_support.binance,), {"fetch": _fetch_async})
        self._client: Any = type("Worker", (base,), through(GATEWAY, PAPER_NAME))()
        self._client.urls["api"], self._client.session = like._api.urls["api"], gateway
        self._client.enableRateLimit = False
        self._like = like

    async def fill(self) -> None:
        """With all that was ever asked for, where the gateway has that."""
        if not self._client.markets:
            self._client.set_markets(list(self._like._markets.values()))
        for header in self._gateway.noted:
            series = LatestCandles.of(header)
            assert series is not None, header
            told = await columns(self._client, series)
            if told is not None:
                (self._home / series.name(PAPER_NAME)).write_bytes(content_of(told))

    def rows(self, series: LatestCandles, kind: Kind) -> Any:
        found = super().rows(series, kind)
        self._gateway.served[f"{kind.timeframe} mapped"] += found is not None
        return found


@contextmanager
def _hooks() -> Iterator[None]:
    """Of bots."""
    uninstalls = [cleaning.install(), analysis.install()]
    try:
        yield
    finally:
        for uninstall in uninstalls:
            uninstall()


class _Sides:
    """The two, and how they differ."""

    def __init__(self, mode: str, directory: Path) -> None:
        plain = VirtualExchange(7, START, END - START)
        behind = VirtualExchange(7, START, END - START, plain.market)
        plain.connect()
        CLOCK.now = float(START)
        self.plain, self.ours = (_Side(mode, directory / side) for side in ("plain", "ours"))
        self.gateway = VirtualGateway(behind)
        self.ours.route(self.gateway, directory / "pool")
        self.ends: defaultdict[str, set[int]] = defaultdict(set)
        """The last candle of each frame that was the same, by what it is of."""
        self.different: dict[str, str] = {}
        self._held: dict[str, Any] = {}

    def loop(self) -> None:
        """What is as it was has been compared."""
        for side, hooks in ((self.plain, nullcontext()), (self.ours, _hooks())):
            with hooks:
                side.loop()
        expected, held = self.plain.held(), self.ours.held()
        for name in expected.keys() | held.keys():
            both = held.get(name), expected.get(name)
            if not all(one is other for one, other in zip(both, self._held.get(name, (None, None)), strict=True)):
                self._held[name] = both
                self._compare(name)
        if self.plain.exchange._pairs_last_refresh_time != self.ours.exchange._pairs_last_refresh_time:
            self.different.setdefault("times of candles", f"{CLOCK.now}")

    async def neighbour(self) -> None:
        """Another bot of the pool asks for all of it."""
        self.gateway.served = Counter()
        await self.gateway.neighbour()
        await self.ours.shelf.fill()

    def _compare(self, name: str) -> None:
        made, expected = self.ours.taken(name), self.plain.taken(name)
        problem = _difference(made, expected)
        if problem:
            self.different.setdefault(name, f"{CLOCK.now}: {problem}")
        elif not expected.empty:
            self.ends[name].add(int(expected["date"].iat[-1].timestamp()))

    def harmed(self) -> dict[str, list[str]]:
        """What differs after each harm."""
        self.gateway.served, found = Counter(), {}
        for place, (timeframe, harm) in enumerate(_HARMED.items()):
            self.different = {}
            self.gateway.harms = {timeframe: harm}
            CLOCK.now = float(END + 300 * place + 1)
            self.loop()
            found[harm] = sorted(self.different)
        return found


def _difference(made: DataFrame, expected: DataFrame) -> str | None:
    """What tells them apart, to the last bit."""
    try:
        assert_frame_equal(
            made, expected, check_exact=True, check_index_type="exact", check_column_type="exact", check_freq=True
        )
    except AssertionError as problem:
        return str(problem)
    if repr(made.index) != repr(expected.index) or made.attrs != expected.attrs:
        return f"{made.index} {made.attrs} instead of {expected.index} {expected.attrs}"
    bits = [name for name in expected.columns if _bits(made[name]) != _bits(expected[name])]
    return f"bits of {bits}" if bits else None


def _bits(column: Series) -> Any:
    if column.dtype.kind == "O":
        return column.tolist()
    values = column.to_numpy("datetime64[us]") if column.dtype.kind == "M" else column.to_numpy()
    return values.dtype, values.tobytes()


def main(mode: str, directory: Path) -> None:
    """Ends the process: what closes itself would wait for a time that does not come."""
    faulthandler.dump_traceback_later(_MOST_SECONDS, exit=True)
    logging.disable(logging.WARNING)
    sides = _Sides(mode, directory)
    install_dates()
    served: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for number, look in enumerate(looks(mode)):
        if look.neighbour_after is not None:
            CLOCK.now = float(look.close + look.neighbour_after)
            sides.ours.exchange.loop.run_until_complete(sides.neighbour())
        CLOCK.now = float(look.at)
        sides.gateway.served = served[look.kept] if number else Counter()  # before the first nobody asked
        with due_at_close(look.late):
            sides.loop()
        if len(sides.different) > _MOST_DIFFERENT:
            break
    told = {
        "different": sides.different,
        "ends": {name: sorted(ends) for name, ends in sides.ends.items()},
        "candles": {name: len(sides.plain.taken(name)) for name in sides.ends},
        "columns": list(sides.plain.analysed().columns),
        "timeframes": sides.plain.exchange.timeframes,
        "served": {"kept": served[True], "new": served[False]},
    }
    print(json.dumps(told | {"harmed": sides.harmed()}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # at once: with the error FreqTrade's exchanges would go, which wait as they close
