"""Positions of an account of futures against the ledger and against what bots believe. Pure.

The exchange has one position of a contract, whoever traded it. At the moment of the reading it must be

    what bots' orders filled, by the ledger - what of that was filled after that moment
    + what is not booked yet of orders that bots sent + what was adopted as nobody's

to the last digit; what is left is nobody's, or somebody's who trades by hand. And what a bot's open trades hold must be
what its orders filled: FreqTrade counts in doubles, and may have lost its books.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from orchestrator.bookkeeping.compare import SAME, OrderKey, View, told
from orchestrator.bookkeeping.exchange import AccountFill
from orchestrator.findings.kinds import Difference, Kind
from orchestrator.kit.money import ZERO, add, subtract


def position_drifts(view: View) -> dict[str, Decimal]:
    """What the account has more of a contract (below zero: less, or short) than is known of, by pair; without those
    that agree."""
    if view.contracts is None:
        return {}
    known = _known(view)
    account = view.reading.positions
    differences = {pair: subtract(account.get(pair, ZERO), known.get(pair, ZERO)) for pair in {*account, *known}}
    return {pair: difference for pair, difference in differences.items() if difference}


def compare_positions(view: View) -> list[Difference]:
    """In what they differ; nothing of spot."""
    return [*_unowned(view), *_differing(view)]


def is_entry(view: View, bot_id: str, key: OrderKey, side: str) -> bool:
    """Whether an open order of the bot may add to what it holds. Of spot that is a purchase."""
    if view.contracts is None:
        return side == "buy"
    held = view.contracts.get((bot_id, key[0]), ZERO)
    return not (held < ZERO if side == "buy" else held > ZERO)


def _known(view: View) -> dict[str, Decimal]:
    """What the account should have at the moment of its reading, by pair."""
    known: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for (_, pair), amount in (view.contracts or {}).items():
        known[pair] = add((known[pair], amount))
    for one in view.later:
        known[one.pair] = subtract(known[one.pair], one.signed)
    for one in _under_way(view):
        known[one.pair] = add((known[one.pair], one.signed))
    return known


def _under_way(view: View) -> list[AccountFill]:
    """Fills of bots' orders that are not booked, up to the reading."""
    return [one for one in view.unbooked if one.at <= view.reading.at and (one.pair, one.order_id) in view.believed]


def _unowned(view: View) -> Iterable[Difference]:
    known = _known(view)
    for pair, difference in sorted(position_drifts(view).items()):
        account, ours = view.reading.positions.get(pair, ZERO), known.get(pair, ZERO)
        bots = sorted({bot_id for bot_id, one in view.contracts or () if one == pair and bot_id})
        yield Difference(
            Kind.UNOWNED_POSITION,
            pair,
            f"The account has {_position(account)} of {pair}; what its bots traded comes to {_position(ours)}.",
            "Close at the exchange what is nobody's, and find out who uses this account beside the bots. If it shall "
            "stay, adopt it: it is then known as nobody's, and no other bot gets this contract.",
            {"pair": pair, "account": told(account), "ledger": told(ours), "difference": told(difference)},
            told(difference),
            bots[0] if len(bots) == 1 else "",
        )


def _differing(view: View) -> Iterable[Difference]:
    contracts = view.contracts or {}
    moving = {(one.bot_id, key[0]) for key, one in view.believed.items() if one.open and _moves(view, one.bot_id, key)}
    news = {one.pair for one in (*view.unbooked, *view.later)}
    for bot_id, trades in sorted(view.held.items()):
        for pair in sorted({*trades, *(pair for owner, pair in contracts if owner == bot_id)}):
            if (bot_id, pair) in moving or pair in news or bot_id in view.ended:
                continue
            believed, filled = trades.get(pair, ZERO), contracts.get((bot_id, pair), ZERO)
            if abs(subtract(believed, filled)) <= SAME * max(abs(believed), abs(filled)):
                continue
            name = view.names.get(bot_id, bot_id)
            yield Difference(
                Kind.DIFFERING_POSITION,
                f"{pair} {bot_id}",
                f"{name} believes to hold {_position(believed)} of {pair}; by the account its orders come to "
                f"{_position(filled)}.",
                f"Start {name} where it does not run: it asks the exchange for its orders. If it runs and this stays, "
                "close the position, in the bot and at the exchange, by hand.",
                {"pair": pair, "believed": told(believed), "filled": told(filled)},
                f"{told(believed)} {told(filled)}",
                bot_id,
            )


def _moves(view: View, bot_id: str, key: OrderKey) -> bool:
    """Whether an order that is believed to be open makes what its trade holds uncertain: FreqTrade counts a first entry
    whole, and what an order filled of an exit once it is over. Not so a stop that waits."""
    side = next((one.side for one in view.reading.orders if (one.pair, one.order_id) == key), None)
    return side is None or bool(view.filled.get(key)) or is_entry(view, bot_id, key, side)


def _position(amount: Decimal) -> str:
    if not amount:
        return "no position"
    return f"{told(abs(amount))} {'long' if amount > ZERO else 'short'}"
