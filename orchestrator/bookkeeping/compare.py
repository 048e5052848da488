"""An exchange account against the ledger and the books of its bots. Pure.

The ledger knows what a fill moved once it is booked, so at the moment of the reading each balance must be

    ledger - what was booked of fills after that moment + what is not booked of fills until then

to the last digit. What is left is a drift: a deposit, a withdrawal, a fill that nobody told. Orders are compared one by
one with what FreqTrade believes of them, and with the journals of bots that are not back yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from orchestrator.bookkeeping.exchange import AccountFill, AccountIncome, AccountOrder, AccountReading
from orchestrator.findings.kinds import Difference, Kind
from orchestrator.kit.money import ZERO, add, subtract

OrderKey = tuple[str, str]
"""Pair and the exchange's order id."""
ContractKey = tuple[str, str]
"""Bot and pair."""
SAME = Decimal("1e-9")
"""FreqTrade's amounts are doubles."""


@dataclass(frozen=True, slots=True)
class Believed:
    """An order as the books of its bot have it."""

    bot_id: str
    trade_id: int | None
    """None while FreqTrade has no row of it."""
    open: bool
    filled: Decimal
    told_at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """All that is compared."""

    reading: AccountReading
    opened_at: datetime
    """Of the account in the ledger: what orders did before is in no fill here."""
    ledger: Mapping[str, Decimal]
    """What the wallet has, by currency, now."""
    unbooked: Sequence[AccountFill]
    later: Sequence[AccountFill]
    """Booked ones that came after the reading."""
    believed: Mapping[OrderKey, Believed]
    """Orders that are believed to be open, or of which fills are not booked, or that are said to have filled something
    else than the account has fills for."""
    filled: Mapping[OrderKey, Decimal]
    """What the account's fills come to, of each of these."""
    asked: Mapping[OrderKey, AccountOrder | None] = field(default_factory=dict)
    """Orders that are believed to be open and are not, as the exchange tells each by itself; None where it knows
    none."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Bots by id, for sentences."""
    ended: frozenset[str] = frozenset()
    """Bots whose books nothing comes to any more: what they believe of an order stays as it is."""
    free: Mapping[str, Decimal] = field(default_factory=dict)
    """Of what the wallet has, what no bot was given, by currency."""
    later_incomes: Sequence[AccountIncome] = ()
    """Of futures: those in the ledger that came after the reading."""
    contracts: Mapping[ContractKey, Decimal] | None = None
    """Of futures: by bot that is not gone (empty: nobody's) and pair, what the ledger has of contracts, above zero
    long. None of spot."""
    held: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """Of futures: by bot whose books were read, what its open trades hold, by pair."""


def effect(fills: Iterable[AccountFill]) -> dict[str, Decimal]:
    """What fills moved, by currency: of spot coins for coins, of futures what they brought."""
    moved: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in fills:
        moved[one.fee_currency] = subtract(moved[one.fee_currency], one.fee)
        base, _, quote = one.pair.partition("/")
        if one.realised is not None:
            settle = quote.partition(":")[2]
            moved[settle] = add((moved[settle], one.realised))
            continue
        sign = 1 if one.side == "buy" else -1
        moved[base] = add((moved[base], sign * one.amount))
        moved[quote] = subtract(moved[quote], sign * one.cost)
    return dict(moved)


def drifts(view: View) -> dict[str, Decimal]:
    """What the account has more (below zero: less) than is known of, by currency; without those that agree."""
    account = {currency: balance.total for currency, balance in view.reading.balances.items()}
    late = defaultdict(lambda: ZERO, effect(view.later))
    for one in view.later_incomes:
        late[one.currency] = add((late[one.currency], one.amount))
    waiting = effect(one for one in view.unbooked if one.at <= view.reading.at)
    found = {}
    for currency in {*account, *view.ledger, *late, *waiting}:
        known = subtract(view.ledger.get(currency, ZERO), late.get(currency, ZERO))
        known = add((known, waiting.get(currency, ZERO)))
        difference = subtract(account.get(currency, ZERO), known)
        if difference:
            found[currency] = difference
    return found


def compare(view: View) -> list[Difference]:
    """In what they differ."""
    return [*_unbooked(view), *_open(view), *_beliefs(view), *_drifted(view), *_overdrawn(view)]


def _unbooked(view: View) -> Iterable[Difference]:
    """Fills that no trade of a bot stands for."""
    by_order: defaultdict[OrderKey, list[AccountFill]] = defaultdict(list)
    for one in view.unbooked:
        by_order[one.pair, one.order_id].append(one)
    for (pair, order_id), fills in sorted(by_order.items()):
        believed = view.believed.get((pair, order_id))
        if believed is not None and believed.trade_id is not None:
            continue  # it is booked with the next round
        amount = add(one.amount for one in fills)
        cost = add(one.cost for one in fills)
        evidence = {
            "pair": pair,
            "order_id": order_id,
            "side": fills[0].side,
            "filled": told(amount),
            "cost": told(cost),
        }
        verb = "bought" if fills[0].side == "buy" else "sold"
        what = f"order {order_id} of {pair}, which {verb} {told(amount)} for {told(cost)}"
        yield _of_order(view, believed, (pair, order_id), what, evidence, told(amount))


def _open(view: View) -> Iterable[Difference]:
    """Open orders that no bot has a row of, and that have not filled anything."""
    filled = {(one.pair, one.order_id) for one in view.unbooked}
    for order in view.reading.orders:
        key = order.pair, order.order_id
        believed = view.believed.get(key)
        if key in filled or (believed is not None and believed.trade_id is not None):
            continue
        evidence = {
            "pair": order.pair, "order_id": order.order_id, "side": order.side, "amount": told(order.amount),
            "client_order_id": order.client_order_id, "filled": told(order.filled),
        }  # fmt: skip
        what = f"order {order.order_id} of {order.pair}, which waits to {order.side} {told(order.amount)}"
        yield _of_order(view, believed, key, what, evidence, "open")


def _of_order(
    view: View, believed: Believed | None, key: OrderKey, what: str, evidence: Mapping[str, str], mark: str
) -> Difference:
    subject = f"{key[0]} {key[1]}"
    if believed is None:
        return Difference(
            Kind.UNKNOWN_ORDER,
            subject,
            f"The account has {what}; no bot of it sent that.",
            "Find out who uses this account beside the bots, cancel the order if it is open, then adopt what it did "
            "into the ledger. An account that bots trade on should be theirs alone.",
            evidence,
            mark,
        )
    name = view.names.get(believed.bot_id, believed.bot_id)
    return Difference(
        Kind.UNADOPTED_ORDER,
        subject,
        f"The account has {what}; {name} sent it and ended before FreqTrade noted it.",
        f"Start {name}: it adopts the order by itself. If it is never to come back, adopt what it did into the ledger.",
        evidence,
        mark,
        believed.bot_id,
    )


def _beliefs(view: View) -> Iterable[Difference]:
    """Orders of which FreqTrade believes another thing than the exchange says."""
    there = {(one.pair, one.order_id) for one in view.reading.orders}
    for key, believed in sorted(view.believed.items()):
        if believed.trade_id is None or believed.told_at < view.opened_at or believed.bot_id in view.ended:
            continue
        name = view.names.get(believed.bot_id, believed.bot_id)
        what = f"order {key[1]} of {key[0]}"
        evidence = {"pair": key[0], "order_id": key[1], "believed_filled": told(believed.filled)}
        if believed.open and key not in there and key in view.asked and view.asked[key] is None:
            yield Difference(
                Kind.LOST_ORDER,
                f"{key[0]} {key[1]}",
                f"{name} believes {what} to be open, and the exchange does not know it.",
                f"Look at {name}'s trade: cancel the order there, or close the trade. If the exchange was wrong for a "
                "moment, this settles itself.",
                evidence,
                "lost",
                believed.bot_id,
            )
            continue
        filled = view.filled.get(key, ZERO)
        ended = believed.open and key not in there and view.asked.get(key) is not None
        agrees = abs(subtract(filled, believed.filled)) <= SAME * max(filled, believed.filled)
        if agrees and not ended:
            continue
        yield Difference(
            Kind.MISSING_FILL,
            f"{key[0]} {key[1]}",
            f"{name} believes {told(believed.filled)} of {what} to be filled"
            + (" and the rest open" if believed.open else "")
            + f"; by the account {told(filled)} were"
            + (", and it is over." if ended else "."),
            f"Start {name} where it does not run: it asks the exchange and catches up. If it runs and this stays, "
            "compare the trade with the exchange's own list of trades.",
            {**evidence, "filled": told(filled)},
            told(filled),
            believed.bot_id,
        )


def _drifted(view: View) -> Iterable[Difference]:
    for currency, difference in sorted(drifts(view).items()):
        more = "more" if difference > ZERO else "less"
        balance = view.reading.balances.get(currency)
        yield Difference(
            Kind.DRIFTED_BALANCE,
            currency,
            f"The account has {told(abs(difference))} {currency} {more} than the ledger.",
            "If you deposited or withdrew it, or traded by hand, adopt it into the ledger. Else look at the exchange's "
            "history before any bot trades on.",
            {
                "currency": currency,
                "account": told(balance.total if balance is not None else ZERO),
                "ledger": told(view.ledger.get(currency, ZERO)),
                "difference": told(difference),
            },
            told(difference),
        )


def _overdrawn(view: View) -> Iterable[Difference]:
    """Coins that the bots have by the ledger and the account has not: fees in an exchange's own coin are the wallet's,
    and where it has none free the exchange takes a bot's."""
    for currency, free in sorted(view.free.items()):
        if free >= ZERO:
            continue
        missing = told(-free)
        yield Difference(
            Kind.OVERDRAWN,
            currency,
            f"The bots of this account were given {missing} {currency} more than it has: something was paid with "
            "what is theirs.",
            f"Where the exchange takes fees in {currency}, buy some for that by hand and adopt it into the ledger, or "
            "have fees taken otherwise. Where it was withdrawn, deposit it again. Else take it back from the bots that "
            "have it, or delete them.",
            {
                "currency": currency,
                "free": told(free),
                "bots": told(subtract(view.ledger.get(currency, ZERO), free)),
            },
            missing,
        )


def told(amount: Decimal) -> str:
    """Without zeros at its end."""
    plain = format(amount, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
