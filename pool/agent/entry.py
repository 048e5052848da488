"""One slot as the agent holds it: the facts, and beside them what decisions do not depend on."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pool.agent.bot_link import BotConnection
from pool.agent.conditions import conditions, observed_generation, observed_state
from pool.agent.facts import Limits, SlotFacts
from pool.contract.slots import Condition, ConditionType, ExchangeCredentials, Memory, ObservedState, Slot
from pool.contract.snapshots import BotSnapshot


@dataclass(eq=False)
class Entry:
    """Mutable; written by the keeper alone, but for `memory`, `cpu_percent` and `removed_bytes` (the sampler)."""

    facts: SlotFacts
    credentials: ExchangeCredentials | None = None
    """In memory only."""
    nonce: str = ""
    """Of the current run."""
    connection: BotConnection | None = None
    pid_told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once init has told the current run's pid."""
    started_at: datetime | None = None
    requested_at: float = 0.0
    seen_seq: int = 0
    """Highest sequence number of the current run's events in the ring."""
    last_report_at: datetime | None = None
    snapshot: BotSnapshot | None = None
    left_open: bool = False
    """There were open trades in its database when the agent began."""
    memory: Memory | None = None
    cpu_percent: Decimal | None = None
    removed_bytes: int = 0
    """Of files that its process removed and still holds."""
    conditions: dict[ConditionType, Condition] = field(default_factory=dict)
    published: Slot | None = None
    """As last put into the stream."""
    compared: tuple[SlotFacts, dict[ConditionType, Condition]] | None = None
    """From what it was found that `published` stands, but for what is told with samples alone."""

    @property
    def bot_id(self) -> str:
        return self.facts.bot_id

    @property
    def run_id(self) -> str | None:
        return self.facts.run.run_id if self.facts.run is not None else None

    @property
    def has_open_trades(self) -> bool:
        """As it reported last; before its first report, as it left them."""
        return self.left_open if self.snapshot is None else bool(self.snapshot.open_trades)

    def refresh_conditions(self, limits: Limits, now: float, at: datetime) -> None:
        """Takes over the conditions that hold now; one that held before keeps its `since`."""
        found = conditions(self.facts, limits, now)
        if found == {kind: condition.message for kind, condition in self.conditions.items()}:
            return
        fresh: dict[ConditionType, Condition] = {}
        for kind, message in found.items():
            before = self.conditions.get(kind)
            since = before.since if before is not None else at
            fresh[kind] = Condition(type=kind, message=message, since=since)
        self.conditions = fresh

    def view(self, *, snapshot: bool = True) -> Slot:
        """The slot as told outside; without its snapshot, which is most of it, where nobody wants that."""
        facts, run = self.facts, self.facts.run
        heartbeat = run.heartbeat if run is not None else None
        return Slot(
            bot_id=facts.bot_id,
            epoch=facts.spec.epoch,
            generation=facts.spec.generation,
            observed_generation=observed_generation(facts),
            desired=facts.spec.desired,
            observed_state=observed_state(facts),
            trader_state=heartbeat.trader_state if heartbeat is not None else None,
            conditions=list(self.conditions.values()),
            run_id=run.run_id if run is not None else facts.last_run_id,
            pid=run.pid if run is not None else None,
            started_at=self.started_at if run is not None else None,
            restarts=max(facts.starts - 1, 0),
            last_exit=facts.last_exit,
            memory=self.memory if run is not None else None,
            cpu_percent=self.cpu_percent if run is not None else None,
            last_report_at=self.last_report_at,
            snapshot=self.snapshot if snapshot else None,
            mode=heartbeat.mode if heartbeat is not None and run is not None and run.connected else None,
            policy=heartbeat.policy if heartbeat is not None else None,
            waking=heartbeat.waking if heartbeat is not None and run is not None and run.connected else None,
        )

    def new_run(self, nonce: str, at: datetime, now: float) -> None:
        """Forgets what belonged to the last process."""
        self.nonce = nonce
        self.started_at = at
        self.requested_at = now
        self.seen_seq = 0
        self.pid_told = asyncio.Event()
        self.memory = self.cpu_percent = None
        self.removed_bytes = 0


def differs(before: Slot | None, after: Slot) -> tuple[bool, bool]:
    """Whether a slot changed in a way that readers are told of, and whether its state or conditions did."""
    if before is None:
        return True, after.observed_state is not ObservedState.PENDING or bool(after.conditions)
    state = before.observed_state != after.observed_state or before.conditions != after.conditions
    volatile = {"memory": None, "cpu_percent": None, "last_report_at": None, "snapshot": None}
    return state or before.model_copy(update=volatile) != after.model_copy(update=volatile), state
