"""Puts what the agent sees into the event ring: its own events, and slots that changed."""

import time
from datetime import UTC, datetime
from typing import Any

from pool.agent.entry import Entry, differs
from pool.agent.facts import Limits
from pool.agent.ring import EventRing
from pool.contract.events import Event, EventType


class Announcer:
    """Events of origin `agent` count up within the incarnation, which is their run id."""

    def __init__(self, ring: EventRing, limits: Limits) -> None:
        self.ring = ring
        self._limits = limits
        self._seq = 0

    def announce(self, entry: Entry, kind: EventType, data: dict[str, Any]) -> None:
        """An event about a slot."""
        self._seq += 1
        self.ring.append(
            Event(
                bot_id=entry.bot_id,
                run_id=self.ring.incarnation,
                origin="agent",
                seq=self._seq,
                epoch=entry.facts.spec.epoch,
                at=datetime.now(UTC),
                type=kind,
                data=data,
            )
        )

    def publish(self, entry: Entry) -> None:
        """Refreshes the slot's conditions, and tells readers what has changed since the last time."""
        entry.refresh_conditions(self._limits, time.monotonic(), datetime.now(UTC))
        if entry.compared is not None and entry.facts is entry.compared[0] and entry.conditions is entry.compared[1]:
            return
        entry.compared = entry.facts, entry.conditions
        view = entry.view()
        changed, state_changed = differs(entry.published, view)
        if state_changed:
            state = {
                "observed_state": view.observed_state.value,
                "conditions": [condition.model_dump(mode="json") for condition in view.conditions],
            }
            self.announce(entry, EventType.STATE, state)
        if changed:
            self.publish_sample(entry)

    def publish_sample(self, entry: Entry) -> None:
        """The slot as it is, after a change or a sample of memory and CPU."""
        entry.published = entry.view()
        self.ring.set_slot(entry.published)
