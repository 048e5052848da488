"""How well money did. Pure.

Two answers to two questions (CFA Institute, Global Investment Performance Standards, 2020, glossary and section 2.A):

*Time-weighted*: what one unit that was there all the time became; how much was put in and when makes no difference, so
strategies can be compared. The time is cut at every flow of money, and the growth of the pieces is multiplied:

    1 + r = product over pieces of (worth at its end, before the flow) / (worth at its begin, after the flow)

*Money-weighted*: what the money that really was there became, as the internal rate of return: the growth g over the
whole time T at which all flows, each for its share of the time, come to what is there at the end,

    sum over flows of flow_i * g ^ ((T - t_i) / T) = worth at the end,        r = g - 1

g is found by bisection between signs that differ; where there are several, the one next to no change counts. Both are
also told per year, (1 + r) ^ (365 days / T) - 1, but not of less than a year: GIPS forbids to annualise those.

Worth at a time is what was put in less what was taken out until then, and the profit at that time.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from orchestrator.kit.money import ZERO, add, subtract

_YEAR = timedelta(days=365)
_RATIO = Decimal(1).scaleb(-8)
_STEPS = 200
_GRID = 400
_WIDEST = 12.0
"""Growth between 10^-12 and 10^12 is looked at."""
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that was put in (below zero: taken out)."""

    at: datetime
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """Profit since the beginning, realised or not, at a time."""

    at: datetime
    profit: Decimal


@dataclass(frozen=True, slots=True)
class Returns:
    """Ratios: 0.05 is five per cent. None where there is none: nothing was there, or it was all lost on the way."""

    since: datetime | None
    """The first flow; None without any."""
    invested: Decimal
    """What was put in less what was taken out."""
    value: Decimal
    profit: Decimal
    money_weighted: Decimal | None
    money_weighted_yearly: Decimal | None
    time_weighted: Decimal | None
    time_weighted_yearly: Decimal | None


def returns_of(flows: Sequence[Flow], readings: Sequence[Reading], now: datetime) -> Returns:
    """From flows and profits, each in any order, until now. A profit counts from its reading on; before the first it is
    zero."""
    flows = sorted((one for one in flows if one.at <= now and one.amount), key=lambda one: one.at)
    readings = sorted((one for one in readings if one.at <= now), key=lambda one: one.at)
    invested = add(one.amount for one in flows)
    profit = readings[-1].profit if readings else ZERO
    value = add((invested, profit))
    since = flows[0].at if flows else None
    money = money_weighted(flows, value, now)
    time = time_weighted(flows, readings, now)
    return Returns(
        since, invested, value, profit,
        money, _yearly(money, since, now),
        time, _yearly(time, since, now),
    )  # fmt: skip


def money_weighted(flows: Sequence[Flow], value: Decimal, now: datetime) -> Decimal | None:
    """Over the whole time; None where no growth explains the worth at the end. Flows come in the order of time."""
    if not flows or now <= flows[0].at:
        return None
    whole = (now - flows[0].at).total_seconds()
    terms = [(float(one.amount), (now - one.at).total_seconds() / whole) for one in flows]
    end = float(value)

    def lacks(logarithm: float) -> float:
        growth = 10.0**logarithm
        return math.fsum([*(amount * growth**weight for amount, weight in terms), -end])

    grid = sorted((_WIDEST * (number / _GRID) ** 3 * sign for number in range(_GRID + 1) for sign in (-1, 1)), key=abs)
    for inner, outer in zip(grid, grid[2:], strict=False):  # outwards from no change, on either side
        if lacks(inner) == 0.0:
            return _ratio(10.0**inner - 1)
        if (lacks(inner) < 0) != (lacks(outer) < 0):
            return _ratio(10.0 ** _bisect(lacks, inner, outer) - 1)
    return Decimal(-1) if not value else None


def time_weighted(flows: Sequence[Flow], readings: Sequence[Reading], now: datetime) -> Decimal | None:
    """Over the whole time; None where at the begin of some piece nothing was left that had not been taken out. Flows
    and readings come in the order of time."""
    if not flows:
        return None
    growth, invested = 1.0, ZERO
    for number, flow in enumerate(flows):
        end = flows[number + 1].at if number + 1 < len(flows) else now
        invested = add((invested, flow.amount))
        if end == flow.at and number + 1 < len(flows):
            continue  # several at once are one
        begin_worth = add((invested, _profit_at(readings, flow.at)))
        end_worth = add((invested, _profit_at(readings, end)))
        if begin_worth <= ZERO:
            if begin_worth == ZERO and (number + 1 < len(flows) or (number > 0 and end_worth == ZERO)):
                continue  # all was taken out, for a while or for good
            return None
        growth *= max(0.0, float(end_worth)) / float(begin_worth)
    return _ratio(growth - 1)


def total(readings: Sequence[Sequence[Reading]]) -> list[Reading]:
    """The sum of several profits over time: at each reading of any of them, with the others' last."""
    times = sorted({one.at for each in readings for one in each})
    last = [ZERO] * len(readings)
    ahead = [0] * len(readings)
    found: list[Reading] = []
    ordered = [sorted(each, key=lambda one: one.at) for each in readings]
    running = ZERO
    for at in times:
        for which, each in enumerate(ordered):
            while ahead[which] < len(each) and each[ahead[which]].at <= at:
                profit = each[ahead[which]].profit
                running = add((running, subtract(profit, last[which])))
                last[which] = profit
                ahead[which] += 1
        found.append(Reading(at, running))
    return found


def _profit_at(readings: Sequence[Reading], at: datetime) -> Decimal:
    known = bisect_right(readings, at, key=lambda one: one.at)
    return readings[known - 1].profit if known else ZERO


def _bisect(lacks: Callable[[float], float], inner: float, outer: float) -> float:
    positive = lacks(outer) > 0
    for _ in range(_STEPS):
        middle = (inner + outer) / 2
        if (lacks(middle) > 0) == positive:
            outer = middle
        else:
            inner = middle
    return (inner + outer) / 2


def _yearly(ratio: Decimal | None, since: datetime | None, now: datetime) -> Decimal | None:
    if ratio is None or since is None or now - since < _YEAR:
        return None
    return _ratio(float(1 + ratio) ** (_YEAR / (now - since)) - 1)


def _ratio(value: float) -> Decimal | None:
    """Rounded to 8 places; None beyond all plausibility."""
    return Decimal(repr(value)).quantize(_RATIO) if abs(value) < _LARGEST else None
