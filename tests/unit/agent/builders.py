"""Facts to decide on."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pool.agent import reports, table
from pool.agent.facts import Limits, SlotFacts
from pool.contract.frames import Heartbeat
from pool.contract.slots import SlotSpec

LIMITS = Limits(
    restart_backoff=1,
    restart_backoff_limit=60,
    quarantine_crashes=3,
    quarantine_window=60,
    hang_margin=30,
    connect_timeout=30,
    stop_timeout=30,
    starts_at_once=10,
)
AT = datetime(2026, 11, 21, tzinfo=UTC)


def make_spec(**changes: Any) -> SlotSpec:
    return SlotSpec.model_validate(
        {
            "epoch": 1,
            "generation": 1,
            "desired": "running",
            "exchange": "paper",
            "config": {},
            "strategy": {"class_name": "Some", "source": ""},
        }
        | changes
    )


def slot(**changes: Any) -> SlotFacts:
    return table.put(None, "bot", make_spec(**changes))


def started(now: float = 0.0, **changes: Any) -> SlotFacts:
    """A slot whose fork was asked for."""
    return table.requested(slot(**changes), "run", now)


def forked(now: float = 0.0, **changes: Any) -> SlotFacts:
    return reports.forked(started(now, **changes), 100, now)


def connected(now: float = 0.0, **changes: Any) -> SlotFacts:
    return reports.connected(forked(now, **changes), now)


def beat(facts: SlotFacts, now: float, **changes: Any) -> SlotFacts:
    """After a heartbeat at `now`; progress counts with time unless given."""
    frame = {
        "at": AT,
        "phase": "running",
        "trader_state": "running",
        "progress": int(now * 10) + 1,
        "patience_seconds": 10,
        "observed_generation": facts.spec.generation,
        "paused_by_flotilla": False,
        "flat": None,
    }
    return reports.heartbeat(facts, Heartbeat.model_validate(frame | changes), now, LIMITS.quarantine_window)


def up(now: float = 0.0, **changes: Any) -> SlotFacts:
    """A bot that runs, reports, and has been announced."""
    facts = beat(connected(now, **changes), now)
    assert facts.run is not None
    return facts.with_run(replace(facts.run, announced=True))
