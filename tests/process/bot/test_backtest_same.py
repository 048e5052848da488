"""The same rules decide live and in backtesting: of one path of prices both find the same exits, of longs and shorts,
in dry run and with signed orders.

Each price is held until a live bot has looked at it and has nothing under way any more; FreqTrade's `Backtesting` sees
it as one flat candle. What differs is the market's: the spread of the exchange's book, and the lots that orders are cut
to.
"""

import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from pool.bot.config import compose
from pool.bot.slot import database_of
from pool.contract.policy import PolicyInForce
from pool.contract.slots import SlotSpec, StrategySource
from pool.rules.indicators import WINDOW, atr
from pool.settings import PoolSettings
from tests.process.bot.futures import MarginAccount, config, perpetual
from tests.process.bot.harness import BUYER, ROOT, Bench, Exchange
from tests.process.bot.live import Account, symbol, trade_live
from tests.process.bot.rules import make_older, policy
from tests.support import eventually_sync

LONG = [
    [1.000, 1.010, 1.025, 1.040, 1.060, 1.080, 1.100, 1.085, 1.060],  # two levels of the ladder, then the trailing stop
    [1.000, 0.990, 0.970, 0.960, 0.940, 0.940, 0.940, 0.940, 0.940],  # the hard stop
    [1.000, 1.010, 1.015, 1.030, 1.020, 1.012, 1.004, 1.004, 1.004],  # a level, then break-even
]
PATHS = [*LONG, *([2 - ratio for ratio in path] for path in LONG)]
"""The last three are those of shorts."""
FOUND = [["take_profit:1", "take_profit:2", "trailing_stop"], ["hard_stop"], ["take_profit:1", "break_even"]] * 2
LEVERAGE = 2
RULES = PolicyInForce.model_validate(
    {
        "label": "1.0.0",
        "fingerprint": "f" * 64,
        "document": {
            "take_profit": {"levels": [{"profit": "0.04", "fraction": "0.25"}, {"profit": "0.10", "fraction": "0.5"}]},
            "trailing_stop": {"activation": "0.13", "distance": "0.06", "step": "0.005"},
            "break_even": {"trigger": "0.051", "offset": "0.01"},
            "hard_stop": {"distance": "0.1"},
        },
    }
)
STRATEGY = (
    BUYER.replace("class Buyer", "class Once")
    .replace("from freqtrade", "from freqtrade.persistence import Trade\nfrom freqtrade", 1)
    .replace("    timeframe =", "    can_short = True\n    timeframe =")
    .replace('["enter_long"]', '["enter_short" if metadata["pair"] in SHORTS else "enter_long"]')
    + f"""
    def confirm_trade_entry(self, pair, **asked):
        return not Trade.get_trades_proxy(pair=pair)

    def leverage(self, *asked, **named):
        return {LEVERAGE}
"""
)
SPREAD = 0.001
STARTUP = 5
"""The strategy's; backtesting enters on the second candle after."""
PERIOD, MULTIPLE, MINUTES = 14, 20, 5
RANGED = policy(
    hard_stop={"atr_multiple": str(MULTIPLE), "atr_period": PERIOD},
    break_even={"trigger": "0.06", "offset": "0.01"},
    time_exit={"after_minutes": MINUTES, "only_below_profit": "-0.01"},
)
TIMED = [1.000, 1.010, 0.990, 0.990, 0.990, 0.990, 0.990]
EVEN = [1.000, 1.020, 1.040, 1.020, 1.003, 1.003, 1.003]
IN_STOPS = [0.0, 0.5, 0.8, 1.2, 1.2, 1.2, 1.2]
"""Against the trade, in distances of the stop by ATR."""


@pytest.mark.timeout(400)
def test_live_and_backtesting_find_the_same_exits(bench: Bench, exchange: Exchange, tmp_path: Path) -> None:
    account = Account(exchange, 0)
    spot = exchange.pairs[: len(PATHS)]
    prices = {perpetual(pair): prices_of(account, pair, path) for pair, path in zip(spot, PATHS, strict=True)}
    spec = spec_of(bench, spot, spot[len(LONG) :], RULES)
    before = {pair: [[path[0]] * 4] * (STARTUP + 1) for pair, path in prices.items()}

    def live() -> list[dict[str, Any]]:
        bench.write_slot(spec)
        return replay_live(bench, account, prices, bench.run)

    compare(live, account, spec, exchange, tmp_path, before, prices, FOUND)


@pytest.mark.timeout(400)
def test_signed_orders_and_backtesting_find_the_same_exits(bench: Bench, exchange: Exchange, tmp_path: Path) -> None:
    account = MarginAccount(exchange, 100_000)
    candles = {pair: closed_candles(exchange, pair) for pair in exchange.pairs[12:20]}
    calm = sorted(candles, key=lambda pair: distance(candles[pair]))[:4]  # tests of spot make jumps
    ranges = [distance(candles[pair]) for pair in calm]
    paths = [[1 - ranges[0] * part for part in IN_STOPS], TIMED]
    paths += [[1 + ranges[2] * part for part in IN_STOPS], [2 - ratio for ratio in EVEN]]
    prices = {perpetual(pair): prices_of(account, pair, path) for pair, path in zip(calm, paths, strict=True)}
    spec = spec_of(bench, calm, calm[2:], RANGED, trading="paper_live", startup=WINDOW * PERIOD + 1)

    def live() -> list[dict[str, Any]]:
        def run() -> None:
            trade_live(bench, account, [], spec.config, strategy=spec.strategy, policy=RANGED)

        found = replay_live(bench, account, prices, run, {MINUTES: lambda: make_older(database_file(bench), MINUTES)})
        assert account.positions() == []
        return found

    before = {perpetual(pair): candles[pair] for pair in calm}
    rules = [["hard_stop"], ["time_exit"], ["hard_stop"], ["break_even"]]
    compare(live, account, spec, exchange, tmp_path, before, prices, rules)


def compare(
    live: Callable[[], list[dict[str, Any]]],
    account: Account,
    spec: SlotSpec,
    exchange: Exchange,
    directory: Path,
    before: dict[str, list[list[float]]],
    prices: dict[str, list[float]],
    rules: list[list[str]],
) -> None:
    try:
        mine_all = live()
    finally:
        for pair in prices:
            account.control("POST", "prices/clear", symbol=symbol(pair.split(":")[0]))
    backtested = replay_backtest(spec, exchange, directory, before, prices)

    assert [(exit_["pair"], exit_["reason"]) for exit_ in mine_all] == [
        (pair, f"flotilla:{rule}") for pair, found in zip(prices, rules, strict=True) for rule in found
    ]
    for mine, theirs in zip(mine_all, backtested, strict=True):
        assert (mine["pair"], mine["reason"]) == (theirs["pair"], theirs["reason"])
        assert abs(mine["candle"] - theirs["candle"]) <= 1, (mine, theirs)
        assert mine["rate"] == pytest.approx(theirs["rate"], rel=SPREAD)
        assert mine["share"] == pytest.approx(theirs["share"], abs=0.01)


def prices_of(account: Account, pair: str, path: list[float]) -> list[float]:
    """In whole ticks: backtesting would wait for ever for a price between two of them."""
    begun, tick = account.price(pair), account.tick(pair, "/fapi/v1")
    return [float((begun * Decimal(str(ratio)) / tick).quantize(Decimal(1)) * tick) for ratio in path]


def closed_candles(exchange: Exchange, pair: str) -> list[list[float]]:
    """Open, high, low, close of as many as an ATR looks at, and one more."""
    count = WINDOW * PERIOD + 2
    url = f"{exchange.url}/fapi/v1/klines?symbol={symbol(pair)}&interval=1m&limit={count + 1}"
    with urllib.request.urlopen(url, timeout=60) as response:
        return [[float(value) for value in row[1:5]] for row in json.load(response)[:count]]


def distance(candles: list[list[float]]) -> float:
    """Of the stop by ATR, as a ratio of the price."""
    _, highs, lows, closes = zip(*candles, strict=True)
    value = atr(highs, lows, closes, PERIOD)
    assert value is not None
    return MULTIPLE * value / closes[-1]


def spec_of(
    bench: Bench, spot: list[str], shorts: list[str], rules: PolicyInForce, *, startup: int = STARTUP, **more: Any
) -> SlotSpec:
    source = STRATEGY.replace(f"startup_candle_count = {STARTUP}", f"startup_candle_count = {startup}")
    sold = {perpetual(pair) for pair in shorts}
    strategy = StrategySource(class_name="Once", source=f"SHORTS = {sold!r}\n{source}")
    wanted = {**config(spot), "stake_amount": 5_000, "dry_run_wallet": 100_000}
    return bench.spec(wanted, strategy=strategy, policy=rules, **more)


def replay_live(
    bench: Bench,
    account: Account,
    prices: dict[str, list[float]],
    run: Callable[[], object],
    meanwhile: dict[int, Callable[[], None]] | None = None,
) -> list[dict[str, Any]]:
    """Exits of each pair in turn, oldest first; `meanwhile` is done at some of the candles."""
    found: list[dict[str, Any]] = []
    for candle in range(len(next(iter(prices.values())))):
        rates = {pair: path[candle] for pair, path in prices.items()}
        for pair, rate in rates.items():
            account.control("POST", "prices/set", symbol=symbol(pair.split(":")[0]), price=f"{rate:.8f}")
        if meanwhile and candle in meanwhile:
            meanwhile[candle]()
        if candle == 0:
            run()
            eventually_sync(lambda: len(_trades(bench)) == len(prices), message="a trade of each pair")
        await_looks(bench, rates)
        known = {exit_["order"] for exit_ in found}
        found += [{**exit_, "candle": candle} for exit_ in _exits(bench) if exit_["order"] not in known]
    return sorted(found, key=lambda exit_: (list(prices).index(exit_["pair"]), exit_["order"]))


def await_looks(bench: Bench, rates: dict[str, float]) -> None:
    """Until two readings in a row, from now on, show all open trades at these rates and nothing under way."""
    begun = len(bench.agent.snapshots())

    def looked() -> bool:
        last = bench.agent.snapshots()[begun:][-2:]
        return len(last) == 2 and all(
            not trade.has_open_orders and float(trade.current_rate) == pytest.approx(rates[trade.pair], rel=SPREAD)
            for snapshot in last
            for trade in snapshot.open_trades
        )

    eventually_sync(looked, message=f"a look at {rates}")


def replay_backtest(
    spec: SlotSpec,
    exchange: Exchange,
    directory: Path,
    before: dict[str, list[list[float]]],
    prices: Mapping[str, list[float] | list[list[float]]],
) -> list[dict[str, Any]]:
    """The same; `candle` counts from the one on which backtesting enters."""
    home = directory / "backtest"
    (home / "strategy").mkdir(parents=True)
    (home / "strategy" / "Once.py").write_text(spec.strategy.source)
    settings = PoolSettings(pool_id="p", paper_exchange_url=exchange.url)
    dry = spec.model_copy(update={"trading": "dry_run"})
    config = compose(dry, home, settings, ccxt.binance().urls["api"])
    del config["log_config"]
    assert spec.policy is not None
    replay = {"config": config, "policy": json.loads(spec.policy.to_json()), "before": before, "prices": prices}
    (home / "replay.json").write_text(json.dumps(replay))
    command = [sys.executable, "-m", "tests.process.bot.backtest", str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    begun = len(next(iter(before.values())))
    exits = [{**exit_, "candle": exit_["candle"] - begun} for exit_ in found]
    return sorted(exits, key=lambda exit_: (list(prices).index(exit_["pair"]), exit_["candle"]))


def _trades(bench: Bench) -> list[dict[str, Any]]:
    return _rows(bench, "SELECT id, pair FROM trades WHERE amount > 0")


def _exits(bench: Bench) -> list[dict[str, Any]]:
    return _rows(
        bench,
        """
        SELECT orders.id AS 'order', ft_pair AS pair, ft_order_tag AS reason, average AS rate, filled / (
            SELECT sum(filled) FROM orders entry
            WHERE entry.ft_trade_id = trades.id AND (entry.ft_order_side = 'sell') = trades.is_short
        ) AS share
        FROM orders JOIN trades ON trades.id = ft_trade_id
        WHERE (ft_order_side = 'buy') = trades.is_short AND filled > 0 ORDER BY orders.id
        """,
    )


def database_file(bench: Bench) -> Path:
    spec = SlotSpec.model_validate_json((bench.directory / "slot.json").read_bytes())
    return bench.directory / database_of(spec)


def _rows(bench: Bench, query: str) -> list[dict[str, Any]]:
    file = database_file(bench)
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]
