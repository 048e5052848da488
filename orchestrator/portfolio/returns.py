"""Returns of bots, wallets and users, from the ledger's flows and the bots' history; the formulas are
`wallets.performance`'s.

A bot's flows are what its wallet gave it and took back; a wallet's what came into it and went out of it; a user's those
of all of his wallets. Profits are what bots told, realised or not, and of a bot that is gone what the ledger says: what
its trades brought, and of coins that it left in its wallet what it told last that they had won or lost. Dry and live
are never added up: a wallet is the one or the other. Each stake currency has returns of its own; what a wallet has of
other currencies, such coins included from then on, and money that a wallet has idle, counts with neither profit nor
loss.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import NotFound
from orchestrator.kit.money import ZERO, add, multiply, negate, share, subtract
from orchestrator.portfolio import bot_history
from orchestrator.portfolio.bot_history import BotHistoryPoint
from orchestrator.wallets import repository
from orchestrator.wallets.ledger import EntryKind, PlaceKind
from orchestrator.wallets.models import WalletBotModel, WalletModel
from orchestrator.wallets.performance import Flow, Reading, Returns, returns_of, total

_OF_BOTS = (EntryKind.ALLOCATE, EntryKind.TAKE_BACK)
_IN_TRADES = (PlaceKind.TRADING, PlaceKind.POSITION)
_OF_WALLETS = (EntryKind.DEPOSIT, EntryKind.WITHDRAW, EntryKind.RECONCILIATION)


@dataclass(frozen=True, slots=True)
class CurrencyReturns:
    """Of one kind of wallets (`paper` is dry, `exchange` live), in one currency."""

    kind: str
    currency: str
    returns: Returns


async def of_bot(session: AsyncSession, wallet: WalletModel, bot_id: str, now: datetime) -> CurrencyReturns:
    """Of a bot that has its capital from this wallet. Raises NotFound for any other."""
    for bot in await repository.bots(session, [bot_id]):
        if bot.wallet_id == wallet.id:
            given = await _bot_flows(session, wallet, [bot])
            left, readings = await _told(session, bot, given[bot_id], now)
            return CurrencyReturns(wallet.kind, bot.currency, returns_of([*given[bot_id], *left], readings, now))
    raise NotFound("No such bot has its capital from this wallet; see the wallet's balances.", bot_id=bot_id[:80])


async def of_wallets(session: AsyncSession, wallets: Sequence[WalletModel], now: datetime) -> list[CurrencyReturns]:
    """Of these wallets together, by kind and currency; of currencies that bots are staked in."""
    flows: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    readings: dict[tuple[str, str], list[list[Reading]]] = defaultdict(list)
    for wallet in wallets:
        bots = await repository.bots_of(session, wallet.id)
        of_bots = await _bot_flows(session, wallet, bots)
        for bot in bots:
            left, mine = await _told(session, bot, of_bots[bot.bot_id], now)
            flows[wallet.kind, bot.currency] += left
            readings[wallet.kind, bot.currency].append(mine)
        for row, place, amount in await repository.flows(session, wallet.id, _OF_WALLETS):
            if place.kind == PlaceKind.FREE:
                flows[wallet.kind, place.currency].append(Flow(row.at, amount))
    return [
        CurrencyReturns(kind, currency, returns_of(flows[kind, currency], total(told), now))
        for (kind, currency), told in sorted(readings.items())
    ]


async def _bot_flows(
    session: AsyncSession, wallet: WalletModel, bots: Sequence[WalletBotModel]
) -> Mapping[str, list[Flow]]:
    currencies = {bot.bot_id: bot.currency for bot in bots}
    flows: dict[str, list[Flow]] = {bot.bot_id: [] for bot in bots}
    one = bots[0].bot_id if len(bots) == 1 else None
    for row, place, amount in await repository.flows(session, wallet.id, _OF_BOTS, one):
        if place.kind == PlaceKind.CAPITAL and place.currency == currencies.get(place.bot_id):
            flows[place.bot_id].append(Flow(row.at, amount))
    return flows


async def _told(
    session: AsyncSession, bot: WalletBotModel, flows: Sequence[Flow], now: datetime
) -> tuple[list[Flow], list[Reading]]:
    """What it left, and its profits; a bucket's figures are of its end. Coins that a bot left go with it, for what they
    were worth by its last word: from then on they are the wallet's, in a currency of their own."""
    history = await bot_history.read(session, bot.bot_id, bot.currency, "all", now)
    length = timedelta(seconds=history.resolution_seconds)
    readings = [Reading(min(point.at + length, now), point.profit) for point in history.points]
    if bot.released_at is None:
        return [], readings
    accounts = await repository.accounts(session, [bot.wallet_id], bot.bot_id)
    balances = [(one.kind, one.balance) for one in accounts if one.currency == bot.currency]
    kept = add(balance for kind, balance in balances if kind == PlaceKind.CAPITAL)
    paid = add(balance for kind, balance in balances if kind in _IN_TRADES)
    left = add((paid, _won_by(paid, history.points[-1] if history.points else None)))
    settled = Reading(bot.released_at, add((negate(add(flow.amount for flow in flows)), kept, left)))
    before = [one for one in readings if one.at < bot.released_at]
    return [Flow(bot.released_at, negate(left))], [*before, settled]


def _won_by(paid: Decimal, last: BotHistoryPoint | None) -> Decimal:
    """By what was paid for what is left, which may be a part of what the bot had when it told last. Of contracts
    nothing was paid: they count when they end."""
    if last is None or paid <= ZERO:
        return ZERO
    cost = subtract(last.exposure, last.unrealised)
    return last.unrealised if paid >= cost else multiply(last.unrealised, share(paid, cost))
