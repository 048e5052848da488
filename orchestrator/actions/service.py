"""What universal rules did: told by bots as events, kept as one row for each action with its latest stage.

`take` is called where events are stored, with those alone that are new, in the same transaction. An action's stages may
be told more than once, and again after a bot came back: what is known already changes nothing, while a stage of another
order, or with another message, is a new attempt. A bot asks again
every few seconds, so refusals of one kind (pair, purpose, limit), and alerts of one kind, within five minutes are one
row that counts them. What does not fit the contract is left out here, and stays an event. Session first; nothing here
commits.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from loguru import logger
from pydantic import ValidationError
from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.actions.models import ActionModel
from orchestrator.db.engine import Database
from orchestrator.kit.pages import Page, decode_cursor, page_of
from pool.contract.events import Event, EventType
from pool.contract.risk import Action, Refusal

REFUSED = "refused"
ALERT = "alert"
TYPES = frozenset({EventType.RISK_ACTION, EventType.RISK_REFUSED, EventType.RISK_ALERT})
_CHUNK = 2000
_STAGES = 40
"""So many are kept of one action."""
_FINAL = ("filled", "done")
_ID_LENGTH = 64
_RULE_LENGTH = 80
_MESSAGE_LENGTH = 500
_SPAN_SECONDS = 300
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal(1).scaleb(-18)
_LARGEST = Decimal(10) ** 20
_LONG = 2**63 - 1
_MONEY = ("price_seen", "threshold", "amount", "fill_price", "slippage_ratio")


@dataclass(frozen=True, slots=True)
class Told:
    """Something new: an action's stage, a refusal, an alert."""

    bot_id: str
    owner_id: str
    kind: str
    stage: str
    rule: str
    """Of a refusal the limit, of an alert what it is about."""
    message: str
    at: datetime
    first: bool = True
    """Of refusals and alerts the first of this bot and rule within its five minutes."""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class ActionFilters:
    """What a list is narrowed to; None means any."""

    bot_id: str | None = None
    rule: str | None = None
    """Of refused entries the limit."""
    kind: str | None = None
    trade_id: int | None = None
    since: datetime | None = None


async def take(session: AsyncSession, events: Sequence[Event], owners: Mapping[str, str]) -> list[Told]:
    """Keeps those of these events that tell of rules; answers what is new. `owners` by bot."""
    told: list[Told] = []
    for event in events:
        if event.type not in TYPES or event.bot_id not in owners:
            continue
        try:
            one = await _take(session, event, owners[event.bot_id])
        except ValidationError:
            logger.warning("bot {} tells of its rules in a form that is not known: {}", event.bot_id, event.type)
            continue
        if one is not None:
            told.append(one)
    return told


async def tell(session: AsyncSession, owner_id: str, bot_id: str, action: Action, at: datetime) -> bool:
    """One stage of an action, whoever did it; False where it was known. Once an action is done or filled, the stages
    that its order had before are known, whatever is said of them."""
    action_id = _short_id(action.action_id)
    query = select(ActionModel).where(col(ActionModel.bot_id) == bot_id, col(ActionModel.action_id) == action_id)
    row = (await session.exec(query)).first()
    if row is None:
        row = ActionModel(
            bot_id=bot_id,
            action_id=action_id,
            owner_id=owner_id,
            kind=action.kind,
            stage=action.stage,
            rule=action.rule[:_RULE_LENGTH],
            stages=[],
            at=at,
            updated_at=at,
        )
    stage = _stage_of(action, at)
    known = _is_known(row, stage)
    if not known:
        row.stages = _kept([*row.stages, stage])
        row.stage, row.message = action.stage, stage["message"] or row.message
    if not known or row.stage == action.stage:  # of what is filled bit by bit the figures change
        row.updated_at = max(row.updated_at, at)
        for name, value in _details(action).items():
            if value is not None:
                setattr(row, name, value)
    session.add(row)
    await session.flush()
    return not known


async def list_(
    session: AsyncSession, owner_id: str | None, *, limit: int, after: str | None = None, filters: ActionFilters
) -> Page[ActionModel]:
    """Newest first; `owner_id` None: of any owner. Raises InvalidSpec (field `after`) for a foreign cursor."""
    query = select(ActionModel)
    for column, wanted in (
        (col(ActionModel.owner_id), owner_id),
        (col(ActionModel.bot_id), filters.bot_id),
        (col(ActionModel.rule), filters.rule),
        (col(ActionModel.kind), filters.kind),
        (col(ActionModel.trade_id), filters.trade_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if filters.since is not None:
        query = query.where(col(ActionModel.updated_at) >= filters.since)
    if after is not None:
        (number,) = decode_cursor(after, [int])
        query = query.where(col(ActionModel.number) < number)
    query = query.order_by(col(ActionModel.number).desc()).limit(limit + 1)
    return page_of((await session.exec(query)).all(), limit, lambda row: (row.number or 0,))


async def forget(database: Database, before: datetime, chunk: int = _CHUNK) -> int:
    """Deletes actions whose latest stage was before then, in small units of work; answers how many. Raises
    SQLAlchemyError; what was deleted by then stays deleted."""
    forgotten = 0
    while True:
        query = select(ActionModel.number).where(col(ActionModel.updated_at) < before)
        async with database.read() as session:
            numbers = (await session.exec(query.order_by(col(ActionModel.updated_at)).limit(chunk))).all()
        if not numbers:
            return forgotten
        async with database.unit_of_work() as session:
            await session.exec(delete(ActionModel).where(col(ActionModel.number).in_(numbers)))
        forgotten += len(numbers)


async def _take(session: AsyncSession, event: Event, owner_id: str) -> Told | None:
    """Raises ValidationError for what is none of the contract's."""
    if event.type == EventType.RISK_ACTION:
        action = Action.model_validate(event.data)
        new = await tell(session, owner_id, event.bot_id, action, event.at)
        told = (event.bot_id, owner_id, action.kind, action.stage, action.rule, action.message, event.at)
        return Told(*told, action=action) if new else None
    if event.type == EventType.RISK_REFUSED:
        refusal = Refusal.model_validate(event.data)
        row = _once(event, owner_id, REFUSED, REFUSED, refusal.limit, refusal.message)
        row.pair, row.is_short, row.stake = refusal.pair[:64], refusal.is_short, _money(refusal.stake)
        row.action_id = _hashed(event, REFUSED, refusal.pair, refusal.purpose, refusal.limit)
    else:
        kind, text = (str(event.data.get(name) or "") for name in ("kind", "text"))
        row = _once(event, owner_id, ALERT, "told", kind, text)
        row.action_id = _hashed(event, ALERT, kind)
    first = await _is_first(session, row)
    await _count(session, row)
    return Told(event.bot_id, owner_id, row.kind, row.stage, row.rule, row.message, event.at, first)


async def _is_first(session: AsyncSession, row: ActionModel) -> bool:
    begin = datetime.fromtimestamp(_span(row.at) * _SPAN_SECONDS, UTC)
    query = select(ActionModel.number).where(
        col(ActionModel.bot_id) == row.bot_id,
        col(ActionModel.kind) == row.kind,
        col(ActionModel.rule) == row.rule,
        col(ActionModel.updated_at) >= begin,
    )
    return (await session.exec(query.limit(1))).first() is None


async def _count(session: AsyncSession, row: ActionModel) -> None:
    query = select(ActionModel).where(
        col(ActionModel.bot_id) == row.bot_id, col(ActionModel.action_id) == row.action_id
    )
    known = (await session.exec(query)).first()
    if known is not None:
        known.times += 1
        known.message, known.stake, known.updated_at = row.message, row.stake, max(known.updated_at, row.at)
    session.add(known or row)
    await session.flush()


def _once(event: Event, owner_id: str, kind: str, stage: str, rule: str, message: str) -> ActionModel:
    return ActionModel(
        bot_id=event.bot_id,
        action_id="",
        owner_id=owner_id,
        kind=kind,
        stage=stage,
        rule=rule[:_RULE_LENGTH],
        message=message[:_MESSAGE_LENGTH],
        stages=[],
        at=event.at,
        updated_at=event.at,
    )


def _hashed(event: Event, *parts: str) -> str:
    """Names what is of one kind within five minutes."""
    return hashlib.sha256("\n".join([str(_span(event.at)), *parts]).encode()).hexdigest()


def _span(at: datetime) -> int:
    return int(at.timestamp()) // _SPAN_SECONDS


def _stage_of(action: Action, at: datetime) -> dict[str, Any]:
    return {
        "stage": action.stage,
        "at": at.isoformat(),
        "message": action.message[:_MESSAGE_LENGTH],
        "client_order_id": _cut(action.client_order_id),
    }


def _is_known(row: ActionModel, stage: dict[str, Any]) -> bool:
    keys = ("stage", "client_order_id") if row.stage in _FINAL else ("stage", "client_order_id", "message")
    return any(all(one[key] == stage[key] for key in keys) for one in row.stages)


def _kept(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How it began and how it goes on, where there are too many."""
    return stages if len(stages) <= _STAGES else [*stages[: _STAGES // 2], *stages[-(_STAGES // 2) :]]


def _cut(order_id: str | None) -> str | None:
    return None if order_id is None else order_id[:_ID_LENGTH]


def _details(action: Action) -> dict[str, Any]:
    """Columns; None where this stage tells nothing of them."""
    delay = None if action.delay_seconds is None else Decimal(repr(action.delay_seconds))
    return {
        **{name: _money(getattr(action, name)) for name in _MONEY},
        "delay_seconds": _money(delay),
        "level": _long(action.level),
        "trade_id": _long(action.trade_id),
        "policy": action.policy[:120] or None,
        "pair": action.pair[:64] or None,
        "is_short": action.is_short,
        "client_order_id": _cut(action.client_order_id),
        "order_id": _cut(action.order_id),
    }


def _money(value: Decimal | None) -> Decimal | None:
    """As both databases hold it; None for what neither could."""
    if value is None or not value.is_finite() or abs(value) >= _LARGEST:
        return None
    return value.quantize(_PLACES, context=_EXACT)


def _long(value: int | None) -> int | None:
    return None if value is None or abs(value) > _LONG else value


def _short_id(action_id: str) -> str:
    """As it is, or what stands for it."""
    return action_id if len(action_id) <= _ID_LENGTH else hashlib.sha256(action_id.encode()).hexdigest()
