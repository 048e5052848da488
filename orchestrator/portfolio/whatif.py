"""What another policy would change of a user's open trades right now, without doing anything.

It goes by what bots told last, average true ranges among it. Trades are judged by the very rules that bots enforce
(`pool.rules.preview`), exposure by those of the risk engine (`pool.rules.limits`), dry and live bots apart. Groups of
correlated assets are left out: their candles are the risk engine's. So is what cannot be converted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotModel
from orchestrator.policies import service as policies
from orchestrator.policies.subjects import Content
from orchestrator.portfolio import repository
from orchestrator.portfolio.aggregate import is_plausible, known_rates
from pool.contract.policy import Limits, PolicyDocument
from pool.contract.snapshots import BotSnapshot
from pool.rules.correlation import unknown
from pool.rules.limits import Account, Exposure, Use, uses
from pool.rules.preview import TradeChange, held_of, preview

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TradeWhatIf:
    """One open trade of a bot."""

    bot_id: str
    bot: str
    base_currency: str
    is_short: bool
    rate: Decimal
    change: TradeChange

    @property
    def fires(self) -> bool:
        """It would be closed at once, or more of it than the policy in force is about to close anyhow."""
        return self.change.fires_at_once

    @property
    def surprises(self) -> bool:
        """It fires, or nobody knows whether it would."""
        return self.fires or bool(self.change.newly_blind)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit across bots that more is held of than the other policy allows. Nothing is closed for it; nothing is
    added."""

    live: bool
    use: Use


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`trades` are all that are open, changed or not."""

    trades: list[TradeWhatIf]
    exceeded: list[Exceeded]

    @property
    def firing(self) -> list[TradeWhatIf]:
        """Those that would be closed, wholly or in part, as soon as the policy came into force."""
        return [one for one in self.trades if one.fires]

    @property
    def surprising(self) -> list[TradeWhatIf]:
        """These, and those of which nobody knows."""
        return sorted((one for one in self.trades if one.surprises), key=lambda one: not one.fires)


@dataclass(frozen=True, slots=True)
class _Told:
    bot: BotModel
    snapshot: BotSnapshot


async def what_if(
    session: AsyncSession,
    owner_id: str,
    instead: Mapping[str, Content | None],
    now: datetime,
    bot_id: str | None = None,
) -> WhatIf:
    """With these documents, by subject's key, in place of those in force; of one bot alone, or of all of the user's."""
    told = await _told(session, owner_id)
    documents = await policies.in_force(session, owner_id, [one.bot.id for one in told])
    trades: list[TradeWhatIf] = []
    for one in told:
        if bot_id in (None, one.bot.id):
            before, _ = policies.effective(documents, owner_id, one.bot.id)
            after, _ = policies.effective(documents, owner_id, one.bot.id, instead)
            trades += _trades(one, before.document, after.document, now)
    if bot_id is not None:
        return WhatIf(trades, [])
    currency = (await repository.currencies(session, [owner_id])).get(owner_id, "USDT")
    default, _ = policies.effective(documents, owner_id, None, instead)
    return WhatIf(trades, _exceeded(told, default.document.limits, currency))


async def surprising_anywhere(
    session: AsyncSession, instead: Mapping[str, Content | None], now: datetime
) -> list[TradeWhatIf]:
    """Of every user's trades, those that would be closed at once, and those of which nobody knows."""
    found: list[TradeWhatIf] = []
    for owner_id in sorted(await repository.owners(session)):
        found += (await what_if(session, owner_id, instead, now)).surprising
    return found


async def _told(session: AsyncSession, owner_id: str) -> list[_Told]:
    rows = (await repository.bots_of(session, [owner_id])).get(owner_id, [])
    told = [
        _Told(bot, BotSnapshot.model_validate(status.snapshot))
        for bot, status in rows
        if status is not None and status.snapshot is not None
    ]
    plausible = [one for one in told if is_plausible(one.snapshot)]
    return sorted(plausible, key=lambda one: (one.bot.name, one.bot.id))


def _trades(told: _Told, old: PolicyDocument, new: PolicyDocument, now: datetime) -> Iterable[TradeWhatIf]:
    shown = {trade.trade_id: trade for trade in told.snapshot.open_trades}
    held = [one for trade in shown.values() if (one := held_of(trade)) is not None]
    for change in preview(held, old, new, now):
        trade = shown[change.trade_id]
        yield TradeWhatIf(told.bot.id, told.bot.name, trade.base_currency, trade.is_short, trade.current_rate, change)


def _exceeded(told: list[_Told], limits: Limits | None, currency: str) -> list[Exceeded]:
    if limits is None:
        return []
    rates = known_rates((one.snapshot for one in told), currency)
    without_groups = limits.model_copy(update={"group_exposure": None})

    def worth(amount: Decimal, source: str) -> Decimal | None:
        if source == currency:
            return amount
        return amount * rates[source].rate if source in rates else None

    found: list[Exceeded] = []
    for live, books in groupby(sorted(told, key=lambda one: _live(one.snapshot)), lambda one: _live(one.snapshot)):
        book = list(books)
        equities = [worth(one.snapshot.equity, one.snapshot.stake_currency) for one in book]
        known = [equity for equity in equities if equity is not None]
        account = Account(sum(known, _ZERO) if len(known) == len(equities) else None, currency)
        held = [
            Exposure(
                one.bot.id,
                trade.base_currency,
                trade.is_short,
                worth(trade.amount * trade.current_rate, one.snapshot.stake_currency),
            )
            for one in book
            for trade in one.snapshot.open_trades
        ]
        found += [
            Exceeded(live, use)
            for use in uses(held, without_groups, account, unknown)
            if use.used is not None and use.used > use.allowed
        ]
    return found


def _live(snapshot: BotSnapshot) -> bool:
    return snapshot.mode == "live"
