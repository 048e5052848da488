"""Trades of bots, open and closed, by what they told: no pool is asked.

Open ones are those of each bot's last snapshot, in the order of the bots' creation and of the trades' numbers; closed
ones are told by the events of their last exits (FreqTrade's own message), newest first. So a closed trade is known as
long as its event is kept, and not at all where the event never arrived: a bot that ended before it told, an agent that
was left alone for longer than it remembers. FreqTrade's own database has all of them.

Access is the session's (`orchestrator.db.tenancy`): every query is of bots, or joins them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from loguru import logger
from pydantic import ValidationError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository as bots
from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.bots.repository import BotFilters, BotView
from orchestrator.errors import NotFound
from orchestrator.kit.pages import Page, decode_cursor, encode_cursor, instant_of, refused
from orchestrator.policies.book import NOTHING, PolicyBook
from orchestrator.portfolio.aggregate import is_plausible
from orchestrator.portfolio.levels import Levels, levels_of
from orchestrator.portfolio.views import Mode
from pool.contract.events import EventType
from pool.contract.model import Instant, Money, Wire
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.slots import Slot
from pool.contract.snapshots import BotSnapshot, OpenTrade

State = Literal["open", "closed", "all"]
_BOTS_AT_ONCE = 200
_NEWEST = 2**63 - 1
"""Behind every event."""
_MOST_SCANNED = 2000
"""Events of exits that one page looks at: partial exits, and what no FreqTrade told, are passed over."""


class LastExit(Wire):
    """FreqTrade's message of a filled exit, as far as it tells of the trade."""

    trade_id: int
    pair: str
    direction: Literal["Long", "Short"]
    leverage: Money | None = None
    amount: Money | None = None
    stake_amount: Money | None = None
    stake_currency: str | None = None
    open_rate: Money | None = None
    open_date: Instant
    close_rate: Money | None = None
    close_date: Instant
    cumulative_profit: Money | None = None
    final_profit_ratio: Money | None = None
    exit_reason: str | None = None
    enter_tag: str | None = None
    is_final_exit: bool


@dataclass(frozen=True, slots=True)
class Enforced:
    """The levels of an open trade, and of which policy they are."""

    levels: Levels
    policy: str | None
    """Label of the document that its bot is to keep; None where nobody wrote any."""
    in_force: bool
    """Whether the bot's process says that it keeps this."""


@dataclass(frozen=True, slots=True)
class Open:
    """An open trade in its bot's last snapshot."""

    bot: BotModel
    currency: str
    reported_at: datetime | None
    trade: OpenTrade
    enforced: Enforced | None
    """None where they cannot be told: nothing is filled yet, or the policy cannot be read."""


class ClosedTrade(Wire):
    """A closed trade as everybody is told it, by its last exit: item of `GET /api/v1/trades`, and `closed` of the
    stream's `trade`."""

    state: Literal["closed"] = "closed"
    bot_id: str
    bot: str
    trading: Mode
    trade_id: int
    pair: str
    is_short: bool
    leverage: Money | None
    currency: str | None
    amount: Money | None
    stake: Money | None
    open_rate: Money | None
    opened_at: Instant
    current_rate: None = None
    profit: Money | None
    profit_ratio: Money | None
    realised: Money | None
    close_rate: Money | None
    closed_at: Instant
    exit_reason: str | None
    entry_tag: str | None
    has_open_orders: None = None
    reported_at: Instant
    levels: None = None


@dataclass(frozen=True, slots=True)
class _Position:
    """Behind which item a page begins: an open trade's bot and number, or a closed one's event."""

    created_at: str
    bot_id: str
    number: int

    @property
    def is_open(self) -> bool:
        return bool(self.created_at)


@dataclass(frozen=True, slots=True)
class _Told:
    view: BotView
    currency: str
    trade: OpenTrade


async def list_(
    session: AsyncSession, *, state: State, bot_id: str | None, limit: int, after: str | None
) -> Page[Open | ClosedTrade]:
    """Open ones first. A page may be short although there is a next one. Raises NotFound for a bot that is out of
    reach, InvalidSpec (field `after`)."""
    position = None if after is None else _position(after, state)
    only = None
    if bot_id is not None:
        only = await bots.find(session, bot_id, None)
        if only is None:
            raise NotFound("There is no such bot; list the bots to see which there are.", field="bot_id")
    found: list[Open | ClosedTrade] = []
    if state != "closed" and (position is None or position.is_open):
        opened = await _open(session, only, position, limit + 1)
        found += opened[:limit]
        if len(opened) > limit:
            last = opened[limit - 1]
            key = (last.bot.created_at.isoformat(), last.bot.id, last.trade.trade_id)
            return Page(found, encode_cursor(key))
        position = None
        if state == "all" and len(found) == limit:
            return Page(found, encode_cursor(("", "", _NEWEST)))
    if state == "open":
        return Page(found, None)
    before = _NEWEST if position is None else position.number
    closed, going_on = await _closed(session, bot_id, before, limit - len(found))
    found += closed
    return Page(found, None if going_on is None else encode_cursor(("", "", going_on)))


def _position(after: str, state: State) -> _Position:
    position = _Position(*decode_cursor(after, [str, str, int]))
    if position.is_open:
        instant_of(position.created_at)
    if (state == "open" and not position.is_open) or (state == "closed" and position.is_open):
        raise refused()
    return position


async def _open(session: AsyncSession, only: BotView | None, position: _Position | None, most: int) -> list[Open]:
    book = PolicyBook()
    if only is not None:
        told = [] if position is not None and position.bot_id != only.bot.id else _told(only, position)
        return await _with_levels(session, book, told[:most])
    found: list[_Told] = []
    after: str | None = None
    if position is not None:
        begun = await bots.find(session, position.bot_id, None)
        found += [] if begun is None else _told(begun, position)
        after = encode_cursor((position.created_at, position.bot_id))
    while len(found) < most:
        page = await bots.page(session, None, _BOTS_AT_ONCE, after, BotFilters())
        found += [one for view in page.items for one in _told(view, None)]
        after = page.next
        if after is None:
            break
    return await _with_levels(session, book, found[:most])


def _told(view: BotView, position: _Position | None) -> list[_Told]:
    """Of a bot, behind the position; none where its last snapshot is none that can be believed."""
    if not (view.status.snapshot or {}).get("open_trades"):
        return []
    try:
        snapshot = BotSnapshot.model_validate(view.status.snapshot)
    except ValidationError:
        return []
    if not is_plausible(snapshot) or (snapshot.mode == "dry") != view.bot.dry_run:
        return []
    trades = sorted(snapshot.open_trades, key=lambda trade: trade.trade_id)
    least = -1 if position is None else position.number
    return [_Told(view, snapshot.stake_currency, trade) for trade in trades if trade.trade_id > least]


async def _with_levels(session: AsyncSession, book: PolicyBook, told: Sequence[_Told]) -> list[Open]:
    owners = {one.view.bot.id: one.view.bot.owner_id for one in told}
    policies = await book.read(session, list(owners.items()), these_only=True) if owners else {}
    return [
        Open(
            one.view.bot,
            one.currency,
            one.view.status.snapshot_at,
            one.trade,
            None if one.view.bot.id in book.unreadable else _enforced(one, policies.get(one.view.bot.id)),
        )
        for one in told
    ]


def _enforced(told: _Told, policy: PolicyInForce | None) -> Enforced | None:
    alive, kept = _kept(told.view.status)
    document = PolicyDocument() if policy is None else policy.document
    try:
        levels = levels_of(told.trade, document, enforced=not alive or kept is not None)
    except (ArithmeticError, ValueError):  # figures that no exchange has: the trade itself must still be shown
        logger.warning("the levels of trade {} of {} cannot be computed", told.trade.trade_id, told.view.bot.id)
        return None
    if levels is None:
        return None
    if policy is None:
        return Enforced(levels, None, alive and kept in (None, NOTHING.fingerprint))
    return Enforced(levels, policy.label, alive and kept == policy.fingerprint)


def _kept(status: BotStatusModel) -> tuple[bool, str | None]:
    """Whether the bot's process lives, and the fingerprint of the policy that it says it keeps."""
    if status.slot is None:
        return False, None
    slot = Slot.model_validate({**status.slot, "snapshot": None})
    return slot.pid is not None, slot.policy


async def _closed(
    session: AsyncSession, bot_id: str | None, before: int, limit: int
) -> tuple[list[ClosedTrade], int | None]:
    """Up to `limit` of before that event, and the event behind which there may be more."""
    event = BotEventModel
    query = (
        select(event, BotModel)
        .join(BotModel, col(BotModel.id) == col(event.bot_id))
        .where(col(event.type) == EventType.TRADE_EXIT_FILL.value, col(BotModel.deleted_at).is_(None))
        .order_by(col(event.number).desc())
    )
    if bot_id is not None:
        query = query.where(col(event.bot_id) == bot_id)
    found: list[ClosedTrade] = []
    scanned = 0
    while scanned < _MOST_SCANNED:
        wanted = limit - len(found) + 1
        rows = (await session.exec(query.where(col(event.number) < before).limit(wanted))).all()
        for row, bot in rows:
            trade = closed_trade(bot.id, bot.name, bot.dry_run, row.at, row.data)
            if trade is not None:
                if len(found) == limit:
                    return found, before
                found.append(trade)
            before = row.number or 0
        if len(rows) < wanted:
            return found, None
        scanned += len(rows)
    return found, before


def closed_trade(bot_id: str, name: str, dry_run: bool, at: datetime, message: dict[str, Any]) -> ClosedTrade | None:
    """By FreqTrade's message of a filled exit; None of a partial one, and of what FreqTrade does not tell."""
    if message.get("is_final_exit") is not True:
        return None
    try:
        told = LastExit.model_validate(message)
    except ValidationError:
        logger.debug("an exit of {} tells of no trade that was closed", bot_id)
        return None
    return ClosedTrade(
        bot_id=bot_id,
        bot=name,
        trading="dry" if dry_run else "live",
        trade_id=told.trade_id,
        pair=told.pair,
        is_short=told.direction == "Short",
        leverage=told.leverage,
        currency=told.stake_currency,
        amount=told.amount,
        stake=told.stake_amount,
        open_rate=told.open_rate,
        opened_at=told.open_date,
        profit=told.cumulative_profit,
        profit_ratio=told.final_profit_ratio,
        realised=told.cumulative_profit,
        close_rate=told.close_rate,
        closed_at=told.close_date,
        exit_reason=told.exit_reason,
        entry_tag=told.enter_tag,
        reported_at=at,
    )
