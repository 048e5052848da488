"""What is read of FreqTrade: candles that are awaited, signals that stand, and what of a trade keeps the loop."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.enums import CandleType, State
from freqtrade.persistence import Trade
from pandas import DataFrame

from pool.bot.waking.reader import Reader
from pool.contract.waking import REASONS
from pool.rules.position import Thresholds

PAIR = "BTC/USDT"
KEY = (PAIR, "5m", CandleType.SPOT)
NOW = datetime(2026, 3, 1, 12, 2, tzinfo=UTC)
OPENED = int(datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp() * 1000)
LAST = OPENED - 300_000


class Strategy:
    bot: "Bot"

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def get_entry_signal(self, *_: Any) -> Any:
        return self.bot.entry, None

    def is_pair_locked(self, pair: str, *, candle_date: datetime, side: str) -> bool:
        assert candle_date == self.bot.frame.iloc[-1]["date"], "as FreqTrade asks"
        return (pair, side) in self.bot.locked

    def get_exit_signal(self, *_: Any, is_short: bool) -> Any:
        return self.bot.exit


class Bot:
    """FreqTrade as far as it is read, with all candles there and nothing to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trades: list[Any] = []
        monkeypatch.setattr(Trade, "get_open_trades", staticmethod(lambda: self.trades))
        monkeypatch.setattr("pool.bot.waking.reader.timeframe_to_prev_date", lambda _: NOW.replace(minute=0))
        monkeypatch.setattr("pool.bot.waking.reader.timeframe_to_next_date", lambda *_: NOW.replace(minute=5))
        self.frame = DataFrame({"date": [datetime.fromtimestamp(LAST / 1000, UTC)]})
        self.entry: Any = None
        self.locked: set[tuple[str, str]] = set()
        self.exit = (False, False, None)
        self.strategy = Strategy(
            timeframe="5m", minimal_roi={0: 0.1, 60: 0.05}, process_only_new_candles=True, use_exit_signal=True,
            use_custom_stoploss=False, use_custom_roi=False, trailing_stop=False, order_types={},
            _IStrategy__last_candle_seen_per_pair={PAIR: self.frame.iloc[-1]["date"]},
        )  # fmt: skip
        self.strategy.bot = self
        self.exchange = SimpleNamespace(
            _pairs_last_refresh_time={KEY: LAST}, _pairs_last_poll_time={KEY: OPENED + 2000},
            _ohlcv_candle_grace_ms=lambda _: 15_000, _ohlcv_max_poll_interval_ms=60_000,
        )  # fmt: skip
        self.free = 1
        self.freqtrade = SimpleNamespace(
            strategy=self.strategy, exchange=self.exchange, state=State.RUNNING, active_pair_whitelist=[PAIR],
            pairlists=SimpleNamespace(_pairlist_handlers=[], _tickers_needed=False),
            _schedule=SimpleNamespace(next_run=None), get_free_open_trades=lambda: self.free,
            config={"dry_run": True, "exit_pricing": {"use_order_book": True}},
            dataprovider=SimpleNamespace(
                refresh=lambda *_: None, ohlcv=lambda *_, **__: self.frame,
                get_analyzed_dataframe=lambda *_: (self.frame, NOW),
            ),
        )  # fmt: skip
        exits = SimpleNamespace(
            thresholds=lambda *_, **__: Thresholds(), is_due=lambda _: False, time_exit_at=lambda _: self.time_exit
        )
        self.time_exit: float | None = None
        laid = SimpleNamespace(over=Strategy, adjusts=False, exits=exits, rules=SimpleNamespace(policy=None))
        self.laid = laid
        self.follows: list[Any] = []
        self.hold = SimpleNamespace(
            laid=laid, seen={1: 100.0}, handled={1: 0.0}, told={1: None}, follow=self.follows.append
        )
        self.monotonic = 100.0
        self.ticks = 0.0
        freqtrade: Any = self.freqtrade
        hold: Any = self.hold
        self.reader = Reader(freqtrade, hold, clock=NOW.timestamp, monotonic=self.clock)
        self.freqtrade.dataprovider.refresh([KEY], [])

    def clock(self) -> float:
        """A little later at each call."""
        self.monotonic += self.ticks
        return self.monotonic

    def facts(self) -> dict[str, Any]:
        return self.reader.facts(NOW.timestamp(), NOW.timestamp() - 5)

    def open(self, **attributes: Any) -> None:
        fields = {
            "id": 1, "pair": PAIR, "is_short": False, "amount": 1.0, "has_open_orders": False,
            "has_open_sl_orders": False, "has_open_position": True, "stoploss_or_liquidation": 90.0,
            "open_date_utc": NOW - timedelta(minutes=30), "entry_side": "buy",
            "stop_loss": 90.0, "liquidation_price": None, "open_rate": 100.0, "leverage": 1.0,
            "calc_close_rate_for_roi": lambda profit: 100.0 * (1 + profit), "fee_updated": lambda _: False,
        }  # fmt: skip
        self.trades = [SimpleNamespace(**{**fields, **attributes})]


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Bot:
    return Bot(monkeypatch)


def test_with_everything_there_nothing_is_to_be_done_before_the_next_candle(bot: Bot) -> None:
    facts = bot.facts()
    assert [facts[name] for name in ("candles_awaited", "entry_stands")] == [False, False]
    assert facts["always"] == facts["with_trades"] == frozenset()
    assert facts["closes"] == (NOW.replace(minute=5).timestamp(),)
    assert facts["timers"] == ()


def test_a_candle_is_awaited_as_long_as_freqtrade_asks_for_it_in_each_loop(bot: Bot) -> None:
    bot.exchange._pairs_last_refresh_time[KEY] = LAST - 300_000
    assert bot.facts()["candles_awaited"]

    bot.exchange._pairs_last_poll_time[KEY] = OPENED + 100_000  # given up for a while, at 12:01:40
    facts = bot.facts()
    assert not facts["candles_awaited"]
    assert facts["timers"] == ((OPENED + 160_000) / 1000,)

    bot.exchange._pairs_last_refresh_time.clear()
    assert bot.facts()["candles_awaited"]


def test_a_candle_that_was_not_analysed_is_awaited(bot: Bot) -> None:
    bot.strategy._IStrategy__last_candle_seen_per_pair = {}

    assert bot.facts()["candles_awaited"]


def test_an_entry_stands_where_freqtrade_would_try_it(bot: Bot) -> None:
    bot.entry = "long"
    assert bot.facts()["entry_stands"]
    bot.free = 0
    assert not bot.facts()["entry_stands"]
    bot.free = 1
    bot.freqtrade.state = State.PAUSED
    assert not bot.facts()["entry_stands"]
    bot.freqtrade.state = State.RUNNING
    bot.locked = {(PAIR, "short")}
    assert bot.facts()["entry_stands"]
    bot.locked = {(PAIR, "long")}
    assert not bot.facts()["entry_stands"], "its pair is locked until the next candle"
    bot.locked = set()
    bot.open()
    assert not bot.facts()["entry_stands"], "its pair has a trade"


def test_a_trade_at_rest_waits_for_its_next_return_on_investment(bot: Bot) -> None:
    bot.open()
    (trade,) = bot.facts()["trades"]

    assert (trade.open_order, trade.exit_stands, trade.beyond, trade.watchable) == (False, False, False, True)
    assert trade.keeps == frozenset()
    assert trade.timers == (bot.trades[0].open_date_utc.timestamp() + 3600,)


def test_what_of_a_trade_keeps_the_loop(bot: Bot) -> None:
    for change in ({"has_open_orders": True}, {"has_open_sl_orders": True}, {"has_open_position": False}):
        bot.open(**change)
        assert bot.facts()["trades"][0].open_order
    bot.open()
    for rate, beyond in ((90.0, True), (90.1, False), (109.9, False), (110.1, True)):
        bot.hold.seen[1] = rate
        assert bot.facts()["trades"][0].beyond is beyond
    bot.hold.seen.clear()
    assert bot.facts()["trades"][0].beyond, "nobody looked at it yet"
    bot.exit = (False, True, None)
    assert bot.facts()["trades"][0].exit_stands
    bot.exit = (True, True, None)
    assert not bot.facts()["trades"][0].exit_stands


def test_a_time_exit_is_a_timer_and_once_it_is_over_it_keeps_the_loop(bot: Bot) -> None:
    bot.open()
    bot.time_exit = NOW.timestamp() + 7
    (trade,) = bot.facts()["trades"]
    assert bot.time_exit in trade.timers
    bot.time_exit = NOW.timestamp()
    (trade,) = bot.facts()["trades"]
    assert trade.keeps == {"time_exit"}
    assert trade.keeps <= set(REASONS)


def test_fees_of_live_trades_are_waited_for(bot: Bot) -> None:
    bot.open()
    bot.freqtrade.config["dry_run"] = False
    assert bot.facts()["trades"][0].keeps == {"fees_unknown"}


@pytest.mark.parametrize(
    ("pricing", "watchable"),
    [
        ({"use_order_book": True, "order_book_top": 1}, True),
        ({"use_order_book": True, "order_book_top": 2}, False),
        ({"use_order_book": False}, True),
        ({"use_order_book": False, "price_last_balance": 0.5}, False),
    ],
)
def test_only_the_best_prices_are_watched(bot: Bot, pricing: dict[str, Any], watchable: bool) -> None:
    bot.freqtrade.config["exit_pricing"] = pricing
    bot.open()

    assert bot.facts()["trades"][0].watchable is watchable


def trailing(bot: Bot, **config: Any) -> Any:
    """An open trade with a trailing stop, as the next look at its thresholds is to come."""
    bot.strategy.__dict__.update(
        trailing_stop=True, stoploss=-0.1, trailing_stop_positive=None, trailing_stop_positive_offset=0.0,
        trailing_only_offset_is_reached=False, minimal_roi={},
    )  # fmt: skip
    bot.freqtrade.config.update(config)
    bot.open()
    freqtrade: Any = bot.freqtrade
    hold: Any = bot.hold
    bot.reader = Reader(freqtrade, hold, clock=NOW.timestamp, monotonic=bot.clock)
    return bot.trades[0]


def test_a_new_high_is_waited_for_or_its_moment_is_known_however_much_time_passes_between_the_two(bot: Bot) -> None:
    trade = trailing(bot)
    for sixteenth in range(64):
        bot.hold.handled[1] = bot.monotonic = 100.0
        bot.monotonic += 4 + sixteenth / 16
        bot.ticks = 0.25
        waited_for = bot.reader.thresholds(trade, 100.0).above is not None
        at = bot.reader.follows_at()
        bot.ticks = 0.0
        assert waited_for is (at is None)
        assert waited_for or at == 105.0


def test_a_moment_is_forgotten_with_its_trade_or_its_watch(bot: Bot) -> None:
    trade = trailing(bot)
    bot.hold.handled[1] = bot.monotonic
    bot.reader.thresholds(trade, 100.0)
    assert bot.reader.follows_at() == bot.monotonic + 5
    bot.hold.told = {}
    assert bot.reader.follows_at() is None


def test_new_highs_are_seen_as_often_as_by_a_loop_that_is_faster_than_usual(bot: Bot) -> None:
    trade = trailing(bot, internals={"process_throttle_secs": 2})
    bot.hold.handled[1] = bot.monotonic - 1
    assert bot.reader.thresholds(trade, 100.0).above is None
    assert bot.reader.follows_at() == bot.monotonic + 1
    trade = trailing(bot, internals={"process_throttle_secs": 60})
    bot.reader.thresholds(trade, 100.0)
    assert bot.reader.follows_at() == bot.monotonic + 4


def test_what_a_strategy_asks_for_now_counts(bot: Bot) -> None:
    assert bot.follows[-1] is not None
    bot.strategy.use_custom_stoploss = True
    bot.strategy.process_only_new_candles = False
    bot.reader.renew()
    facts = bot.facts()
    assert (facts["always"], facts["with_trades"]) == ({"all_candles"}, {"custom_stoploss"})
    assert bot.follows[-1] is None

    bot.strategy.use_custom_stoploss = False
    bot.strategy.process_only_new_candles = True
    bot.reader.renew()
    assert bot.facts()["with_trades"] == frozenset()
    assert bot.follows[-1] is not None


def test_near_its_liquidation_price_a_trade_keeps_the_loop_and_further_away_that_is_waited_for(bot: Bot) -> None:
    bot.open(liquidation_price=91.0, leverage=10.0, stop_loss=80.0, stoploss_or_liquidation=91.0)
    (trade,) = bot.trades  # FreqTrade warns at 93 (a fifth of the margin, 10, is left), and is calm again from 93.4 on
    bot.laid.exits.thresholds = lambda *_, **__: Thresholds(below=80.0)
    for rate, near in ((100.0, False), (93.5, False), (93.3, True), (91.5, True)):
        bot.hold.seen[1] = rate
        assert ("liquidation_near" in bot.facts()["trades"][0].keeps) is near
        assert bot.reader.thresholds(trade, rate).below == pytest.approx(91.0 if near else 93.4)
    bot.freqtrade.config["liquidation_warn_ratio"] = 0
    assert bot.facts()["trades"][0].keeps == frozenset()


def test_moments_are_told_from_when_the_look_began(bot: Bot) -> None:
    bot.open()
    step = bot.trades[0].open_date_utc.timestamp() + 3600
    (trade,) = bot.reader.facts(step - 1, 0.0)["trades"]
    assert trade.timers == (step,)
