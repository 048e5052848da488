"""How much of the stake currency an entry takes.

With equity `E` of the bot, its leverage `L`, and all distances as ratios of the stake:

    fixed        amount                               (of `currency` alone, where that is given)
    equity       ratio * E
    risk         ratio * E / distance to the stop     (the stop loses `ratio` of equity)
    volatility   ratio * E * rate / (ATR * L)         (a move of one ATR changes equity by `ratio`)
    kelly        min(cap, fraction * max(0, p - (1 - p) / b)) * E, see `pool.contract.policy.KellySize`
    none         what FreqTrade proposes

The result is cut to what the bot may still put in, to the exchange's maximum, and to the guardrail's share of equity;
less than the exchange's minimum is no entry, never a larger one than the method found. A fixed amount that is more than
the bot may still put in is no entry either: it was meant for another currency, or for a bot that has more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from pool.contract.policy import (
    EquitySize,
    FixedSize,
    HardStop,
    KellySize,
    PolicyDocument,
    RiskSize,
    Sizing,
    VolatilitySize,
)
from pool.rules.stops import Atrs, known

_SAME = 1 + 1e-9


@dataclass(frozen=True, slots=True)
class Funds:
    """Of one bot before an entry, in its stake currency."""

    equity: float
    allocation: float
    """What it may still put into trades."""
    proposed: float
    """What FreqTrade would take by its own configuration."""
    min_stake: float | None = None
    """Of the exchange, for one order; None or 0 where it has none."""
    max_stake: float | None = None
    currency: str = ""
    """The stake currency."""


@dataclass(frozen=True, slots=True)
class Stake:
    amount: float
    """In the stake currency; 0 means no entry."""
    how: str
    """How it was computed, or why there is no entry; for people."""
    limit: str = ""
    """Path of what refused the entry, such as `sizing` or `sizing.ratio`; empty for an entry."""


class _Unknown(Exception):
    """The method cannot be computed; carries the path of what lacks and a sentence."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(sentence)
        self.path = path


def stake(
    sizing: Sizing | None,
    funds: Funds,
    *,
    rate: float,
    leverage: float = 1.0,
    stop_distance: float | None = None,
    atr: Atrs | None = None,
    results: Sequence[float] = (),
    stake_at_most: Decimal | float | None = None,
) -> Stake:
    """The stake of a first entry at `rate`.

    :param stop_distance: of the tightest stop that the trade will have, as a ratio of the stake (`stop_distance`).
    :param results: profit ratios of the bot's closed trades, oldest first.
    :param stake_at_most: `PolicyInForce.stake_at_most`, a ratio of equity.
    """
    if not 0 < funds.equity < inf and sizing is not None and sizing.method != "fixed":
        return Stake(0.0, "The bot has no equity.", "sizing")
    try:
        amount, how = _by_method(sizing, funds, rate, leverage, stop_distance, atr, results)
    except _Unknown as unknown:
        return Stake(0.0, str(unknown), unknown.path)
    return _bounded(amount, how, funds, stake_at_most)


def stop_distance(
    document: PolicyDocument,
    rate: float,
    *,
    leverage: float = 1.0,
    atr: Atrs | None = None,
    strategy_stop: float | None = None,
) -> float | None:
    """Distance of the tighter of the document's hard stop and the strategy's own (its `stoploss`, of any sign), as a
    ratio of the stake; None where neither is known."""
    distances = [abs(strategy_stop)] if strategy_stop else []
    universal = _hard_distance(document.hard_stop, rate, leverage, atr) if document.hard_stop else None
    if universal is not None:
        distances.append(universal)
    return min(distances, default=None)


def _hard_distance(section: HardStop, rate: float, leverage: float, atr: Atrs | None) -> float | None:
    distances = [] if section.distance is None else [float(section.distance)]
    value = known(atr, section.atr_period)
    if value is not None and section.atr_multiple is not None and rate > 0:
        distances.append(float(section.atr_multiple) * value * leverage / rate)
    return min(distances, default=None)


def _by_method(
    sizing: Sizing | None,
    funds: Funds,
    rate: float,
    leverage: float,
    distance: float | None,
    atr: Atrs | None,
    results: Sequence[float],
) -> tuple[float, str]:
    match sizing:
        case None:
            return funds.proposed, f"{funds.proposed:.8g} by the bot's own configuration"
        case FixedSize():
            return _fixed(sizing, funds)
        case EquitySize():
            return float(sizing.ratio) * funds.equity, f"{sizing.ratio:f} of equity {funds.equity:.8g}"
        case RiskSize():
            if distance is None or not 0 < distance < inf:
                raise _Unknown("sizing", "Sizing by risk needs a stop, and this trade has none: set hard_stop.")
            how = f"{sizing.ratio:f} of equity {funds.equity:.8g} at risk over a stop distance of {distance:.6g}"
            return float(sizing.ratio) * funds.equity / distance, how
        case VolatilitySize():
            value = known(atr, sizing.atr_period)
            if value is None or not 0 < rate < inf:
                raise _Unknown("sizing", f"Sizing by volatility needs an ATR of {sizing.atr_period} candles.")
            how = f"{sizing.ratio:f} of equity {funds.equity:.8g} for one ATR of {value:.8g} at {rate:.8g}"
            return float(sizing.ratio) * funds.equity * rate / (value * max(leverage, 1.0)), how
        case KellySize():
            share, how = kelly_share(sizing, results)
            if share <= 0:
                raise _Unknown("sizing", f"Kelly gives nothing: {how}.")
            return share * funds.equity, f"{share:.6g} of equity {funds.equity:.8g}, {how}"


def _fixed(sizing: FixedSize, funds: Funds) -> tuple[float, str]:
    amount = float(sizing.amount)
    if sizing.currency is not None and sizing.currency != funds.currency:
        told = f"The stake is fixed at {amount:.8g} {sizing.currency}, and this bot's is in {funds.currency or '?'}."
        raise _Unknown("sizing.currency", told)
    if not amount <= funds.allocation * _SAME:
        told = f"The stake is fixed at {amount:.8g}, and the bot may put in no more than {funds.allocation:.8g}."
        raise _Unknown("sizing.amount", told)
    return amount, f"{amount:.8g} fixed"


def kelly_share(sizing: KellySize, results: Sequence[float]) -> tuple[float, str]:
    """Ratio of equity, and how it came about. A trade that closed at 0 or less is a loser; without any loss `b` is
    infinite."""
    last = results[-sizing.trades :]
    if len(last) < sizing.least_trades:
        return float(sizing.cap) / 4, f"a quarter of the cap until {sizing.least_trades} trades are closed"
    wins = [result for result in last if result > 0]
    losses = [-result for result in last if result <= 0]
    p = len(wins) / len(last)
    mean_loss = sum(losses) / len(losses) if losses else 0.0
    mean_win = sum(wins) / len(wins) if wins else 0.0
    edge = max(0.0, p - (1 - p) * mean_loss / mean_win) if mean_win > 0 else 0.0
    share = min(float(sizing.cap), float(sizing.fraction) * edge)
    return (
        share,
        f"Kelly of {len(last)} trades with {p:.3g} winners, mean win {mean_win:.4g}, mean loss {mean_loss:.4g}",
    )


def _bounded(amount: float, how: str, funds: Funds, stake_at_most: Decimal | float | None) -> Stake:
    bounds: list[tuple[float, str, str]] = [(funds.allocation, "allocation", "what the bot may still put in")]
    if funds.max_stake is not None:
        bounds.append((funds.max_stake, "exchange", "the most that is possible"))
    if stake_at_most is not None:
        most = float(stake_at_most) * max(funds.equity, 0.0)
        bounds.append((most, "guardrails.stake_at_most", "the guardrail's share of equity"))
    limit = "sizing"
    if not amount > 0 or amount == inf:
        return Stake(0.0, f"No stake: {how}.", limit)
    for most, path, words in bounds:
        if amount > most or most != most:
            amount, limit, how = max(most, 0.0) if most == most else 0.0, path, f"{how}, cut to {words}, {most:.8g}"
    if amount <= 0:
        return Stake(0.0, f"No stake is left: {how}.", limit)
    if funds.min_stake and not amount >= funds.min_stake:
        return Stake(0.0, f"{amount:.8g} is below the exchange's minimum of {funds.min_stake:.8g}: {how}.", limit)
    return Stake(amount, how)
