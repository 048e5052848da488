"""How the response of a loss limit or of a market emergency binds, and until when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from orchestrator.risk.halts import Bond
from pool.contract.policy import LossLimit, MarketEmergency, Response
from pool.contract.risk import Mode
from pool.rules import losses as rules

_MODES: dict[Response, Mode] = {"pause": Mode.REDUCING, "reduce": Mode.REDUCING, "flatten": Mode.HALTED}


def bond_of(rule: LossLimit | MarketEmergency, now: datetime, zones: Sequence[str], trading: str | None) -> Bond:
    """`zones` are those in which the next day has to be there."""
    return Bond(
        mode=_MODES[rule.response],
        flatten=rule.response == "flatten",
        reduce_fraction=rule.reduce_fraction if rule.response == "reduce" else None,
        trading=trading,
        release_at=rules.release_at(rule, now, *zones),
    )


def demanded_bond_of(limit: LossLimit, now: datetime, zones: Sequence[str], trading: str | None) -> Bond:
    """Of one that a guardrail demands: no sooner than its window ends, by hand for a drawdown. Whoever could let it
    count anew sooner would lose as much again."""
    bond = bond_of(limit, now, zones, trading)
    end = rules.window_end(limit.window, now, *zones)
    if bond.release_at is None or end is None:
        return replace(bond, release_at=None)
    return replace(bond, release_at=max(bond.release_at, end))
