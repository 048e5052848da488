"""Whether the next loop can wait, and until when. Pure.

A loop can wait where everything that could make it act is one of: a candle that closes, a price that is watched, a
timer, or something that is asked. What is not known to be one of these keeps the loop, with its reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pool.contract.waking import Mode, Reason

CANDLE_SECONDS = 1.0
"""FreqTrade lets so much time pass after a candle's close before it asks for it."""
JITTER_SECONDS = 3.0
"""Bots wake spread over so long after that: within the plain loop's own five seconds. What they are told of a candle
may be as old as if they were not (`Kind.at_close`)."""
TOGETHER_SECONDS = 0.5
"""Of these those with trades of the same pair spread over so much: less than a book lasts."""
SAFETY_SECONDS = 60.0
"""By the monotonic clock, whatever else is due."""


@dataclass(frozen=True, slots=True)
class TradeFacts:
    """What one open trade waits for."""

    trade_id: int = 0
    pair: str = ""
    open_order: bool = False
    """Of whatever side, on the exchange or simulated."""
    exit_stands: bool = False
    """The strategy's last candle says to leave, and the trade is still open."""
    beyond: bool = False
    """At the rate that was seen last one of its thresholds was reached, or there was none that could be seen."""
    watchable: bool = True
    """FreqTrade compares its thresholds with a price that the watcher sees."""
    keeps: frozenset[Reason] = frozenset()
    """What else asks for each loop, such as a time exit that waits for the profit to fall."""
    timers: tuple[float, ...] = ()
    """Moments of the wall clock at which its thresholds change."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Read after a loop, and after each exit pass. Times are of the wall clock."""

    enabled: bool = True
    runs: bool = True
    """FreqTrade is RUNNING or PAUSED."""
    looped: bool = True
    """The last loop went well."""
    asked: bool = False
    """A command, a mode, a policy, a request through the API: since the last loop."""
    flattening: bool = False
    unsettled: bool = False
    """Of some order it is not known whether it arrived."""
    always: frozenset[Reason] = frozenset()
    """Of strategy and configuration, with open trades or without."""
    with_trades: frozenset[Reason] = frozenset()
    """The same, while a trade is open."""
    entry_stands: bool = False
    """An entry signal of the last candle that could still be followed."""
    candles_awaited: bool = False
    """One that closed is not there, or was not analysed."""
    freed: bool = False
    """A trade was closed since the last loop."""
    watched: bool = False
    """The agent follows all of the bot's prices."""
    trades: tuple[TradeFacts, ...] = ()
    closes: tuple[float, ...] = ()
    """When the candles of its timeframes close next."""
    timers: tuple[float, ...] = ()
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class Waking:
    """`loop`: as FreqTrade, for `reasons`. `on_need`: not before `next_at` (wall clock), unless something comes up."""

    mode: Mode
    reasons: tuple[Reason, ...] = ()
    next_at: float | None = None
    needs_prices: bool = field(default=False)
    """Only as long as the agent follows the prices."""
    candle_at: float | None = None
    """When FreqTrade would ask for the next candle: bots are spread from there on."""
    trades_at: float | None = None
    """When thresholds of a trade change by time; not before `next_at`."""


def waking(facts: Facts) -> Waking:
    """Reasons in the order of `pool.contract.waking.Reason`'s list, each once."""
    reasons = tuple(dict.fromkeys(_reasons(facts)))
    if reasons:
        return Waking("loop", reasons)
    candle_at = min((close + CANDLE_SECONDS for close in facts.closes), default=None)
    due = [*facts.timers, *([] if candle_at is None else [candle_at + facts.jitter])]
    of_trades = [timer for trade in facts.trades for timer in trade.timers]
    return Waking(
        "on_need",
        next_at=min([*due, *of_trades], default=None),
        needs_prices=bool(facts.trades),
        candle_at=candle_at,
        trades_at=min(of_trades, default=None),
    )


def _reasons(facts: Facts) -> Iterator[Reason]:
    if not facts.enabled:
        yield "setting"
        return
    told: tuple[tuple[bool, Reason], ...] = (
        (not facts.runs, "not_running"),
        (not facts.looped, "loop_failed"),
        (facts.flattening, "flattening"),
        (facts.unsettled, "order_unsettled"),
    )
    yield from (reason for holds, reason in told if holds)
    yield from sorted(facts.always)
    if facts.trades:
        yield from sorted(facts.with_trades)
    for trade in facts.trades:
        yield from _of_trade(trade)
    if facts.trades and not (facts.watched or facts.always or facts.with_trades):
        yield "prices_not_watched"
    momentary: tuple[tuple[bool, Reason], ...] = (
        (facts.entry_stands, "entry_stands"),
        (facts.candles_awaited, "candles_awaited"),
        (facts.freed, "slot_freed"),
        (facts.asked, "asked"),
    )
    yield from (reason for holds, reason in momentary if holds)


def _of_trade(trade: TradeFacts) -> Iterator[Reason]:
    if trade.open_order:
        yield "open_order"
    if trade.exit_stands:
        yield "exit_stands"
    if trade.beyond:
        yield "price_beyond"
    if not trade.watchable:
        yield "price_not_comparable"
    yield from sorted(trade.keeps)
