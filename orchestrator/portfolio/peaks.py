"""High-water marks that capital flows do not move. Pure.

A peak is the highest sum of profits seen. What makes up that sum changes when a bot is created or deleted, or when the
rate of its currency becomes known or is lost; none of that is a gain or a loss. So a peak remembers what every member
contributed when last measured:

- a member that joins raises peak and profit by the same amount: the drawdown in money stays;
- a member that leaves takes its profit along, and the drawdown in money shrinks with the capital that left: deleting
  all bots leaves no drawdown behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.kit.money import ZERO, add, multiply, share, subtract


@dataclass(frozen=True, slots=True)
class Member:
    """One bot's part, in the reporting currency."""

    profit: Decimal
    capital: Decimal


@dataclass(frozen=True, slots=True)
class Peak:
    """`profit` is the highest sum of the members' profits."""

    profit: Decimal
    members: Mapping[str, Member]


def advance_peak(before: Peak | None, members: Mapping[str, Member]) -> Peak:
    """The peak once `members` were measured. The first measurement counts from no profit."""
    now = add(member.profit for member in members.values())
    if before is None:
        return Peak(max(ZERO, now), dict(members))
    measured = add(member.profit for member in before.members.values())
    given_back = max(ZERO, subtract(before.profit, measured))
    if not before.members.keys() <= members.keys():
        staying = add(member.capital for name, member in before.members.items() if name in members)
        whole = add(member.capital for member in before.members.values())
        given_back = multiply(given_back, min(Decimal(1), max(ZERO, share(staying, whole))))
    # Members who were there before tell profit and loss; the others only shift the level.
    gained = add(
        subtract(member.profit, before.members[name].profit)
        for name, member in members.items()
        if name in before.members
    )
    return Peak(add((now, max(ZERO, subtract(given_back, gained)))), dict(members))


def give_back(peak: Peak) -> Decimal:
    """How much less than the peak the last measurement was; never negative."""
    return max(ZERO, subtract(peak.profit, add(member.profit for member in peak.members.values())))
