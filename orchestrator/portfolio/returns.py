"""Returns of bots, wallets and users, from the ledger's flows and the bots' history; the formulas are
`wallets.performance`'s.

A bot's flows are what its wallet gave it and took back; a wallet's what came into it and went out of it; a user's those
of all of his wallets. Profits are what bots told, realised or not, and of a bot that is gone what the ledger says: what
its trades brought, and of coins that it left in its wallet what it told last that they had won or lost. Dry and live
are never added up: a wallet is the one or the other. Each stake currency has returns of its own; what else a wallet has
of other currencies, and money that a wallet has idle, counts with neither profit nor loss.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import NotFound
from orchestrator.kit.money import ZERO, add, negate
from orchestrator.portfolio import bot_history
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
            flows = await _bot_flows(session, wallet, [bot])
            readings = await _readings(session, bot, flows[bot_id], now)
            return CurrencyReturns(wallet.kind, bot.currency, returns_of(flows[bot_id], readings, now))
    raise NotFound("No such bot has its capital from this wallet; see the wallet's balances.", bot_id=bot_id[:80])


async def of_wallets(session: AsyncSession, wallets: Sequence[WalletModel], now: datetime) -> list[CurrencyReturns]:
    """Of these wallets together, by kind and currency; of currencies that bots are staked in."""
    flows: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    readings: dict[tuple[str, str], list[list[Reading]]] = defaultdict(list)
    for wallet in wallets:
        bots = await repository.bots_of(session, wallet.id)
        of_bots = await _bot_flows(session, wallet, bots)
        for bot in bots:
            mine = await _readings(session, bot, of_bots[bot.bot_id], now)
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


async def _readings(session: AsyncSession, bot: WalletBotModel, flows: Sequence[Flow], now: datetime) -> list[Reading]:
    """A bucket's figures are of its end."""
    history = await bot_history.read(session, bot.bot_id, bot.currency, "all", now)
    length = timedelta(seconds=history.resolution_seconds)
    readings = [Reading(min(point.at + length, now), point.profit) for point in history.points]
    if bot.released_at is None:
        return readings
    profit = negate(add(flow.amount for flow in flows))
    paid = await _paid_for_what_is_left(session, bot)
    if paid:
        told = history.points[-1].unrealised if history.points else ZERO
        profit = add((profit, paid, told))
    return [*(one for one in readings if one.at < bot.released_at), Reading(bot.released_at, profit)]


async def _paid_for_what_is_left(session: AsyncSession, bot: WalletBotModel) -> Decimal:
    """What was spent in trades that nobody ended, of the bot's stake; of contracts nothing is, which `position` has."""
    accounts = await repository.accounts(session, [bot.wallet_id], bot.bot_id)
    return add(one.balance for one in accounts if one.kind in _IN_TRADES and one.currency == bot.currency)
