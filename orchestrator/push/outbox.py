"""Queues pushes in the transaction of what they tell of. Session first; nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loguru import logger
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.kit.clock import utc_now
from orchestrator.push.kinds import PushKind, is_quiet, kind_of_alert
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.users.models import SessionModel, UserModel

MOST_WAITING = 100
"""So many pushes wait for one subscription; more are dropped."""
_TITLE_LENGTH = 100
_TEXT_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Push:
    """Something that its owner's browsers may want to hear."""

    owner_id: str
    kind: PushKind
    type: str
    """What it is more closely: an alert's type, say."""
    title: str
    text: str
    bot_id: str = ""
    """Empty where it is about none."""


def of_alert(owner_id: str, bot_id: str, name: str, type_: str, message: str) -> Push:
    """The push of an `alert` on the stream, whose arguments these are."""
    return Push(owner_id, kind_of_alert(type_), type_, name or "Flotilla", message, bot_id)


async def queue(session: AsyncSession, pushes: Sequence[Push]) -> None:
    """For every subscription that wants them now."""
    if not pushes:
        return
    owners = {push.owner_id for push in pushes}
    query = (
        select(PushSubscriptionModel)
        .join(UserModel, col(UserModel.id) == col(PushSubscriptionModel.owner_id))
        .join(SessionModel, col(SessionModel.id) == col(PushSubscriptionModel.session_id))
        .where(
            col(PushSubscriptionModel.owner_id).in_(owners),
            col(UserModel.deactivated_at).is_(None),
            col(SessionModel.revoked_at).is_(None),
        )
        .order_by(col(PushSubscriptionModel.id))
    )
    subscriptions = (await session.exec(query)).all()
    if not subscriptions:
        return
    waiting = await _waiting(session, [one.id for one in subscriptions])
    now = utc_now()
    for one in subscriptions:
        quiet = is_quiet(one.quiet, now)
        for push in pushes:
            silenced = quiet and push.kind is not PushKind.HALTS
            if push.owner_id != one.owner_id or push.kind not in one.kinds or silenced:
                continue
            if waiting.get(one.id, 0) >= MOST_WAITING:
                logger.warning("a push to {} is dropped: {} wait for it", one.id, MOST_WAITING)
                continue
            waiting[one.id] = waiting.get(one.id, 0) + 1
            session.add(PushDeliveryModel(subscription_id=one.id, kind=push.kind, body=_body(push), at=now, due_at=now))
    await session.flush()


def _body(push: Push) -> dict[str, Any]:
    return {
        "kind": str(push.kind),
        "type": push.type,
        "title": push.title[:_TITLE_LENGTH],
        "text": push.text[:_TEXT_LENGTH],
        "bot_id": push.bot_id or None,
    }


async def _waiting(session: AsyncSession, subscription_ids: Sequence[str]) -> dict[str, int]:
    query = (
        select(PushDeliveryModel.subscription_id, func.count())
        .where(col(PushDeliveryModel.subscription_id).in_(subscription_ids))
        .group_by(col(PushDeliveryModel.subscription_id))
    )
    return dict((await session.exec(query)).all())
