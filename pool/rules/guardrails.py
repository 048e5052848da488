"""What an administrator demands of every document.

Two ways lead to the same end. `violations` is asked when a user writes a document: what is looser than a guardrail is
refused, with the path of the field. `tighten` is applied whenever a document is resolved: so a guardrail that came
later, or is about something of which the document says nothing, holds at once. For every document
`violations(tighten(document)) == []`, and `tighten` changes nothing twice.

What a guardrail does to the document, per field (`a` the document's value, `g` the guardrail's):

    hard_stop_at_most       hard_stop.distance = min(a, g); g where there is no hard stop, and beside one by ATR, of
                            which nobody can say beforehand how far it is: the nearer of the two counts
    open_trades_at_most     limits.open_trades = min(a, g)
    asset_exposure_at_most  limits.asset_exposure = min(a, g)
    total_exposure_at_most  limits.total_exposure = min(a, g)
    group_exposure_at_most  limits.group_exposure.ratio = min(a, g), and its correlation at most 0.8: a higher one would
                            empty the groups
    stake_at_most           sizing.ratio of method `equity`, sizing.cap of `kelly` = min(a, g); other stakes are cut by
                            the bot (`PolicyInForce.stake_at_most`)
    daily_loss_at_most      of the loss limits of scope user and that window, the least ratio = min(a, g); without any,
    weekly_loss_at_most     one of ratio g that pauses until the next day
    drawdown_at_most
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pool.contract.policy import (
    EquitySize,
    GroupExposure,
    Guardrails,
    HardStop,
    KellySize,
    Limits,
    LossLimit,
    PolicyDocument,
)

CORRELATION_AT_MOST = Decimal("0.8")
Window = Literal["daily", "weekly", "drawdown"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that is looser than a guardrail."""

    path: str
    sentence: str
    """The middle of one: `must be at most 0.1: …`."""


def violations(document: PolicyDocument, guardrails: Guardrails) -> list[Violation]:
    """What the document says that a guardrail forbids. What it says nothing about is no violation: `tighten` fills
    it in."""
    return [*_of_stop(document, guardrails), *_of_sizing(document, guardrails), *_of_limits(document, guardrails)]


def tighten(document: PolicyDocument, guardrails: Guardrails) -> PolicyDocument:
    """The document, no looser anywhere than the guardrails."""
    changes: dict[str, object] = {}
    if guardrails.hard_stop_at_most is not None:
        changes["hard_stop"] = _stop(document.hard_stop, guardrails.hard_stop_at_most)
    if guardrails.stake_at_most is not None:
        changes["sizing"] = _size(document, guardrails.stake_at_most)
    changes["limits"] = _limits(document.limits, guardrails)
    changes["loss_limits"] = _losses(document.loss_limits, guardrails)
    return document.model_copy(update=changes)


def _of_stop(document: PolicyDocument, guardrails: Guardrails) -> Iterator[Violation]:
    most, stop = guardrails.hard_stop_at_most, document.hard_stop
    if most is None or stop is None:
        return
    if stop.distance is not None and stop.distance > most:
        yield _too_much("hard_stop.distance", most)


def _of_sizing(document: PolicyDocument, guardrails: Guardrails) -> Iterator[Violation]:
    most, sizing = guardrails.stake_at_most, document.sizing
    if most is None:
        return
    if isinstance(sizing, EquitySize) and sizing.ratio > most:
        yield _too_much("sizing.ratio", most)
    if isinstance(sizing, KellySize) and sizing.cap > most:
        yield _too_much("sizing.cap", most)


def _of_limits(document: PolicyDocument, guardrails: Guardrails) -> Iterator[Violation]:
    limits = document.limits or Limits()
    for name, most in _simple_limits(guardrails):
        value = getattr(limits, name)
        if value is not None and value > most:
            yield _too_much(f"limits.{name}", most)
    group, ratio = limits.group_exposure, guardrails.group_exposure_at_most
    if group is not None and ratio is not None:
        if group.ratio > ratio:
            yield _too_much("limits.group_exposure.ratio", ratio)
        if group.correlation > CORRELATION_AT_MOST:
            yield _too_much("limits.group_exposure.correlation", CORRELATION_AT_MOST)
    for window, most in _windows(guardrails):
        places = _of_user(document.loss_limits, window)
        if places and min(document.loss_limits[place].ratio for place in places) > most:
            yield _too_much(f"loss_limits.{_least(document.loss_limits, places)}.ratio", most)


def _too_much(path: str, most: Decimal | int) -> Violation:
    return Violation(path, f"must be at most {most}: an administrator set this guardrail")


def _stop(stop: HardStop | None, most: Decimal) -> HardStop:
    if stop is None:
        return HardStop(distance=most)
    return stop if stop.distance is not None and stop.distance <= most else stop.model_copy(update={"distance": most})


def _size(document: PolicyDocument, most: Decimal) -> object:
    sizing = document.sizing
    if isinstance(sizing, EquitySize) and sizing.ratio > most:
        return sizing.model_copy(update={"ratio": most})
    if isinstance(sizing, KellySize) and sizing.cap > most:
        return sizing.model_copy(update={"cap": most})
    return sizing


def _limits(limits: Limits | None, guardrails: Guardrails) -> Limits | None:
    changes: dict[str, object] = {}
    for name, most in _simple_limits(guardrails):
        value = getattr(limits, name, None)
        if value is None or value > most:
            changes[name] = most
    most_of_group = guardrails.group_exposure_at_most
    if most_of_group is not None:
        group = limits.group_exposure if limits is not None else None
        tight = _group(group, most_of_group)
        if tight != group:
            changes["group_exposure"] = tight
    return (limits or Limits()).model_copy(update=changes) if changes else limits


def _group(group: GroupExposure | None, most: Decimal) -> GroupExposure:
    if group is None:
        return GroupExposure(ratio=most)
    correlation = min(group.correlation, CORRELATION_AT_MOST)
    return group.model_copy(update={"ratio": min(group.ratio, most), "correlation": correlation})


def _losses(limits: tuple[LossLimit, ...], guardrails: Guardrails) -> tuple[LossLimit, ...]:
    found = list(limits)
    for window, most in _windows(guardrails):
        places = _of_user(found, window)
        if not places:
            found.append(LossLimit(scope="user", window=window, ratio=most))
            continue
        place = _least(found, places)
        found[place] = found[place].model_copy(update={"ratio": min(found[place].ratio, most)})
    return tuple(found)


def _of_user(limits: tuple[LossLimit, ...] | list[LossLimit], window: Window) -> list[int]:
    return [place for place, one in enumerate(limits) if (one.scope, one.window) == ("user", window)]


def _least(limits: tuple[LossLimit, ...] | list[LossLimit], places: list[int]) -> int:
    return min(places, key=lambda place: limits[place].ratio)


def _simple_limits(guardrails: Guardrails) -> Iterator[tuple[str, Decimal | int]]:
    for name in ("open_trades", "asset_exposure", "total_exposure"):
        most = getattr(guardrails, f"{name}_at_most")
        if most is not None:
            yield name, most


def _windows(guardrails: Guardrails) -> Iterator[tuple[Window, Decimal]]:
    if guardrails.daily_loss_at_most is not None:
        yield "daily", guardrails.daily_loss_at_most
    if guardrails.weekly_loss_at_most is not None:
        yield "weekly", guardrails.weekly_loss_at_most
    if guardrails.drawdown_at_most is not None:
        yield "drawdown", guardrails.drawdown_at_most
