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


class Strategy(SimpleNamespace):
    bot: "Bot"

    def get_entry_signal(self, *_: Any) -> Any:
        return self.bot.entry, None

    def get_exit_signal(self, *_: Any, is_short: bool) -> Any:
        return self.bot.exit


class Bot:
    """FreqTrade as far as it is read, with all candles there and nothing to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trades: list[Any] = []
        monkeypatch.setattr(Trade, "get_open_trades", staticmethod(lambda: self.trades))
        monkeypatch.setattr("pool.bot.waking.reader.timeframe_to_prev_date", lambda _: NOW.replace(minute=0))
        monkeypatch.setattr("pool.bot.waking.reader.timeframe_to_next_date", lambda _: NOW.replace(minute=5))
        self.frame = DataFrame({"date": [datetime.fromtimestamp(LAST / 1000, UTC)]})
        self.entry: Any = None
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
        self.hold = SimpleNamespace(laid=laid, seen={1: 100.0}, handled={1: 0.0}, told={})
        freqtrade: Any = self.freqtrade
        hold: Any = self.hold
        self.reader = Reader(freqtrade, hold, clock=NOW.timestamp, monotonic=lambda: 100.0)
        self.freqtrade.dataprovider.refresh([KEY], [])

    def facts(self) -> dict[str, Any]:
        return self.reader.facts()

    def open(self, **attributes: Any) -> None:
        fields = {
            "id": 1, "pair": PAIR, "is_short": False, "amount": 1.0, "has_open_orders": False,
            "has_open_sl_orders": False, "has_open_position": True, "stoploss_or_liquidation": 90.0,
            "open_date_utc": NOW - timedelta(minutes=30), "entry_side": "buy",
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
