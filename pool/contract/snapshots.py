"""A bot's own account of itself at one time."""

from decimal import Decimal
from typing import Literal

from pool.contract.model import Instant, Money, Wire


class Balance(Wire):
    """One currency of the bot's account. All amounts in that currency but `value_stake`."""

    currency: str
    free: Money
    used: Money
    total: Money
    value_stake: Money | None
    """Worth in the bot's stake currency; None where no rate is known."""


class TradeMarks(Wire):
    """What the universal rules remember of a trade (`pool.rules.position.Marks`). Rates in the stake currency."""

    best_rate: Money | None = None
    stop_rate: Money | None = None
    """The universal stop; the trade's own `stop_rate` may be tighter."""
    stop_rule: str | None = None
    entry_atr: Money | None = None
    hard_stop_rate: Money | None = None
    trailing_rate: Money | None = None
    break_even_rate: Money | None = None
    best_open_rate: Money | None = None


class OpenTrade(Wire):
    """One open trade at current prices. Money in the stake currency unless said."""

    trade_id: int
    pair: str
    base_currency: str
    is_short: bool
    amount: Money
    """In the base currency."""
    stake_amount: Money
    open_rate: Money
    current_rate: Money
    """Rate an exit would get now."""
    stop_rate: Money | None
    profit_abs: Money
    """Unrealised, after fees."""
    profit_ratio: Money
    realised_abs: Money
    """Already realised by partial exits of this trade."""
    value_stake: Money
    """What closing it now would return."""
    opened_at: Instant
    has_open_orders: bool
    entry_tag: str | None
    leverage: Money = Decimal(1)
    fee_open: Money = Decimal(0)
    """Ratio."""
    fee_close: Money = Decimal(0)
    amount_entered: Money | None = None
    """All filled entries together, in the base currency; None from a bot that does not tell."""
    ladder_closed: Money = Decimal(0)
    """Of that, closed by the take-profit ladder so far."""
    marks: TradeMarks | None = None
    atr: dict[int, Money] = {}
    """Average true range of the pair by period in candles of the bot, in units of the rate: of the periods that its
    policy has, and of the one that a policy has where nobody wrote another."""


class Entering(Wire):
    """An order that adds risk and has not ended: it rests, or it is not known (yet) whether it arrived."""

    pair: str
    base_currency: str
    is_short: bool
    exposure: Money
    """All of it at its price, in the stake currency, leverage included; `OpenTrade.amount` has nothing of it."""
    reservation: str | None = None
    """`ReserveRequest.request_id` under which it was granted."""


class ConversionRate(Wire):
    """One unit of `source` is worth `rate` units of `target`."""

    source: str
    target: str
    rate: Money
    at: Instant


class BotSnapshot(Wire):
    """Reading of a bot at `as_of`, in its `stake_currency` unless said. Sent on change and at least every 5 s."""

    as_of: Instant
    stake_currency: str
    mode: Literal["dry", "live"]
    starting_balance: Money
    free: Money
    """Uninvested capital of the bot."""
    in_trades: Money
    """Worth of open positions at current rates."""
    equity: Money
    """`free + in_trades`."""
    realised: Money
    """Closed profit over all time, partial exits of open trades included."""
    realised_today: Money
    """Of that, since midnight UTC."""
    unrealised: Money
    closed_trades: int
    winning_trades: int
    balances: list[Balance]
    open_trades: list[OpenTrade]
    conversion: ConversionRate | None
    """Stake to reporting currency; None where the exchange gives no rate."""
    entering: list[Entering] | None = None
    """All of them; None from a bot that does not tell."""
