"""What a running bot puts into an entry by each way of sizing, and when cool-down and trading hours refuse one."""

import json
import sqlite3
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pool.bot.config import DRY_DATABASE
from pool.contract.slots import StrategySource
from pool.rules.indicators import atr
from tests.process.bot.harness import BUYER, Bench, Exchange
from tests.process.bot.live import Account, symbol
from tests.process.bot.rules import bring, refusals
from tests.support import eventually_sync

CHOSEN = StrategySource(
    class_name="Buyer",
    source=BUYER.replace(
        'dataframe["enter_long"] = 1', 'dataframe["enter_long"] = int(chosen(metadata["pair"]))'
    ).replace(
        "class Buyer",
        "def chosen(pair):\n    with open('enter') as file:\n        return file.read() == pair\n\n\nclass Buyer",
    ),
)
"""Enters the one pair that the file `enter` names."""
EQUITY = 990.0
"""What FreqTrade gives of a wallet of 1000."""
RANGE = 0.002
"""ATR of a usual market, as a ratio of the price."""
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.fixture
def account(exchange: Exchange) -> Account:
    return Account(exchange, 0)


@pytest.fixture
def pairs(bench: Bench, exchange: Exchange, account: Account) -> list[str]:
    """Of a bot that runs and was told to enter none yet."""
    pairs = exchange.pairs[-14:-7]
    # Where other tests hold prices, a range dwindles.
    pairs[3] = min(exchange.pairs[:-14], key=lambda pair: abs(range_of(exchange, pair) - RANGE))
    for pair in pairs:
        account.hold(pair)
    (bench.directory / "enter").write_text("")
    bench.write_slot(bench.spec({"max_open_trades": 7, "exchange": {"pair_whitelist": pairs}}, strategy=CHOSEN))
    bench.run()
    return pairs


def choose(bench: Bench, pair: str) -> None:
    part = bench.directory / "enter.part"
    part.write_text(pair)
    part.rename(bench.directory / "enter")


def stake_of(bench: Bench, pair: str, **sections: Any) -> float:
    """What is put into the pair under this policy."""
    bring(bench, **sections)
    choose(bench, pair)

    def stake() -> list[float]:
        shot = bench.agent.snapshots()[-1]
        return [float(trade.stake_amount) for trade in shot.open_trades if trade.pair == pair and trade.amount]

    return eventually_sync(stake, message=f"an entry into {pair} by {sections}")[0]


def await_refusal(bench: Bench, pair: str, limit: str, **limits: Any) -> None:
    bring(bench, limits=limits)
    choose(bench, pair)
    eventually_sync(
        lambda: [event for event in refusals(bench) if (event.data["pair"], event.data["limit"]) == (pair, limit)],
        message=f"{limit} among {[event.data for event in refusals(bench)]}",
    )
    assert pair not in [trade.pair for trade in bench.agent.snapshots()[-1].open_trades]


def range_of(exchange: Exchange, pair: str) -> float:
    """ATR of 14 candles, as a ratio of the price."""
    url = f"{exchange.url}/api/v3/klines?symbol={symbol(pair)}&interval=1m&limit=114"
    with urllib.request.urlopen(url, timeout=60) as response:
        rows = json.load(response)[:-1]
    highs, lows, closes = ([float(row[column]) for row in rows] for column in (2, 3, 4))
    return (atr(highs, lows, closes, 14) or 0.0) / closes[-1]


def results(bench: Bench) -> list[float]:
    """Profit ratios of closed trades."""
    with closing(sqlite3.connect(f"file:{bench.directory / DRY_DATABASE}?mode=ro", uri=True)) as database:
        return [row[0] for row in database.execute("SELECT close_profit FROM trades WHERE is_open = 0")]


def close(bench: Bench, pair: str) -> None:
    choose(bench, "")
    closed = len(results(bench))
    ids = {trade.pair: trade.trade_id for trade in bench.agent.snapshots()[-1].open_trades}
    assert bench.agent.command("force_exit", trade_id=ids[pair]).ok
    eventually_sync(lambda: len(results(bench)) > closed, message=f"the end of {pair}")


def close_earlier(bench: Bench, minutes: int) -> None:
    """All that is closed was so long before."""
    with closing(sqlite3.connect(bench.directory / DRY_DATABASE, timeout=10)) as database, database:
        database.execute(
            f"UPDATE trades SET close_date = datetime(close_date, '-{minutes} minutes') || '.000000' WHERE is_open = 0"
        )


@pytest.mark.timeout(900)
def test_each_sizing_cool_down_and_trading_hours(
    bench: Bench, exchange: Exchange, account: Account, pairs: list[str]
) -> None:
    fixed, equity, risk, ranged, unknown, kelly, refused = pairs
    lots = {"rel": 0.03}  # a stake is cut to whole lots
    assert stake_of(bench, fixed, sizing={"method": "fixed", "amount": "40"}) == pytest.approx(40, **lots)
    assert stake_of(bench, equity, sizing={"method": "equity", "ratio": "0.05"}) == pytest.approx(EQUITY / 20, **lots)
    by_risk = {"sizing": {"method": "risk", "ratio": "0.01"}, "hard_stop": {"distance": "0.1"}}
    assert stake_of(bench, risk, **by_risk) == pytest.approx(EQUITY * 0.01 / 0.1, **lots)
    by_range = stake_of(bench, ranged, sizing={"method": "volatility", "ratio": "0.0002"})
    assert by_range == pytest.approx(EQUITY * 0.0002 / range_of(exchange, ranged), rel=0.15)  # a candle ends meanwhile
    (told,) = [trade for trade in bench.agent.snapshots()[-1].open_trades if trade.pair == ranged]
    assert list(told.atr) == [14]
    assert float(told.atr[14] / told.current_rate) == pytest.approx(range_of(exchange, ranged), rel=0.15)
    by_kelly = {"method": "kelly", "fraction": "0.25", "cap": "0.2", "trades": 10, "least_trades": 5}
    assert stake_of(bench, unknown, sizing=by_kelly) == pytest.approx(EQUITY * 0.2 / 4, **lots)

    for pair, ratio in ((fixed, 1.1), (equity, 1.1), (risk, 1.1), (ranged, 0.96), (unknown, 0.96)):
        account.hold(pair, ratio)
        close(bench, pair)
    won = [result for result in results(bench) if result > 0]
    lost = [-result for result in results(bench) if result <= 0]
    assert (len(won), len(lost)) == (3, 2)

    today = datetime.now(UTC).weekday()
    closed_now = {"days": [DAYS[(today + 3) % 7]], "start": "00:00", "end": "00:00"}
    await_refusal(bench, refused, "limits.trading_hours", trading_hours=[closed_now])
    await_refusal(bench, refused, "limits.cool_down.after_loss_minutes", cool_down={"after_loss_minutes": 60})
    streak = {"losses": 2, "after_streak_minutes": 60}
    await_refusal(bench, refused, "limits.cool_down.after_streak_minutes", cool_down=streak)

    close_earlier(bench, 120)
    begins = (datetime.now(UTC) - timedelta(hours=2)).strftime("%H:%M")
    ends = (datetime.now(UTC) + timedelta(hours=2)).strftime("%H:%M")
    allowed = {
        "cool_down": {"after_loss_minutes": 60, **streak},
        "trading_hours": [{"days": DAYS, "start": begins, "end": ends}],
    }
    mean_won, mean_lost = sum(won) / 3, sum(lost) / 2
    share = 0.25 * (0.6 - 0.4 * mean_lost / mean_won)
    assert share < 0.2
    gained = sum(float(shot.realised) for shot in bench.agent.snapshots()[-1:])
    put_in = stake_of(bench, kelly, sizing=by_kelly, limits=allowed)
    assert put_in == pytest.approx(share * (EQUITY + gained), **lots)
