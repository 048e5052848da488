"""From halts to what each bot is ordered. Pure.

The most bound mode of all halts that concern a bot is in force; it flattens if any of them does. A reduction is ordered
once: with the number under which its halt first came, and again only as long as no agent has taken that number.
Agents take no lower number than they know: one that knows a higher one than the database, which was restored from a
backup then, is overtaken, or no halt would reach its bots any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from orchestrator.risk.models import HaltModel
from pool.contract.risk import Mode, RiskStanding, most_bound

_WHY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Governed:
    """What of a bot its mode depends on."""

    bot_id: str
    owner_id: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the halts in force say of one bot."""

    mode: Mode
    flatten: bool
    why: str
    reductions: tuple[tuple[str, Decimal], ...]
    """Halts that reduce, with their fractions."""


@dataclass(frozen=True, slots=True)
class Order:
    """The columns of `risk_orders`."""

    number: int
    mode: Mode
    flatten: bool
    reduce_fraction: Decimal | None
    reduced: tuple[str, ...]
    why: str
    released_number: int = 0


def concerns(halt: HaltModel, bot: Governed) -> bool:
    """Whether the halt binds this bot."""
    if halt.trading is not None and halt.trading != ("dry" if bot.dry_run else "live"):
        return False
    return (
        halt.scope == "fleet"
        or (halt.scope == "user" and halt.subject == bot.owner_id)
        or (halt.scope == "bot" and halt.subject == bot.bot_id)
    )


def wanted(bot: Governed, halts: Iterable[HaltModel]) -> Wanted:
    """`halts` in force, oldest first."""
    own = [halt for halt in halts if concerns(halt, bot)]
    return Wanted(
        mode=most_bound(*(Mode(halt.mode) for halt in own)),
        flatten=any(halt.flatten for halt in own),
        why=why(own),
        reductions=tuple((halt.id, halt.reduce_fraction) for halt in own if halt.reduce_fraction is not None),
    )


def next_order(before: Order | None, want: Wanted, told: RiskStanding | None) -> Order:
    """The order now: the one before where nothing changed. `told` is what the agent answered last."""
    ids = tuple(halt_id for halt_id, _ in want.reductions)
    taken = told.number if told is not None else 0
    if before is None:
        fraction = max((fraction for _, fraction in want.reductions), default=None)
        number = max(1, taken) if told is not None and told.mode is Mode.HALTED else taken + 1
        return Order(number, want.mode, want.flatten, fraction, ids, want.why)
    number = max(before.number, taken)
    if _flagged(before, told) and want.mode is not Mode.HALTED:
        # Where the halt is not in a database that was restored, a number that no agent took yet would take the flag
        # away, which nobody asked for. A reduction waits for its release.
        return replace(before, number=number, mode=want.mode, flatten=want.flatten, why=want.why)
    fresh = [fraction for halt_id, fraction in want.reductions if halt_id not in before.reduced]
    same = (before.mode, before.flatten, before.why) == (want.mode, want.flatten, want.why)
    if same and not fresh and number == before.number:
        return before if before.reduced == ids else replace(before, reduced=ids)
    if _perhaps_reduced(before, want, told) and not fresh:
        # Under another number it would be carried out once more.
        return replace(before, mode=want.mode, flatten=want.flatten, reduced=ids, why=want.why)
    binding = {fraction for _, fraction in want.reductions}
    untold = before.reduce_fraction if before.reduce_fraction in binding and taken < before.number else None
    fractions = [*fresh, *([untold] if untold is not None else [])]
    fraction = max(fractions, default=None)
    return Order(number + 1, want.mode, want.flatten, fraction, ids, want.why, before.released_number)


def _flagged(before: Order, told: RiskStanding | None) -> bool:
    """The bot is halted although that was not ordered: by a flag file."""
    return told is not None and told.mode is Mode.HALTED and before.mode is not Mode.HALTED


def _perhaps_reduced(before: Order, want: Wanted, told: RiskStanding | None) -> bool:
    """A reduction that is still in force was ordered, and nobody here knows whether an agent took it: as after a
    take-over. What ends a halt needs a number of its own, or the flag files of agents stay."""
    ends = before.mode is Mode.HALTED and want.mode is not Mode.HALTED
    return told is None and before.reduce_fraction is not None and bool(want.reductions) and not ends


def order_of(row: Row[Any]) -> Order:
    """Of a row of `risk_orders`."""
    return Order(
        row.number,
        Mode(row.mode),
        row.flatten,
        row.reduce_fraction,
        tuple(row.reduced),
        row.why,
        row.released_number,
    )


def why(halts: Sequence[HaltModel]) -> str:
    """All reasons in a sentence each, of the most bound first."""
    ranked = sorted(halts, key=lambda halt: halt.mode != Mode.HALTED)
    return " ".join(dict.fromkeys(_sentence(halt) for halt in ranked))[:_WHY_LENGTH]


def _sentence(halt: HaltModel) -> str:
    what = "Halted" if halt.mode == Mode.HALTED else "Reducing"
    whom = {"fleet": "the fleet", "user": "all bots of its user"}.get(halt.scope, "this bot")
    told = halt.why.strip() or "no reason was given"
    return f"{what} ({whom}): {told}" + ("" if told.endswith(".") else ".")
