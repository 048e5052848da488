"""Frames between a pool's own processes.

Bot ⇄ agent: a Unix stream socket, frames as in `pool.ipc.framing`. Init ⇄ zygote and init ⇄ agent: a
`SOCK_SEQPACKET` socket pair made by init at each spawn, one JSON frame a packet.

The bot opens with `Hello`; the agent compares the peer's pid (SO_PEERCRED) with the one that init reported for that
run, and the nonce, and answers `Welcome` or closes. Only after `Welcome` does the bot build its FreqTrade worker. What
a bot says is bounded (`pool.contract.reported`); a frame that is not loses itself.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from pool.contract.events import EventType
from pool.contract.model import BotId, Instant, Money, Secret, Wire
from pool.contract.policy import PolicyInForce
from pool.contract.pools import ZygoteReport
from pool.contract.reported import INTEGER_LIMIT, Count, Reported
from pool.contract.risk import Grant, Mode, ReserveRequest, Settlement, Watch
from pool.contract.slots import ExchangeCredentials, Memory
from pool.contract.snapshots import BotSnapshot
from pool.contract.waking import WakingState

WATCHES_LIMIT = 500
"""Of one bot."""

# ---- bot → agent


class Hello(Reported):
    kind: Literal["hello"] = "hello"
    protocol: int
    bot_id: BotId
    run_id: str
    epoch: int
    nonce: str
    pid: int
    incarnation_seen: str | None
    """Incarnation of the agent it last spoke to in this run; None at first."""


class Heartbeat(Reported):
    """Sent every second by the bot's reporting thread, whatever its main loop does."""

    kind: Literal["heartbeat"] = "heartbeat"
    at: Instant
    phase: Literal["booting", "running", "stopping"]
    trader_state: str | None = Field(max_length=32)
    progress: int = Field(ge=0)
    """Counts up whenever the main loop passes a point of progress."""
    patience_seconds: float = Field(ge=0)
    """Longest time that the main loop may rightly spend without progress, as the bot knows itself."""
    observed_generation: Count
    paused_by_flotilla: bool
    flat: bool | None
    """No open trades and no open orders; None while unknown."""
    mode: Mode | None = None
    """In force; None of a bot that needs no permission."""
    policy: str | None = Field(default=None, max_length=64)
    """Fingerprint of the policy in force; None for none."""
    waking: WakingState | None = None
    """When it runs FreqTrade's loop; None while it runs none."""
    candles_taken: Count = 0
    """Since it began: answers that it took from mapped candles."""


class BotEvent(Reported):
    """An event that the bot holds until it is acknowledged by the agent's current incarnation."""

    kind: Literal["event"] = "event"
    seq: Count
    at: Instant
    type: EventType
    data: dict[str, Any] = {}


class SnapshotFrame(Reported):
    size_limit: ClassVar[int] = 524_288
    integer_limit: ClassVar[int] = INTEGER_LIMIT

    kind: Literal["snapshot"] = "snapshot"
    snapshot: BotSnapshot


class ConditionFrame(Reported):
    """The bot's own word on why it is not trading, e.g. before it exits because the exchange is unreachable; or that it
    trades without the gateway, which an empty message takes back."""

    kind: Literal["condition"] = "condition"
    type: str
    message: str


class ResultFrame(Reported):
    size_limit: ClassVar[int] = 1_048_576

    kind: Literal["result"] = "result"
    command_id: str
    ok: bool
    message: str = ""
    data: dict[str, Any] = {}


class ReserveFrame(Reported):
    """Asked before an order that adds risk; answered by `GrantFrame`, or not at all."""

    kind: Literal["reserve"] = "reserve"
    request: ReserveRequest


class SettleFrame(Reported):
    kind: Literal["settle"] = "settle"
    settlement: Settlement


class WatchFrame(Reported):
    """All prices that this bot waits for; replaces what it said before."""

    kind: Literal["watch"] = "watch"
    number: Count = 0
    """Counts up with each change; echoed by `FollowFrame`."""
    watches: list[Watch] = Field(max_length=WATCHES_LIMIT)


class TurnFrame(Reported):
    """A loop that nobody asked for, such as that of a new candle, is due (`begin`), or is over. Asked for a second time
    the first is over. Answered by `TurnGivenFrame` when it is this bot's turn."""

    kind: Literal["turn"] = "turn"
    number: Count
    begin: bool
    open_trades: bool = False
    """Those who have some go first."""


BotFrame = Annotated[
    Hello
    | Heartbeat
    | BotEvent
    | SnapshotFrame
    | ConditionFrame
    | ResultFrame
    | ReserveFrame
    | SettleFrame
    | WatchFrame
    | TurnFrame,
    Field(discriminator="kind"),
]

# ---- agent → bot


class Welcome(Wire):
    kind: Literal["welcome"] = "welcome"
    incarnation: str
    credentials: ExchangeCredentials | None = None
    turns: bool = False
    """It gives turns (`TurnFrame`). One of before does not say so, and would not answer a bot that asks."""


class Ack(Wire):
    """All events up to `seq` are in the agent's ring. The bot keeps the last few, for the agent's next incarnation."""

    kind: Literal["ack"] = "ack"
    seq: int


class CommandFrame(Wire):
    """`pause` and `resume` set FreqTrade's state; `stop` ends the process after its loop; `flatten` pauses, cancels
    entry orders and exits every trade, again and again until flat; `reload_config` re-reads the slot's files;
    `force_exit` takes `trade_id`; `serve_api` starts FreqTrade's REST API on the bot's own Unix socket with `username`
    and `password`."""

    kind: Literal["command"] = "command"
    command_id: str
    name: Literal["pause", "resume", "stop", "flatten", "reload_config", "force_exit", "serve_api"]
    arguments: dict[str, Any] = {}


class MandateFrame(Wire):
    """What the bot may do. `lease_until` is a time of CLOCK_BOOTTIME: from then on it may open no risk."""

    kind: Literal["mandate"] = "mandate"
    number: int
    mode: Mode
    lease_until: float
    flatten: bool = False
    reduce_fraction: Money | None = None
    reduces: bool = True
    """As in `RiskOrder`."""
    why: str = ""


class PolicyFrame(Wire):
    """The policy in force from now on; the agent wrote it to the bot's directory before."""

    kind: Literal["policy"] = "policy"
    policy: PolicyInForce


class GrantFrame(Wire):
    kind: Literal["grant"] = "grant"
    grant: Grant


class LookFrame(Wire):
    """A watched price was crossed: look at these trades' exits now."""

    kind: Literal["look"] = "look"
    trade_ids: list[int]


class Quoted(Wire):
    """Best prices of one market."""

    bid: Money
    ask: Money


class FollowFrame(Wire):
    """All prices of the `WatchFrame` of this number are followed, until that time of CLOCK_BOOTTIME at the latest: said
    again and again as long as they are. Without it a bot must look by itself."""

    kind: Literal["follow"] = "follow"
    number: int
    until: float
    seen_at: float = 0.0
    """When `quotes` were asked for, by the same clock."""
    quotes: dict[Annotated[str, Field(max_length=64)], Quoted] = Field(default={}, max_length=WATCHES_LIMIT)
    """Of what is watched, by the exchange's own ids."""


class TurnGivenFrame(Wire):
    """Go: of the `TurnFrame` of this number."""

    kind: Literal["turn_given"] = "turn_given"
    number: int


AgentFrame = Annotated[
    Welcome | Ack | CommandFrame | MandateFrame | PolicyFrame | GrantFrame | LookFrame | FollowFrame | TurnGivenFrame,
    Field(discriminator="kind"),
]

# ---- agent ⇄ init ⇄ zygote


class Fork(Wire):
    """Fork a bot: agent → init → zygote."""

    kind: Literal["fork"] = "fork"
    bot_id: BotId
    run_id: str
    epoch: int
    nonce: Secret
    directory: str
    """The bot's own directory, absolute; the agent wrote `slot.json` there."""
    uid: int | None = None
    """User and group id of the bot's process, one per slot; None where the pool has no ids to give."""
    purpose: Literal["bot", "check"] = "bot"
    """`check`: no bot, but a look at a strategy (`pool.contract.checks`); the directory is below `checks` then."""


class Signal(Wire):
    """agent → init: signal the process of a run (init knows whether it still is that process)."""

    kind: Literal["signal"] = "signal"
    run_id: str
    signal: int


class Forget(Wire):
    """agent → init: the exit of this run is recorded, drop it from the table. A fork that still waits for the zygote is
    withdrawn and answered by `ForkFailed`; of a run that lives or is being forked, init takes no notice."""

    kind: Literal["forget"] = "forget"
    run_id: str


class Alive(Wire):
    """agent → init, every 2 s from its event loop: it does not hang."""

    kind: Literal["alive"] = "alive"


class Forked(Wire):
    """zygote → init → agent."""

    kind: Literal["forked"] = "forked"
    run_id: str
    pid: int
    milliseconds: float


class ForkFailed(Wire):
    kind: Literal["fork_failed"] = "fork_failed"
    run_id: str
    message: str


class Exited(Wire):
    """init → agent: a bot process was reaped. `status` as `os.waitstatus_to_exitcode`: negative is a signal."""

    kind: Literal["exited"] = "exited"
    run_id: str
    pid: int
    status: int
    at: Instant


class ZygoteState(Wire):
    """zygote → init → agent, and init's own word when the zygote died."""

    kind: Literal["zygote"] = "zygote"
    report: ZygoteReport


class Reading(Wire):
    """Memory, CPU time and hidden disk of one process."""

    pid: int
    memory: Memory | None
    cpu_seconds: float
    unlinked_bytes: int = 0
    """Disk of files that it removed and still holds."""
    unmeasured_files: int = 0
    """Further such files, whose sizes nobody can tell."""


class Readings(Wire):
    """init → agent, every `sample_interval_seconds`: init may look at processes of other users, the agent may not.
    Spread over as many packets as it takes."""

    kind: Literal["readings"] = "readings"
    readings: list[Reading]


class Run(Wire):
    """A row of init's table: one fork, alive or dead but not yet forgotten."""

    bot_id: BotId
    run_id: str
    epoch: int
    nonce: Secret
    pid: int | None
    status: int | None
    exited_at: Instant | None


class Table(Wire):
    """init → agent, first frame after the agent starts: all runs that init knows, and the zygote's report."""

    kind: Literal["table"] = "table"
    init_pid: int
    runs: list[Run]
    zygote: ZygoteReport
    more: bool = False
    """Another `Table` with further runs follows: a packet holds only so many."""


class Shutdown(Wire):
    """init → agent: the pool ends. Stop all bots in good order, then end; they stay desired in `slots.json`."""

    kind: Literal["shutdown"] = "shutdown"


InitToAgent = Annotated[
    Table | Forked | ForkFailed | Exited | ZygoteState | Readings | Shutdown, Field(discriminator="kind")
]
AgentToInit = Annotated[Fork | Signal | Forget | Alive, Field(discriminator="kind")]
ZygoteToInit = Annotated[ZygoteState | Forked | ForkFailed, Field(discriminator="kind")]
