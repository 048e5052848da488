"""Subscriptions of a user's browsers. Session first; nothing here commits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, InvalidSpec, NotFound, QuotaExceeded
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.push.kinds import TEST
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.push.vapid import check_keys
from orchestrator.users.models import UserModel

MOST_PER_USER = 20
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser says of itself, and wants."""

    endpoint: str = field(repr=False)
    p256dh: str
    auth: str = field(repr=False)
    kinds: Sequence[str]
    name: str = ""
    quiet: dict[str, str] | None = None


async def subscribe(
    session: AsyncSession, user_id: str, session_id: str, browser: Browser
) -> tuple[PushSubscriptionModel, bool]:
    """The browser's one subscription, and whether it is new; one of another user, who used that browser before, ends.
    Raises InvalidSpec, QuotaExceeded, Conflict. Whether something may be sent there is checked before
    (`push.places`)."""
    _check(browser)
    hashed = hashlib.sha256(browser.endpoint.encode()).hexdigest()
    # one after the other for each user, so that two at once do not pass the bound
    await session.exec(select(UserModel.id).where(col(UserModel.id) == user_id).with_for_update())
    for _ in range(_TRIES):
        row = await _of_endpoint(session, hashed)
        if row is not None and row.owner_id != user_id:
            await session.delete(row)
            await session.flush()
            row = None
        made = row is None
        if row is None:
            if len(await of_user(session, user_id)) >= MOST_PER_USER:
                raise QuotaExceeded(f"{MOST_PER_USER} browsers of yours get pushes, which is the most; end one first.")
            row = PushSubscriptionModel(
                id=new_id("push"), owner_id=user_id, session_id=session_id, endpoint=browser.endpoint,
                endpoint_hash=hashed, p256dh="", auth="", kinds=[], name="", created_at=utc_now(),
            )  # fmt: skip
        row.session_id, row.p256dh, row.auth = session_id, browser.p256dh, browser.auth
        row.kinds, row.name, row.quiet = sorted(set(browser.kinds)), browser.name, browser.quiet
        row.problem = None
        try:
            async with session.begin_nested():
                session.add(row)
                await session.flush()
        except IntegrityError:  # another user subscribed it since we looked: his is there to be taken over now
            continue
        if made:
            told = {"id": row.id, "name": row.name, "kinds": row.kinds}
            audit.record(session, user_id, "push.subscribe", audit.user(user_id), after=told)
            await session.flush()
        return row, made
    raise Conflict("Others subscribe this browser at the same moment; try again.", field="endpoint")


async def of_user(session: AsyncSession, user_id: str) -> Sequence[PushSubscriptionModel]:
    """Oldest first."""
    query = select(PushSubscriptionModel).where(col(PushSubscriptionModel.owner_id) == user_id)
    order = (col(PushSubscriptionModel.created_at), col(PushSubscriptionModel.id))
    return (await session.exec(query.order_by(*order))).all()


async def unsubscribe(session: AsyncSession, user_id: str, subscription_id: str) -> None:
    """Raises NotFound."""
    row = await _find(session, user_id, subscription_id)
    told = {"id": row.id, "name": row.name}
    await session.delete(row)
    audit.record(session, user_id, "push.unsubscribe", audit.user(user_id), before=told)
    await session.flush()


async def test(session: AsyncSession, user_id: str, subscription_id: str | None) -> int:
    """Queues a push to that one or, None, to all of the user's; how many. Where one waits already, it is not doubled.
    Raises NotFound."""
    wanted = [await _find(session, user_id, subscription_id)] if subscription_id else await of_user(session, user_id)
    waiting = select(PushDeliveryModel.subscription_id).where(
        col(PushDeliveryModel.subscription_id).in_([row.id for row in wanted]), col(PushDeliveryModel.kind) == TEST
    )
    known = set((await session.exec(waiting)).all())
    now = utc_now()
    body = {"kind": TEST, "type": TEST, "title": "Flotilla", "text": "Pushes get here.", "bot_id": None}
    for row in wanted:
        if row.id not in known:
            session.add(PushDeliveryModel(subscription_id=row.id, kind=TEST, body=body, at=now, due_at=now))
    await session.flush()
    return len(wanted)


async def _find(session: AsyncSession, user_id: str, subscription_id: str) -> PushSubscriptionModel:
    row = await session.get(PushSubscriptionModel, subscription_id)
    if row is None or row.owner_id != user_id:
        raise NotFound("There is no such subscription; list them to see which there are.", field="subscription_id")
    return row


async def _of_endpoint(session: AsyncSession, hashed: str) -> PushSubscriptionModel | None:
    query = select(PushSubscriptionModel).where(col(PushSubscriptionModel.endpoint_hash) == hashed)
    return (await session.exec(query.with_for_update())).first()


def _check(browser: Browser) -> None:
    try:
        check_keys(browser.p256dh, browser.auth)
    except ValueError:
        raise InvalidSpec("These are no keys of a browser's push subscription.", field="keys") from None
    if browser.quiet is not None:
        try:
            ZoneInfo(browser.quiet["time_zone"])
            start, end = (time.fromisoformat(browser.quiet[name]) for name in ("start", "end"))
        except (KeyError, ValueError, OSError):
            raise InvalidSpec("quiet wants start and end as HH:MM, and a time zone.", field="quiet") from None
        if start == end or start.tzinfo is not None or end.tzinfo is not None:
            raise InvalidSpec("quiet wants two different times of the day, without an offset.", field="quiet")
