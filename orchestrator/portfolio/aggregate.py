"""From what the bots last said to one portfolio. Pure: values in, values out.

Every bot counts with its last reading, however old; before the first one it counts with its starting balance, all of it
free. A bot is stale when it should report and does not. Money is summed up per stake currency, and in the reporting
currency with the newest known rate of each pair; a bot without one stays out of the converted totals and is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from orchestrator.kit.money import MAGNITUDE_LIMIT, ZERO, add, inverse, money, multiply, ratio, subtract
from orchestrator.portfolio.peaks import Member, Peak, advance_peak, give_back
from orchestrator.portfolio.views import (
    BotPosition,
    CurrencyTotals,
    Exposure,
    Mode,
    Portfolio,
    Rate,
    Totals,
)
from pool.contract.slots import DesiredState, ObservedState
from pool.contract.snapshots import BotSnapshot, ConversionRate, OpenTrade

STALE_AFTER_SECONDS = 15
"""Bots report every 5 s at least."""

MODES: tuple[Mode, ...] = ("dry", "live")
ALL = "all"

_MONEY_FIELDS = ("free", "in_trades", "realised", "unrealised", "realised_today", "starting_capital")
_SHOULD_RUN = frozenset({DesiredState.RUNNING.value, DesiredState.PAUSED.value})
_HAS_PROCESS = frozenset({ObservedState.RUNNING.value, ObservedState.PAUSED.value, ObservedState.STOPPING.value})
_LOST = frozenset({ObservedState.UNKNOWN.value, ObservedState.FAILED.value, ObservedState.QUARANTINED.value})
_NEVER_STARTED = frozenset({ObservedState.PENDING.value, ObservedState.STARTING.value})


@dataclass(frozen=True, slots=True)
class BotReading:
    """What is known of one bot. `snapshot_at` is when its last snapshot arrived, `expected_since` when it was last told
    what to do: from then on it is given time to report."""

    id: str
    name: str
    mode: Mode
    desired_state: str
    observed_state: str
    trader_state: str | None
    stake_currency: str
    starting_balance: Decimal
    snapshot: BotSnapshot | None
    snapshot_at: datetime | None
    expected_since: datetime
    pss_bytes: int | None = None
    peak_profit: Decimal | None = None
    """Highest profit seen, in the currency that it reports in."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`peaks` by mode (`all`, `dry`, `live`) and `bot_peaks` by bot are what to go on from next time."""

    portfolio: Portfolio
    peaks: Mapping[str, Peak]
    bot_peaks: Mapping[str, Decimal]


def aggregate(
    readings: Sequence[BotReading], *, currency: str, now: datetime, peaks: Mapping[str, Peak] | None = None
) -> Aggregation:
    """The portfolio of one user in `currency`. `peaks` are those of the last time in the same currency, if any."""
    rates = known_rates((reading.snapshot for reading in readings), currency)
    bots = sorted(
        (_position(reading, rates, currency, now) for reading in readings), key=lambda bot: (bot.name, bot.id)
    )
    before = peaks or {}
    after = {
        mode: advance_peak(before.get(mode), _members(bot for bot in bots if mode in (ALL, bot.mode)))
        for mode in (ALL, *MODES)
    }
    everything = _totals(bots, after[ALL])
    portfolio = Portfolio(
        **{name: getattr(everything, name) for name in Totals.model_fields if name != "bots"},
        as_of=now,
        currency=currency,
        rates=[rates[source] for source in sorted({bot.currency for bot in bots} & rates.keys()) if source != currency],
        by_currency=[
            _currency_totals(name, [bot for bot in bots if bot.currency == name])
            for name in sorted({bot.currency for bot in bots})
        ],
        unconverted=sorted(bot.id for bot in bots if bot.conversion is None),
        dry=_totals([bot for bot in bots if bot.mode == "dry"], after["dry"]),
        live=_totals([bot for bot in bots if bot.mode == "live"], after["live"]),
        bots=bots,
    )
    highest = {bot.id: money(subtract(bot.peak, bot.starting_capital)) for bot in bots}
    return Aggregation(portfolio, after, highest)


def is_stale(reading: BotReading, now: datetime) -> bool:
    """True where the bot should be reporting and its last values may no longer hold. A bot that was stopped on purpose
    is not stale, nor one that is starting for the first time: what it has is known."""
    if reading.observed_state in _LOST:
        return True
    if reading.desired_state not in _SHOULD_RUN and reading.observed_state not in _HAS_PROCESS:
        return False
    if reading.snapshot is None and reading.observed_state in _NEVER_STARTED:
        return False
    last = max(reading.expected_since, reading.snapshot_at or reading.expected_since)
    return (now - last).total_seconds() > STALE_AFTER_SECONDS


def is_plausible(snapshot: BotSnapshot) -> bool:
    """False for amounts that no account holds: a broken bot must not spoil the sums of the others."""
    trades = [amount for trade in snapshot.open_trades for amount in (trade.amount, trade.current_rate)]
    account = [snapshot.starting_balance, snapshot.free, snapshot.in_trades]
    results = [snapshot.realised, snapshot.realised_today, snapshot.unrealised]
    return all(abs(amount) < MAGNITUDE_LIMIT for amount in (*account, *results, *trades))


def known_rates(snapshots: Iterable[BotSnapshot | None], currency: str) -> dict[str, Rate]:
    """The newest rate into `currency` by source, from what all the bots said; a rate told the other way round serves
    where there is no direct one. The currency itself is worth 1."""
    direct: dict[str, Rate] = {}
    reverse: dict[str, Rate] = {}
    for snapshot in snapshots:
        told = snapshot.conversion if snapshot else None
        if told is None or told.source == told.target or not _usable(told):
            continue
        if told.target == currency:
            _keep_newest(direct, Rate(source=told.source, target=currency, rate=told.rate, at=told.at))
        elif told.source == currency:
            rate = money(inverse(told.rate))
            if rate > ZERO:
                _keep_newest(reverse, Rate(source=told.target, target=currency, rate=rate, at=told.at))
    return reverse | direct


def _usable(told: ConversionRate) -> bool:
    return ZERO < told.rate < MAGNITUDE_LIMIT


def _keep_newest(rates: dict[str, Rate], rate: Rate) -> None:
    known = rates.get(rate.source)
    if known is None or (rate.at, rate.rate) > (known.at, known.rate):
        rates[rate.source] = rate


def _position(reading: BotReading, rates: Mapping[str, Rate], currency: str, now: datetime) -> BotPosition:
    snapshot = reading.snapshot
    amounts = _amounts(reading, now)
    equity = add((amounts["free"], amounts["in_trades"]))
    profit = subtract(equity, amounts["starting_capital"])
    best = max(profit, reading.peak_profit if reading.peak_profit is not None else ZERO, ZERO)
    peak = add((amounts["starting_capital"], best))
    stake = snapshot.stake_currency if snapshot else reading.stake_currency
    itself = Rate(source=stake, target=currency, rate=Decimal(1), at=snapshot.as_of if snapshot else now)
    return BotPosition(
        id=reading.id,
        name=reading.name,
        mode=reading.mode,
        currency=stake,
        state=reading.observed_state,
        trader_state=reading.trader_state,
        desired_state=reading.desired_state,
        stale=is_stale(reading, now),
        as_of=snapshot.as_of if snapshot else None,
        age_seconds=max(0, int((now - reading.snapshot_at).total_seconds())) if reading.snapshot_at else None,
        equity=equity,
        **amounts,
        profit_ratio=ratio(profit, amounts["starting_capital"]),
        peak=peak,
        drawdown_ratio=ratio(subtract(peak, equity), peak),
        open_trades=len(snapshot.open_trades) if snapshot else 0,
        exposure=_exposure(_held(snapshot.open_trades if snapshot else ()), equity),
        conversion=itself if stake == currency else rates.get(stake),
        pss_bytes=reading.pss_bytes,
    )


def _amounts(reading: BotReading, now: datetime) -> dict[str, Decimal]:
    """Fields of `_MONEY_FIELDS`. What was realised on the day of an older reading was not realised today."""
    snapshot = reading.snapshot
    if snapshot is None:
        values = (reading.starting_balance, ZERO, ZERO, ZERO, ZERO, reading.starting_balance)
    else:
        same_day = snapshot.as_of.astimezone(UTC).date() == now.astimezone(UTC).date()
        today = snapshot.realised_today if same_day else ZERO
        values = (
            snapshot.free, snapshot.in_trades, snapshot.realised, snapshot.unrealised, today, snapshot.starting_balance,
        )  # fmt: skip
    return {name: money(value) for name, value in zip(_MONEY_FIELDS, values, strict=True)}


def _held(trades: Iterable[OpenTrade]) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    for trade in trades:
        value = multiply(trade.amount, trade.current_rate)
        held[trade.base_currency] = add((held.get(trade.base_currency, ZERO), -value if trade.is_short else value))
    return held


def _exposure(held: Mapping[str, Decimal], equity: Decimal) -> list[Exposure]:
    """Largest first."""
    ranked = sorted(held.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [Exposure(asset=asset, value=value, ratio=ratio(value, equity)) for asset, value in ranked]


def _converted(bot: BotPosition, value: Decimal) -> Decimal:
    return multiply(value, bot.conversion.rate) if bot.conversion else ZERO


def _members(bots: Iterable[BotPosition]) -> dict[str, Member]:
    return {
        bot.id: Member(
            profit=subtract(_equity(bot), _converted(bot, bot.starting_capital)),
            capital=_converted(bot, bot.starting_capital),
        )
        for bot in bots
        if bot.conversion is not None
    }


def _equity(bot: BotPosition) -> Decimal:
    """Converted as its two parts are, so that sums add up to the last digit."""
    return add((_converted(bot, bot.free), _converted(bot, bot.in_trades)))


def _totals(bots: Sequence[BotPosition], peak: Peak) -> Totals:
    sums = {name: add(_converted(bot, getattr(bot, name)) for bot in bots) for name in _MONEY_FIELDS}
    equity = add((sums["free"], sums["in_trades"]))
    highest = add((equity, give_back(peak)))
    held: dict[str, Decimal] = {}
    for bot in bots:
        if bot.conversion is not None:
            for item in bot.exposure:
                held[item.asset] = add((held.get(item.asset, ZERO), _converted(bot, item.value)))
    return Totals(
        equity=equity,
        **sums,
        profit_ratio=ratio(subtract(equity, sums["starting_capital"]), sums["starting_capital"]),
        peak=highest,
        drawdown_ratio=ratio(subtract(highest, equity), highest),
        open_trades=sum(bot.open_trades for bot in bots),
        exposure=_exposure(held, equity),
        bots=len(bots),
        stale_bots=sum(bot.stale for bot in bots),
    )


def _currency_totals(currency: str, bots: Sequence[BotPosition]) -> CurrencyTotals:
    sums = {name: add(getattr(bot, name) for bot in bots) for name in _MONEY_FIELDS}
    equity = add((sums["free"], sums["in_trades"]))
    return CurrencyTotals(
        currency=currency,
        equity=equity,
        **sums,
        profit_ratio=ratio(subtract(equity, sums["starting_capital"]), sums["starting_capital"]),
        open_trades=sum(bot.open_trades for bot in bots),
        bots=len(bots),
    )
