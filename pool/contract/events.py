"""Facts that a pool reports, and how they stream.

`GET /v1/events?cursor=C` answers newline-delimited JSON, one `StreamItem` a line. A cursor is `<incarnation>-<n>`: the
agent's incarnation and the number of the last item seen. Without a cursor the stream starts with the whole ring.
A cursor of another incarnation, or one that has left the ring, gets a `reset` item first and then all the ring holds.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from pool.contract.model import BotId, Instant, Wire
from pool.contract.risk import ReserveRequest, Settlement
from pool.contract.slots import Slot
from pool.contract.snapshots import BotSnapshot


class EventType(StrEnum):
    """Kinds of events. `trade.*` and `bot.trader_state`, `bot.message` come from the bot, `bot.strategy` from the
    control plane, the rest from the agent."""

    STATE = "bot.state"
    """Observed state or conditions changed. data: {observed_state, conditions}."""
    TRADER_STATE = "bot.trader_state"
    """data: {trader_state}."""
    STARTED = "bot.started"
    """data: {pid, start_milliseconds}."""
    EXITED = "bot.exited"
    """data: an `Exit`."""
    HUNG = "bot.hung"
    QUARANTINED = "bot.quarantined"
    STRATEGY = "bot.strategy"
    """The control plane gave it another version of its strategy, or the former one back. data: {rollout_id, version,
    from_version, back, why}."""
    MESSAGE = "bot.message"
    """Any other RPC message of FreqTrade (status, warning, exception, protection…). data: {kind, text, …}."""
    TRADE_ENTRY = "trade.entry"
    """Entry order placed. data of all trade events: FreqTrade's own RPC message, money as decimal strings."""
    TRADE_ENTRY_FILL = "trade.entry_fill"
    TRADE_ENTRY_CANCEL = "trade.entry_cancel"
    TRADE_EXIT = "trade.exit"
    TRADE_EXIT_FILL = "trade.exit_fill"
    """data.sub_trade is true for a partial exit."""
    TRADE_EXIT_CANCEL = "trade.exit_cancel"
    RISK_ACTION = "risk.action"
    """A universal rule acted, or an order was sent, filled, adopted. data: a `pool.contract.risk.Action`."""
    RISK_REFUSED = "risk.refused"
    """An entry was refused. data: a `pool.contract.risk.Refusal`."""
    RISK_ALERT = "risk.alert"
    """Something about the rules needs a person: a rule raised, a flatten does not get on. data: {kind, text}."""


class Event(Wire):
    """One fact. `(bot_id, run_id, origin, seq)` identifies it: a consumer that stored it once drops repetitions."""

    bot_id: BotId
    run_id: str
    origin: Literal["bot", "agent"]
    seq: int
    """Counts up within run and origin (agent events: within the agent's incarnation, which is then `run_id`)."""
    epoch: int
    at: Instant
    type: EventType
    data: dict[str, Any] = {}


class ResetItem(Wire):
    """The cursor could not be honoured: events may be missing before what follows; list the slots again."""

    kind: Literal["reset"] = "reset"
    cursor: str


class EventItem(Wire):
    kind: Literal["event"] = "event"
    cursor: str
    event: Event


class SnapshotItem(Wire):
    """Latest snapshot of a bot; does not advance the cursor, is never replayed; the latest is sent at connect."""

    kind: Literal["snapshot"] = "snapshot"
    bot_id: BotId
    run_id: str
    snapshot: BotSnapshot


class SlotItem(Wire):
    """State of a slot after a change or a memory sample (its `snapshot` is None here); never replayed."""

    kind: Literal["slot"] = "slot"
    slot: Slot


class HeartbeatItem(Wire):
    """At least every 5 s, so that a dead connection is noticed."""

    kind: Literal["heartbeat"] = "heartbeat"
    cursor: str
    at: Instant


class ReserveItem(Wire):
    """A bot asks for permission; told once, at once, and to those alone who listen. Does not advance the cursor."""

    kind: Literal["reserve"] = "reserve"
    bot_id: BotId
    run_id: str
    request: ReserveRequest
    epoch: int | None = None
    """Of the slot; None from an agent that does not tell."""


class SettleItem(Wire):
    """What became of a reservation; as `reserve` items."""

    kind: Literal["settle"] = "settle"
    bot_id: BotId
    run_id: str
    settlement: Settlement
    epoch: int | None = None


StreamItem = Annotated[
    ResetItem | EventItem | SnapshotItem | SlotItem | HeartbeatItem | ReserveItem | SettleItem,
    Field(discriminator="kind"),
]
