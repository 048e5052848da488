"""Permission to open risk: modes and leases, reservations, and what the rules did.

Control plane → agent: `POST /v1/risk` with `RiskOrders` every few seconds, and at once when a mode changes; the agent
hands each bot its `MandateFrame`. A lease counts from the moment whose `clock` the agent told last (CLOCK_BOOTTIME of
its machine, which bots share), so that one which was on its way for long is short, not long.
Bot → agent → event stream: a `ReserveRequest`; control plane → agent → bot: a `Grant`, by `POST /v1/grants`.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from pool.contract.model import BotId, Instant, Money, Wire

LEASE_SECONDS = 15.0
HALT_FLAG = "HALT"
"""Name of the flag file: in a pool's directory it halts all of its bots, in a bot's that bot. Its content is a `Flag`;
one that cannot be read halts as well."""


class Mode(StrEnum):
    """From the most free to the most bound; the most bound of all that apply is in force."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """Exits, stops and cancels only."""
    HALTED = "halted"
    """As reducing; resting entry orders are cancelled and the strategy's own exits are off, universal stops run."""


BOUND = {Mode.ACTIVE: 0, Mode.REDUCING: 1, Mode.HALTED: 2}


def most_bound(*modes: Mode) -> Mode:
    return max(modes, key=BOUND.__getitem__, default=Mode.ACTIVE)


class Flag(Wire):
    """Content of a flag file. People need not write any of it; `pool`, `ordered`, `seen` are the agent's own notes."""

    flatten: bool = False
    why: str = ""
    at: Instant | None = None
    pool: str = ""
    """Of a copy: the pool whose flag it is. There it goes when that one does; a bot that moves away takes it along."""
    ordered: int | None = None
    """Of one that an order left, its number: an order of a higher one that does not halt takes it away. None of one
    that a person wrote."""
    seen: dict[str, int | None] = {}
    """Of one that a person wrote, by bot, the `RiskOrder.released_number` of before the control plane knew of the flag:
    an order with a higher one releases the bot. None of a bot that was released from a pool's flag."""

    @property
    def number(self) -> int:
        """The highest that is noted."""
        return max([self.ordered or 0, *(number or 0 for number in self.seen.values())])


class RiskOrder(Wire):
    """For one bot. `number` counts up with every change of what is ordered; an agent takes no lower one under the same
    epoch."""

    bot_id: BotId
    epoch: int
    number: int
    mode: Mode
    flatten: bool = False
    reduce_fraction: Money | None = None
    """Close so much of each open trade once, for this `number`."""
    reduces: bool = True
    """Whether what was reduced for is still in force; where not, what is left of former reductions is dropped."""
    lease_seconds: float = Field(ge=0, le=3600)
    why: str = ""
    released_number: int = 0
    """The number under which an administrator released the bot last; what ends by itself, or by others, leaves it."""


class RiskOrders(Wire):
    """`clock` is the one that the agent answered last, None at first (then nothing is leased)."""

    clock: float | None
    orders: list[RiskOrder]
    looked: float | None = None
    """The last `clock` that the control plane knew when it began to read these orders from its database: whoever
    released before then did not know of a flag that the agent saw later."""


class RiskStanding(Wire):
    """What the agent knows of one bot's permission."""

    bot_id: BotId
    number: int
    """The highest that it knows, of an order or from a flag file."""
    mode: Mode | None
    """HALTED where a flag file lies, else as the bot itself told last; None while it does not."""
    lease_left_seconds: float


class RiskAnswer(Wire):
    clock: float
    bots: list[RiskStanding]


class ReserveRequest(Wire):
    """A bot asks before an order that adds risk; money in `stake_currency`."""

    request_id: str = Field(max_length=64)
    """Unique in the bot; a replaced order asks with the id that it reserved under before."""
    purpose: Literal["entry", "adjust", "replace"]
    trade_id: int | None = None
    pair: str = Field(max_length=64)
    asset: str = Field(max_length=32)
    """Base currency."""
    is_short: bool
    stake_currency: str = Field(max_length=16)
    stake: Money
    leverage: Money
    exposure: Money
    """`stake * leverage`: what gross exposure grows by."""
    at: Instant


class Grant(Wire):
    """The answer. The bot counts `valid_seconds` from when it asked."""

    bot_id: BotId
    request_id: str
    granted: bool
    limit: str = ""
    """Path of the limit that refused, such as `limits.asset_exposure`; or `mode`, `lease`, `warming`, `findings`."""
    message: str = ""
    valid_seconds: float = 0.0


class Grants(Wire):
    grants: list[Grant]


class Settlement(Wire):
    """What became of a reservation: `filled` moves it into the bot's open trades, `released` gives it back."""

    request_id: str = Field(max_length=64)
    outcome: Literal["sent", "filled", "released"]
    trade_id: int | None = None
    exposure: Money | None = None


class Watch(Wire):
    """Prices at which a bot wants to be woken for one trade. `symbol` is the exchange's own id of the market."""

    trade_id: int
    symbol: str = Field(max_length=64)
    market: Literal["spot", "linear"] = "spot"
    is_short: bool
    side: Literal["bid", "ask"] | None = None
    """Which price counts; None: the bid of a long, the ask of a short."""
    below: Money | None = None
    """Wake when that is this or less."""
    above: Money | None = None
    """Wake when it is this or more."""


Stage = Literal["decided", "sent", "partly_filled", "filled", "rejected", "cancelled", "adopted", "vanished", "done"]


class Action(Wire):
    """What a rule did, told as events of type `risk.action`; `(action_id, stage)` is told once or more."""

    action_id: str
    kind: Literal[
        "close", "partial_close", "stop_moved", "entry", "adjust", "cancel_entry", "flatten", "reduce", "mode"
    ]
    stage: Stage
    rule: str
    """Such as `take_profit`, `trailing_stop`, `hard_stop`, `break_even`, `time_exit`, `halt`, `strategy`."""
    level: int | None = None
    policy: str = ""
    """Label of the policy in force."""
    trade_id: int | None = None
    pair: str = ""
    is_short: bool = False
    price_seen: Money | None = None
    threshold: Money | None = None
    amount: Money | None = None
    client_order_id: str | None = None
    order_id: str | None = None
    fill_price: Money | None = None
    slippage_ratio: Money | None = None
    """Of the price seen; positive is worse."""
    delay_seconds: float | None = None
    """From the decision to this stage."""
    message: str = ""


class Refusal(Wire):
    """An entry that a rule refused, told as an event of type `risk.refused`."""

    pair: str
    is_short: bool
    purpose: str
    limit: str
    message: str
    stake: Money | None = None
