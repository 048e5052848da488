"""FreqTrade's own `lookahead-analysis` and `recursive-analysis` of a strategy, on candles that are made up.

Both compare what a strategy computes from all candles with what it computes from some: the one cuts them off behind
each signal (`freqtrade.optimize.analysis.lookahead`), the other before the last row (`.recursive`). The exchange that
they ask has two markets and no network: of spot, or for a strategy that goes short of futures, with the funding rate
nought. A bias that shows on no made-up candle stays unseen: all that they find is a warning.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from freqtrade.candle_columns import get_candle_columns
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, MarginMode, RunMode, TradingMode
from freqtrade.exchange import timeframe_to_seconds
from freqtrade.exchange.binance import Binance
from freqtrade.optimize.analysis.lookahead import LookaheadAnalysis
from freqtrade.optimize.analysis.recursive import RecursiveAnalysis
from freqtrade.strategy import IStrategy

from pool.bot.messages import clean
from pool.bot.trial_candles import TRIAL_END, TrialData, trial_candles, trial_pairs
from pool.contract.checks import MESSAGE_LENGTH, Finding, Severity, StrategyFacts

logger = logging.getLogger(__name__)

LOOKAHEAD, RECURSIVE = "lookahead_analysis", "recursive_analysis"
_TRADED_CANDLES = 800
_LEAST_TRADES, _MOST_TRADES = 3, 6
_VARIES_RATIO = 0.01
"""An indicator that is another by this share, only because it began later, is told."""
_FEE = 0.001
_TIER = {"minNotional": 0.0, "maxNotional": None, "maintenanceMarginRate": 0.005, "maxLeverage": 20.0, "maintAmt": 0.0}
_PRICING = {"price_side": "other", "use_order_book": True, "order_book_top": 1}


def analyse(strategy: IStrategy, facts: StrategyFacts, directory: Path) -> list[Finding]:
    """Warnings; runs the strategy, many times."""
    try:
        config, exchange = _prepared(strategy, facts, directory)
    except (Exception, SystemExit) as problem:  # the strategy's own code ran: whatever it raised is told
        return [_not_done(LOOKAHEAD, problem)]
    named = {"name": facts.class_name, "location": directory / f"{facts.class_name}.py"}
    found: list[Finding] = []
    for code, look in {LOOKAHEAD: _look_ahead, RECURSIVE: _recursive}.items():
        try:
            found += look(config, named, exchange)
        except (Exception, SystemExit) as problem:  # as above
            found.append(_not_done(code, problem))
    return found


def _prepared(strategy: IStrategy, facts: StrategyFacts, directory: Path) -> tuple[dict[str, Any], Binance]:
    mode = TradingMode.FUTURES if facts.can_short else TradingMode.SPOT
    timeframe = facts.timeframe or "5m"
    before = max(400, min(facts.startup_candle_count, 2000))
    pairs = _write_candles(strategy, directory, mode, timeframe, before + _TRADED_CANDLES)
    config = _config(facts.class_name, directory, mode, timeframe, facts.startup_candle_count)
    return config, _exchange(config, mode, timeframe, pairs)


def _look_ahead(config: Mapping[str, Any], named: dict[str, Any], exchange: Binance) -> list[Finding]:
    analysis = LookaheadAnalysis(dict(config), named)
    analysis.exchange, analysis._fee = exchange, _FEE
    analysis.start(_Silent())
    seen = analysis.current_analysis
    if analysis.failed_bias_check:
        told = f"It made {seen.total_signals} trades on made-up candles, too few to tell whether it looks ahead."
        return [_warning(LOOKAHEAD, told)]
    if not seen.has_bias:
        return []
    columns = ", ".join(seen.false_indicators) or "none"
    told = (
        f"It looks ahead: of {seen.total_signals} trades on made-up candles, {seen.false_entry_signals} entries and "
        f"{seen.false_exit_signals} exits are others without the candles behind them. Columns that change: {columns}."
    )
    return [_warning(LOOKAHEAD, told)]


def _recursive(config: Mapping[str, Any], named: dict[str, Any], exchange: Binance) -> list[Finding]:
    analysis = RecursiveAnalysis(dict(config), named)
    analysis.exchange = exchange
    analysis.start(_Silent())
    own = analysis._strat_scc
    found = []
    for indicator, by_startup in analysis.dict_recursive.items():
        ratio = by_startup.get(own)
        if ratio is not None and abs(ratio) >= _VARIES_RATIO:
            told = f"{indicator} is another by {ratio:.1%} with {own} made-up candles before it; raise "
            told += "startup_candle_count."
            found.append(_warning(RECURSIVE, told))
    return found


def _write_candles(strategy: IStrategy, directory: Path, mode: TradingMode, timeframe: str, count: int) -> set[str]:
    """As FreqTrade's data directory has them, for what the strategy trades and what it asks for; the pairs."""
    handler, kind = get_datahandler(directory, "feather"), CandleType.get_default(mode)
    traded = trial_pairs(mode)
    strategy.dp = TrialData(traded)
    wanted = {(pair, timeframe, kind): count for pair in traded}
    for pair, other, asked in strategy.gather_informative_pairs():
        share = timeframe_to_seconds(other) / timeframe_to_seconds(timeframe)
        wanted.setdefault((pair, other, asked), min(max(400, int(count / share) + 100), 20_000))
    if mode == TradingMode.FUTURES:
        kinds = (CandleType.MARK, CandleType.FUNDING_RATE)
        wanted |= {(pair, timeframe, other_kind): count for pair in traded for other_kind in kinds}
    for (pair, length, of), candles in wanted.items():
        frame = trial_candles(length, candles)
        others = [column for column in get_candle_columns(of) if column not in frame.columns]
        handler.ohlcv_store(pair, length, frame.assign(**dict.fromkeys(others, 0.0)), of)
    return {pair for pair, _, _ in wanted}


def _config(
    class_name: str, directory: Path, mode: TradingMode, timeframe: str, startup_candles: int
) -> dict[str, Any]:
    """As `lookahead-analysis` overrides a user's: market orders, a large wallet, a stake each."""
    pairs = list(trial_pairs(mode))
    begin = TRIAL_END - timedelta(seconds=timeframe_to_seconds(timeframe) * _TRADED_CANDLES)
    return {
        "strategy": class_name,
        "strategy_path": str(directory),
        "user_data_dir": directory,
        "datadir": directory,
        "dataformat_ohlcv": "feather",
        "runmode": RunMode.BACKTEST,
        "trading_mode": mode,
        "candle_type_def": CandleType.get_default(mode),
        "margin_mode": MarginMode.ISOLATED if mode == TradingMode.FUTURES else MarginMode.NONE,
        "timeframe": timeframe,
        "timerange": f"{int(begin.timestamp())}-{int(TRIAL_END.timestamp())}",
        "backtest_cache": "none",
        "stake_currency": "USDT",
        "stake_amount": 10_000,
        "dry_run": True,
        "dry_run_wallet": 1_000_000_000,
        "max_open_trades": -1,
        "fee": _FEE,
        "order_types": {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False},
        "entry_pricing": _PRICING,
        "exit_pricing": _PRICING,
        "exchange": {"name": "binance", "pair_whitelist": pairs, "pair_blacklist": []},
        "pairs": pairs,
        "pairlists": [{"method": "StaticPairList", "allow_inactive": True}],
        "minimum_trade_amount": _LEAST_TRADES,
        "targeted_trade_amount": _MOST_TRADES,
        "startup_candle": sorted({max(startup_candles, 1), 399}),
        "internals": {},
    }


def _exchange(config: Mapping[str, Any], mode: TradingMode, timeframe: str, pairs: set[str]) -> Binance:
    """Not asked for anything but its markets. Marks and funding rates come with each candle, so that there are some
    wherever candles are cut off."""
    exchange = Binance(dict(config), validate=False)
    exchange._markets = {pair: _market(pair) for pair in pairs}
    if mode == TradingMode.FUTURES:
        exchange._leverage_tiers = {pair: [_TIER] for pair in pairs}
        exchange._ft_has.update(mark_ohlcv_timeframe=timeframe, funding_fee_timeframe=timeframe)
    for client in (exchange._api, exchange._api_async):
        client.markets = exchange._markets
    nothing: Callable[..., None] = lambda *_args, **_options: None  # noqa: E731
    exchange.reload_markets = exchange.validate_config = nothing
    return exchange


def _market(pair: str) -> dict[str, Any]:
    name, _, settle = pair.partition(":")
    base, _, quote = name.partition("/")
    bounds: dict[str, Any] = {"min": None, "max": None}
    is_swap = bool(settle)
    return {
        "id": base + quote, "symbol": pair, "base": base, "quote": quote, "settle": settle or None,
        "type": "swap" if is_swap else "spot", "active": True, "spot": not is_swap, "margin": False, "swap": is_swap,
        "future": False, "contract": is_swap, "linear": True if is_swap else None, "inverse": None,
        "contractSize": 1 if is_swap else None, "taker": _FEE, "maker": _FEE, "info": {},
        "precision": {"amount": 1e-8, "price": 1e-8},
        "limits": {"amount": {"min": 1e-8, "max": None}, "price": bounds, "cost": {"min": 1, "max": None},
                   "leverage": bounds},
    }  # fmt: skip


def _not_done(code: str, problem: BaseException) -> Finding:
    logger.warning("%s failed", code, exc_info=problem)
    told = " ".join(str(problem).split()) or type(problem).__name__
    return _warning(code, f"FreqTrade's analysis could not be done on made-up candles: {told}")


def _warning(code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=clean(message, MESSAGE_LENGTH))


class _Silent:
    """In the place of a progress bar."""

    def add_task(self, *_args: object, **_options: object) -> int:
        return 0

    def update(self, *_args: object, **_options: object) -> None:
        return None
