"""From what the bots last said to one portfolio. Pure: values in, values out.

Every bot counts with its last reading, however old; before the first one it counts with its starting balance, all of it
free. A bot is stale when it should report and does not. Money is summed up per stake currency, and in the reporting
currency with the newest known rate of each pair; a bot without one stays out of the converted totals and is named.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from orchestrator.kit.money import MAGNITUDE_LIMIT, ZERO, add, inverse, money, multiply, ratio, subtract
from orchestrator.kit.pace import at_once
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
class Part:
    """One bot in a portfolio, and what that was reckoned from."""

    reading: BotReading
    rate: Rate | None
    """Of its currency, where that is not the portfolio's."""
    currency: str
    day: date
    position: BotPosition
    converted: Mapping[str, Decimal]
    """Fields of `_MONEY_FIELDS`, zeros without a rate."""
    held: Mapping[str, Decimal]
    """Its exposure in the portfolio's currency; empty without a rate."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """`peaks` by mode (`all`, `dry`, `live`), `bot_peaks` and `parts` by bot are what to go on from next time."""

    portfolio: Portfolio
    peaks: Mapping[str, Peak]
    bot_peaks: Mapping[str, Decimal]
    parts: Mapping[str, Part]


def aggregate(
    readings: Sequence[BotReading],
    *,
    currency: str,
    now: datetime,
    peaks: Mapping[str, Peak] | None = None,
    parts: Mapping[str, Part] | None = None,
) -> Aggregation:
    """The portfolio of one user in `currency`. `peaks` are those of the last time in the same currency, if any; of
    `parts` what did not change is not reckoned again."""
    return at_once(aggregating(readings, currency=currency, now=now, peaks=peaks, parts=parts))


def aggregating(
    readings: Sequence[BotReading],
    *,
    currency: str,
    now: datetime,
    peaks: Mapping[str, Peak] | None = None,
    parts: Mapping[str, Part] | None = None,
) -> Generator[None, None, Aggregation]:
    """The same in steps, of a bot each and a few sums."""
    rates = known_rates((reading.snapshot for reading in readings), currency)
    yield
    reckoned: dict[str, Part] = {}
    for reading in readings:
        known = None if parts is None else parts.get(reading.id)
        reckoned[reading.id] = _part(reading, rates, currency, now, known)
        yield
    ordered = sorted(reckoned.values(), key=lambda part: (part.position.name, part.position.id))
    bots = [part.position for part in ordered]
    of: dict[str, list[Part]] = {
        ALL: ordered,
        **{mode: [part for part in ordered if part.position.mode == mode] for mode in MODES},
    }
    before = peaks or {}
    after: dict[str, Peak] = {}
    totals: dict[str, Totals] = {}
    for mode in (ALL, *MODES):
        after[mode] = advance_peak(before.get(mode), _members(of[mode]))
        yield
        totals[mode] = _totals(of[mode], after[mode])
        yield
    everything = totals[ALL]
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
        dry=totals["dry"],
        live=totals["live"],
        bots=bots,
    )
    yield
    highest = {bot.id: money(subtract(bot.peak, bot.starting_capital)) for bot in bots}
    return Aggregation(portfolio, after, highest, reckoned)


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


def _part(reading: BotReading, rates: Mapping[str, Rate], currency: str, now: datetime, known: Part | None) -> Part:
    """`known` with the age that it has now, where all else is as it was."""
    stake = reading.snapshot.stake_currency if reading.snapshot else reading.stake_currency
    rate, day = rates.get(stake) if stake != currency else None, now.astimezone(UTC).date()
    if known is not None and reading.snapshot is not None and (known.rate, known.currency, known.day) == (
        rate, currency, day,
    ) and known.reading == reading:  # fmt: skip
        age = {"stale": is_stale(reading, now), "age_seconds": _age_seconds(reading, now)}
        if age == {name: getattr(known.position, name) for name in age}:
            return known
        return replace(known, position=known.position.model_copy(update=age))
    bot = _position(reading, rates, currency, now)
    converted = {name: _converted(bot, getattr(bot, name)) for name in _MONEY_FIELDS}
    held = {item.asset: _converted(bot, item.value) for item in bot.exposure} if bot.conversion is not None else {}
    return Part(reading, rate, currency, day, bot, converted, held)


def _age_seconds(reading: BotReading, now: datetime) -> int | None:
    return max(0, int((now - reading.snapshot_at).total_seconds())) if reading.snapshot_at else None


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
        age_seconds=_age_seconds(reading, now),
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


def _members(parts: Iterable[Part]) -> dict[str, Member]:
    """Equity is converted as its two parts are, so that sums add up to the last digit."""
    return {
        part.position.id: Member(
            profit=subtract(
                add((part.converted["free"], part.converted["in_trades"])), part.converted["starting_capital"]
            ),
            capital=part.converted["starting_capital"],
        )
        for part in parts
        if part.position.conversion is not None
    }


def _totals(parts: Sequence[Part], peak: Peak) -> Totals:
    sums = {name: add(part.converted[name] for part in parts) for name in _MONEY_FIELDS}
    equity = add((sums["free"], sums["in_trades"]))
    highest = add((equity, give_back(peak)))
    held: dict[str, Decimal] = {}
    for part in parts:
        for asset, value in part.held.items():
            held[asset] = add((held.get(asset, ZERO), value))
    return Totals(
        equity=equity,
        **sums,
        profit_ratio=ratio(subtract(equity, sums["starting_capital"]), sums["starting_capital"]),
        peak=highest,
        drawdown_ratio=ratio(subtract(highest, equity), highest),
        open_trades=sum(part.position.open_trades for part in parts),
        exposure=_exposure(held, equity),
        bots=len(parts),
        stale_bots=sum(part.position.stale for part in parts),
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
