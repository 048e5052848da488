"""What a bot's orders have done so far: the facts that the ledger is written from.

A fact is cumulative: it says what an order has filled, cost and paid in fees up to `at`, not what it did since it was
told before. So it can be told as often as one likes; whoever books it books the difference to what he has booked, once
(`orchestrator.wallets.booking`).
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pool.contract.model import BotId, Instant, Money, Wire

_NAME = 64
_ORDER_ID = 255
MOST_HELD = 500
"""Open trades that are told."""

Currency = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^\S+$")]
Pair = Annotated[str, StringConstraints(min_length=3, max_length=_NAME, pattern=r"^[^/:\s]+/[^/:\s]+(:[^/:\s]+)?$")]
"""`BASE/QUOTE`, or `BASE/QUOTE:SETTLE` of futures."""
Side = Literal["buy", "sell"]
BookMode = Literal["dry", "live"]


class OrderFact(Wire):
    """One order of a bot at one time. Only what was filled counts: an order that rests, or was cancelled with nothing
    filled, has `filled` 0 and moves nothing."""

    bot_id: BotId
    mode: BookMode
    """Of the books that the order is in: a bot's dry and live trades are kept apart."""
    trade_id: int
    order_id: Annotated[str, StringConstraints(min_length=1, max_length=_ORDER_ID)]
    """The exchange's; unique with `pair`."""
    pair: Pair
    side: Side
    """What was done on the exchange; a stop-loss order sells what a long trade holds and buys what a short one owes."""
    purpose: Literal["entry", "exit"]
    """Whether it adds to its trade's position or takes from it."""
    status: Annotated[str, StringConstraints(max_length=_NAME)]
    """ccxt's: `open`, `closed`, `canceled`, `expired`, `rejected`."""
    filled: Annotated[Money, Field(ge=0)]
    """So far, in the base currency (of futures too: contracts times their size), before fees."""
    average: Annotated[Money, Field(ge=0)] | None
    """Price of what was filled, in the quote currency; None while nothing is."""
    cost: Annotated[Money, Field(ge=0)]
    """Of what was filled, in the quote currency, before fees; of futures the whole value, not the margin."""
    fee: Money = Decimal(0)
    """Paid so far, in `fee_currency`; below zero for a rebate."""
    fee_currency: Currency | None = None
    """None where there is no fee yet."""
    funding: Money = Decimal(0)
    """Of futures: received (above zero) or paid, as FreqTrade put it down to this order, in the settle currency."""
    realised: Money | None = None
    """Of futures of an exchange account: what the exchange says that the order brought, fees and funding aside, in the
    settle currency. No agent knows it: it is reckoned from what trades believe where it is None."""
    at: Instant
    """When the exchange, or the bot, told it so: of two facts of one order with the same `filled` the later counts."""


class IntentFact(Wire):
    """An order that a bot meant to send to the exchange, from its journal (`pool.bot.universal.journal`): written down
    before the order is sent, so that one whose bot died before it noted the answer is known by its client order id."""

    client_order_id: Annotated[str, StringConstraints(min_length=1, max_length=_NAME)]
    order_id: Annotated[str, StringConstraints(min_length=1, max_length=_ORDER_ID)] | None
    """The exchange's; None while nobody knows of one."""
    pair: Pair
    side: Side
    purpose: Annotated[str, StringConstraints(max_length=16)]
    """`entry`, `adjust`, `replace`, `exit`, `stop`."""
    state: Annotated[str, StringConstraints(max_length=16)]
    """`planned`, `placed`, `filled`, `cancelled`, `rejected`, `vanished`."""
    booked: bool
    """FreqTrade has it in its own database."""
    trade_id: int | None
    at: Instant
    """When it was written down."""


class HeldFact(Wire):
    """What a trade that is open holds, of futures, as FreqTrade believes."""

    trade_id: int
    pair: Pair
    is_short: bool
    amount: Annotated[Money, Field(ge=0)]
    """In the base currency: contracts times their size."""
    contract_size: Annotated[Money, Field(gt=0)]
    leverage: Annotated[Money, Field(gt=0)]
    stake: Money
    """Its margin, in the stake currency, without what it won or lost."""
    funding: Money
    """Received (above zero) or paid since it was opened, in the settle currency."""


class Books(Wire):
    """Answer to `GET /v1/slots/{bot_id}/books`: orders of a bot, those that filled nothing included, in the order in
    which FreqTrade made them, and of live books what its journal says.

    Told are all orders and intents after the caller's cursor, and before it whatever is open or changed within the last
    minutes. `more` says that a page was full: ask again after `cursor`. The next round begins after `settled`, behind
    which nothing changes any more."""

    bot_id: BotId
    mode: BookMode
    as_of: Instant
    orders: list[OrderFact]
    intents: list[IntentFact] = []
    held: Annotated[list[HeldFact], Field(max_length=MOST_HELD)] | None = None
    """Trades of futures that are open, all of them on every page; None where it is not known: an agent of before, or
    more than can be told."""
    database: Annotated[str, StringConstraints(max_length=_NAME)] = ""
    """Names the database; one that was made anew has another name, and cursors of its own. Empty where there is none
    yet."""
    cursor: str = ""
    settled: str = ""
    more: bool = False
    unreadable: int = 0
    """Rows of this page that are not what FreqTrade writes, and are left out."""
    problem: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Why the books cannot be read now, in a sentence; orders and intents are empty then."""


class BookMarks(Wire):
    """Answer to `GET /v1/books`: a mark of each bot's books, of dry and live ones together. As long as the mark is the
    same, so is what the bot's books told after it was asked for; it means nothing elsewhere. Books of bots without one
    may have changed just now, or are not here."""

    as_of: Instant
    """Before any file was looked at: where the mark is the same, what was told of the books is true up to here."""
    marks: dict[BotId, Annotated[str, StringConstraints(min_length=1, max_length=_NAME)]]
    """By bot."""


__all__ = [
    "MOST_HELD", "BookMarks", "BookMode", "Books", "Currency", "HeldFact", "IntentFact", "OrderFact", "Pair", "Side",
]  # fmt: skip
