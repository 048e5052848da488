"""The check of a strategy, in a fork of its own: what a bot would do with it, as far as that goes without an exchange.

The process stands behind a bot's walls, without any network, and lives for seconds. It loads the strategy by
FreqTrade's own resolver, and has it analyse made-up candles. `check.json` in its directory is what to look at, `begun`
says that the strategy runs from here on, `answer.json` what came of it: written by a process that ran the strategy,
hence no more to be believed than that is.
"""

import importlib.util
import linecache
import logging
import math
import resource
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from freqtrade import __version__ as freqtrade_version
from freqtrade.enums import CandleType, RunMode, TradingMode
from freqtrade.exceptions import OperationalException, StrategyError
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from pool.bot.files import replace_file
from pool.bot.isolation import leave_zygote, settle
from pool.bot.log import LOG_FILE, start_log
from pool.bot.messages import clean
from pool.bot.sandbox.walls import Walls
from pool.bot.trial_candles import TrialData, trial_candles, trial_pairs
from pool.contract.checks import (
    DEEP_FACTOR,
    FINDINGS_LIMIT,
    MESSAGE_LENGTH,
    CheckAnswer,
    CheckRequest,
    Finding,
    Severity,
    StrategyFacts,
)
from pool.contract.frames import Fork
from pool.contract.slots import StrategySource
from pool.settings import PoolSettings

logger = logging.getLogger(__name__)

REQUEST_FILE, BEGUN_FILE, ANSWER_FILE = "check.json", "begun", "answer.json"
FUTURES_DIRECTORY = "futures"
"""Where FreqTrade keeps candles of futures."""
_LEAST_CANDLES, _MOST_CANDLES = 400, 2000
_STEPS = {
    "populate_indicators": IStrategy.advise_indicators,
    "populate_entry_trend": IStrategy.advise_entry,
    "populate_exit_trend": IStrategy.advise_exit,
}
_SHORT_IN_SPOT = "Short strategies cannot run in spot markets"


def look_at_strategy(fork: Fork, settings: PoolSettings) -> int:
    """Be a check until it is done; its exit code. Called as `pool.bot.main.run` is. Raises OSError, and NotIsolated
    where the pool's settings demand a wall that cannot be had."""
    directory = Path(fork.directory)
    leave_zygote(fork.bot_id)
    walls = Walls(directory, fork.uid, settings, offline=True)
    walls.lower()
    settle(directory)
    (directory / FUTURES_DIRECTORY).mkdir()  # behind the walls nothing is made
    start_log(directory / LOG_FILE)
    sys.dont_write_bytecode = True
    walls.close()
    walls.check()
    request = CheckRequest.model_validate_json((directory / REQUEST_FILE).read_bytes())
    _limit_time(settings.check_seconds * (DEEP_FACTOR if request.deep else 1))
    replace_file(directory / BEGUN_FILE, b"")
    answer, loaded = _examine(request.strategy, directory)
    replace_file(directory / ANSWER_FILE, answer.to_json())
    if request.deep and answer.passed and answer.facts is not None and loaded is not None:
        from pool.bot.deep_check import analyse  # the zygote must not load it: bots have no use for backtesting

        found = [*answer.findings, *analyse(loaded, answer.facts, directory)]
        answer = answer.model_copy(update={"findings": found[:FINDINGS_LIMIT], "deep": True})
        replace_file(directory / ANSWER_FILE, answer.to_json())
    return 0


def examine(strategy: StrategySource, directory: Path) -> CheckAnswer:
    """What FreqTrade makes of a strategy, whose file is written to `directory`. Runs the strategy."""
    return _examine(strategy, directory)[0]


def _examine(strategy: StrategySource, directory: Path) -> tuple[CheckAnswer, IStrategy | None]:
    file = directory / f"{strategy.class_name}.py"
    file.write_text(strategy.source, encoding="utf-8")
    try:
        loaded = _load(strategy.class_name, directory)
        facts = _facts(strategy.class_name, loaded)
    except (Exception, SystemExit) as problem:  # the strategy's own code ran: whatever it raised is told
        return CheckAnswer(findings=[_why_not_loaded(problem, file)], freqtrade=freqtrade_version), None
    findings = _wrong_values(loaded) + _trial(loaded, file)
    return CheckAnswer(findings=findings, facts=facts, freqtrade=freqtrade_version), loaded


def _limit_time(seconds: float) -> None:
    """The agent kills what is late; without an agent the kernel does."""
    whole = math.ceil(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))


# ---- loading


def _load(class_name: str, directory: Path) -> IStrategy:
    """As spot, and where it goes short as futures."""
    try:
        return StrategyResolver.load_strategy(_config(class_name, directory, TradingMode.SPOT))
    except ImportError as problem:
        if _SHORT_IN_SPOT not in str(problem):
            raise
    return StrategyResolver.load_strategy(_config(class_name, directory, TradingMode.FUTURES))


def _config(class_name: str, directory: Path, mode: TradingMode) -> dict[str, Any]:
    return {
        "strategy": class_name,
        "strategy_path": str(directory),
        "user_data_dir": directory,
        "trading_mode": mode,
        "candle_type_def": CandleType.get_default(mode),
        "stake_currency": "USDT",
        "stake_amount": 100.0,
        "dry_run": True,
        "runmode": RunMode.DRY_RUN,
        "exchange": {"name": "binance", "pair_whitelist": list(trial_pairs(mode))},
    }


def _why_not_loaded(problem: BaseException, file: Path) -> Finding:
    """FreqTrade swallows what an import raises: it is asked for once more."""
    if isinstance(problem, OperationalException) and "contains Python code errors" in str(problem):
        try:
            _import(file)
        except (Exception, SystemExit) as cause:  # the strategy's own code, as above
            problem = cause
    what = "load" if isinstance(problem, OperationalException | ImportError) else "loading"
    return _finding(what, "FreqTrade cannot load it: ", problem, file)


def _import(file: Path) -> None:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def _facts(class_name: str, strategy: IStrategy) -> StrategyFacts:
    timeframe = getattr(strategy, "timeframe", None)
    stoploss = getattr(strategy, "stoploss", None)
    if stoploss is None or not math.isfinite(stoploss):
        raise OperationalException("It has no stoploss; FreqTrade needs one, such as stoploss = -0.10.")
    if not all(math.isfinite(ratio) for ratio in strategy.minimal_roi.values()):
        raise OperationalException("minimal_roi must have finite numbers; leave out what shall never count.")
    return StrategyFacts(
        class_name=class_name,
        interface_version=int(strategy.INTERFACE_VERSION),
        timeframe=None if timeframe is None else str(timeframe),
        can_short=bool(strategy.can_short),
        stoploss=float(stoploss),
        minimal_roi={str(minutes): float(ratio) for minutes, ratio in strategy.minimal_roi.items()},
        startup_candle_count=int(strategy.startup_candle_count),
    )


def _wrong_values(strategy: IStrategy) -> list[Finding]:
    found = []
    if not -1 <= strategy.stoploss < 0:
        found.append(_plain("stoploss", f"stoploss is {strategy.stoploss:g}; it must be below 0, such as -0.10."))
    if not getattr(strategy, "timeframe", None):
        found.append(_plain("timeframe", "It has no timeframe; say one, such as timeframe = '5m'."))
    if strategy.INTERFACE_VERSION < 2:
        found.append(_plain("interface", "INTERFACE_VERSION 1 is not supported by FreqTrade any more; write it for 3."))
    elif strategy.INTERFACE_VERSION < 3:
        message = "INTERFACE_VERSION 2 is of before FreqTrade knew shorts; set it to 3 and rename buy and sell."
        found.append(_plain("interface", message, Severity.WARNING))
    return found


# ---- the trial


def _trial(strategy: IStrategy, file: Path) -> list[Finding]:
    """The strategy analyses candles that are made up. What goes wrong with its own columns goes wrong in a bot; where
    it asks for other data, which a trial can only pretend to have, it is a warning."""
    timeframe = getattr(strategy, "timeframe", None) or "5m"
    count = max(_LEAST_CANDLES, min(int(strategy.startup_candle_count) + 200, _MOST_CANDLES))
    pairs = trial_pairs(TradingMode.FUTURES if strategy.can_short else TradingMode.SPOT)
    strategy.dp = data = TrialData(pairs)
    try:
        candles = trial_candles(timeframe, count)
        strategy.ft_bot_start()
        frame = candles.copy()
        for name, analyse in _STEPS.items():
            frame = analyse(strategy, frame, {"pair": pairs[0]})
            if frame is None or len(frame) != len(candles):
                rows = "nothing" if frame is None else f"{len(frame)} rows"
                return [_plain("trial", f"Of {len(candles)} candles {name} returned {rows}: return the dataframe.")]
    except (Exception, SystemExit) as problem:  # the strategy's own code ran: whatever it raised is told
        severity = Severity.WARNING if data.was_asked else Severity.ERROR
        return [_finding("trial", "It failed on made-up candles: ", problem, file, severity)]
    if not {"enter_long", "enter_short"} & set(frame.columns):
        text = "It sets neither enter_long nor enter_short on made-up candles; look whether it ever enters."
        return [_plain("trial", text, Severity.WARNING)]
    return []


def _plain(code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, message=message[:MESSAGE_LENGTH])


def _finding(
    code: str, prefix: str, problem: BaseException, file: Path, severity: Severity = Severity.ERROR
) -> Finding:
    """What was raised, and the last line of the strategy that was on the way there. From what a callback raised
    FreqTrade raises an error of its own."""
    while isinstance(problem, StrategyError) and problem.__cause__ is not None:
        problem = problem.__cause__
    told = str(problem) if isinstance(problem, OperationalException) else f"{type(problem).__name__}: {problem}"
    line = problem.lineno if isinstance(problem, SyntaxError) else _line_in(problem.__traceback__, file)
    linecache.clearcache()
    logger.warning("%s%s", prefix, told, exc_info=problem)
    return Finding(
        code=code,
        severity=severity,
        message=clean(f"{prefix}{' '.join(told.split())}", MESSAGE_LENGTH),
        line=line if line and line > 0 else None,
    )


def _line_in(trace: TracebackType | None, file: Path) -> int | None:
    lines = [number for frame, number in traceback.walk_tb(trace) if Path(frame.f_code.co_filename).name == file.name]
    return lines[-1] if lines else None
