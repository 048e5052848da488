"""From what orders did to entries of the ledger. Pure.

An `OrderFact` tells all that an order has done so far; `Booked` is what the ledger has of it. `postings_of` answers the
entries that lead from the one to the other: none where the fact is known already, or is older than what is known. So a
fact may be told any number of times, late and out of order, and is in the ledger once.

Spot exchanges coins for coins: a buy gives the bot the base currency for the quote currency, a sell the reverse. Of
futures only fees, funding and results are money that moves; what was entered is kept in `position` until it is exited.
A fee in a currency that is neither (an exchange's own coin) is the wallet's: no bot was given any.

What a trade brought is by average cost, as FreqTrade has it (`LocalTrade.recalc_trade_from_orders`), but with the exact
amounts, and without the fees, which are entries of their own:

    result of an exit = proceeds - cost of what is held * amount exited / amount held      (short: the other sign)

An exit of all that is held takes all of the cost, so that nothing of an ended trade stays behind for rounding.

Of futures of an exchange account it is what the exchange says (`OrderFact.realised`), since that is what came into its
wallet. The exchange rounds: what its results lack to the cash that went in and out is left in `position`, and leaves it
for `trading` once nothing is held any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orchestrator.kit.money import ZERO, add, money, multiply, negate, share, subtract
from orchestrator.wallets.ledger import Entry, EntryKind, Place, PlaceKind, Posting, transfer
from pool.contract.books import OrderFact


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger has of one order."""

    trade_id: int
    pair: str
    order_id: str
    side: str
    purpose: str
    filled: Decimal
    cost: Decimal
    fee: Decimal
    fee_currency: str
    """Empty without a fee."""
    funding: Decimal
    at: datetime
    """Of the fact that was booked last."""
    since: datetime
    """Of the fact that was booked first: the order of a trade's orders."""
    times: int
    """How many facts of it were booked."""
    realised: Decimal | None = None
    """As the exchange told; None where it is reckoned here."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`BASE/QUOTE`, or `BASE/QUOTE:SETTLE` of futures."""

    name: str
    base: str
    quote: str
    settle: str | None

    @classmethod
    def of(cls, name: str) -> "Pair":
        """Raises ValueError for what is no pair."""
        base, slash, rest = name.partition("/")
        quote, colon, settle = rest.partition(":")
        if not (base and slash and quote and (settle or not colon)):
            raise ValueError(f"{name!r} is no pair")
        return cls(name, base, quote, settle or None)


def is_news(fact: OrderFact, booked: Booked | None) -> bool:
    """Whether the fact is later than what is booked, by what is filled and then by its time."""
    if booked is None:
        return fact.filled > ZERO
    filled = money(fact.filled)
    return filled > booked.filled or (filled == booked.filled and fact.at >= booked.at)


def booked_of(fact: OrderFact, before: Booked | None) -> Booked:
    """What the ledger has of the order once the fact is in it."""
    fee = money(fact.fee) if fact.fee_currency else ZERO
    return Booked(
        trade_id=fact.trade_id,
        pair=fact.pair,
        order_id=fact.order_id,
        side=fact.side,
        purpose=fact.purpose,
        filled=money(fact.filled),
        cost=money(fact.cost),
        fee=fee,
        fee_currency=(fact.fee_currency or "") if fee else "",
        funding=money(fact.funding),
        at=fact.at,
        since=before.since if before else fact.at,
        times=before.times + 1 if before else 1,
        realised=None if fact.realised is None else money(fact.realised),
    )


def postings_of(fact: OrderFact, trade: Sequence[Booked]) -> list[Entry]:
    """The entries that bring the ledger from `trade`, all that it has of the fact's trade, to what the fact says; none
    where it says nothing new. Raises ValueError for what cannot be booked: inverse futures, whose stakes are in another
    currency than their prices."""
    before = next((one for one in trade if one.order_id == fact.order_id), None)
    if not is_news(fact, before):
        return []
    pair = Pair.of(fact.pair)
    if pair.settle not in (None, pair.quote):
        raise ValueError(f"{fact.pair} is settled in another currency than it is priced in")
    after = booked_of(fact, before)
    others = [one for one in trade if one.order_id != fact.order_id]
    result = subtract(result_of([*others, after]), result_of(trade))
    if after.realised is not None:
        result = subtract(after.realised, (before.realised if before else None) or ZERO)
    dust = subtract(dust_of([*others, after]), dust_of(trade))
    moved = {
        EntryKind.FILL: _fill(fact.bot_id, pair, after, before),
        EntryKind.FEE: _fee(fact.bot_id, pair, after, before),
        EntryKind.FUNDING: _funding(fact.bot_id, pair, after, before),
        EntryKind.REALISED: _realised(fact.bot_id, pair, result, dust),
    }
    key = f"order:{fact.bot_id}:{fact.pair}:{fact.order_id}:{after.times}"
    data = {
        "pair": fact.pair,
        "trade_id": fact.trade_id,
        "order_id": fact.order_id,
        "side": fact.side,
        "purpose": fact.purpose,
    }
    return [
        Entry(kind, f"{key}:{kind}", fact.at, postings, fact.bot_id, data=data)
        for kind, postings in moved.items()
        if postings
    ]


def result_of(trade: Iterable[Booked]) -> Decimal:
    """What the exits of a trade have brought so far, fees and funding aside, in the quote currency."""
    orders = sorted(trade, key=lambda one: (one.since, one.order_id))
    entries = [one for one in orders if one.purpose == "entry"]
    held = cost = result = ZERO
    for one in orders:
        if one.purpose == "entry":
            continue
        while entries and (entries[0].since <= one.since or held < one.filled):  # nothing is exited before it is held
            entry = entries.pop(0)
            held = subtract(add((held, entry.filled)), _fee_in_base(entry))
            cost = add((cost, entry.cost))
        part = cost if one.filled >= held else multiply(cost, share(one.filled, held))
        gained = subtract(one.cost, part) if one.side == "sell" else subtract(part, one.cost)
        result = add((result, gained))
        cost = subtract(cost, part)
        held = max(ZERO, subtract(subtract(held, one.filled), _fee_in_base(one)))
    return result


def dust_of(trade: Sequence[Booked]) -> Decimal:
    """What an ended trade of futures left in `position` because the exchange rounded its results, in the quote
    currency: what came in and went out for contracts, less the results. Zero while anything is held."""
    if not any(one.realised is not None for one in trade):
        return ZERO
    held = add(one.filled if one.side == "buy" else negate(one.filled) for one in trade)
    if held:
        return ZERO
    cash = add(negate(one.cost) if one.side == "buy" else one.cost for one in trade)
    return subtract(cash, add(one.realised or ZERO for one in trade))


def _fee_in_base(one: Booked) -> Decimal:
    return one.fee if one.fee_currency == Pair.of(one.pair).base else ZERO


def _fill(bot_id: str, pair: Pair, after: Booked, before: Booked | None) -> tuple[Posting, ...]:
    filled = subtract(after.filled, before.filled if before else ZERO)
    cost = subtract(after.cost, before.cost if before else ZERO)
    if after.side == "sell":
        filled, cost = negate(filled), negate(cost)
    kind, goods = (PlaceKind.CAPITAL, pair.base) if pair.settle is None else (PlaceKind.POSITION, pair.name)
    bought = transfer(Place(PlaceKind.TRADING, goods, bot_id), Place(kind, goods, bot_id), filled)
    paid = transfer(Place(kind, pair.quote, bot_id), Place(PlaceKind.TRADING, pair.quote, bot_id), cost)
    return bought + paid


def _fee(bot_id: str, pair: Pair, after: Booked, before: Booked | None) -> tuple[Posting, ...]:
    due: dict[str, Decimal] = {}
    if before is not None and before.fee_currency:
        due[before.fee_currency] = negate(before.fee)
    if after.fee_currency:
        due[after.fee_currency] = add((due.get(after.fee_currency, ZERO), after.fee))
    postings: tuple[Posting, ...] = ()
    for currency, amount in sorted(due.items()):
        own = currency in (pair.settle or pair.base, pair.quote)
        payer = Place(PlaceKind.CAPITAL, currency, bot_id) if own else Place(PlaceKind.FREE, currency)
        postings += transfer(payer, Place(PlaceKind.FEES, currency, bot_id), amount)
    return postings


def _funding(bot_id: str, pair: Pair, after: Booked, before: Booked | None) -> tuple[Posting, ...]:
    if pair.settle is None:
        return ()
    received = subtract(after.funding, before.funding if before else ZERO)
    source = Place(PlaceKind.FUNDING, pair.settle, bot_id)
    return transfer(source, Place(PlaceKind.CAPITAL, pair.settle, bot_id), received)


def _realised(bot_id: str, pair: Pair, result: Decimal, dust: Decimal) -> tuple[Posting, ...]:
    quote = pair.quote
    known = transfer(Place(PlaceKind.RESULTS, quote, bot_id), Place(PlaceKind.TRADING, quote, bot_id), result)
    if pair.settle is None:
        return known
    position = Place(PlaceKind.POSITION, quote, bot_id)
    rounded = transfer(position, Place(PlaceKind.TRADING, quote, bot_id), dust)
    return known + transfer(position, Place(PlaceKind.CAPITAL, quote, bot_id), result) + rounded
