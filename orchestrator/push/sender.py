"""Sends what is queued. The leader runs it; it may be killed at any moment.

A delivery is claimed, in a transaction of its own, before anything is sent, and so never sent by two. What a push
service did for certain not take (no connection, 429, 5xx) is tried again, ever later, for six hours; where it may have
taken it (it fell silent after the request had gone) it is not, and neither is what a control plane that died had
claimed. So a push comes once, or in such a case perhaps not at all. An endpoint that is gone (404, 410) ends the
subscription.
"""

import asyncio
import email.utils
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

import httpx
from loguru import logger
from sqlalchemy import CursorResult, delete, exists, func, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.db.engine import Database
from orchestrator.kit.backoff import Backoff
from orchestrator.kit.clock import utc_now
from orchestrator.push.kinds import PushKind
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.push.places import NotFoundNow, PushWays, Unreachable
from orchestrator.push.vapid import Vapid
from orchestrator.users.models import SessionModel, UserModel

AT_ONCE = 8
_EVERY_SECONDS = 1.0
_ANSWER_SECONDS = 15.0
_WHOLE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_KEPT = timedelta(hours=6)
"""So long one is tried; the push service keeps it as long again for a browser that is away."""
_LONGEST_WAIT = timedelta(hours=1)
_BACKOFF = Backoff(first_seconds=5, limit_seconds=900)
_URGENT = (PushKind.HALTS, PushKind.BOT_FAILED)


class _End(Enum):
    """What became of a try."""

    TAKEN = auto()
    AGAIN = auto()
    """It was not taken for certain."""
    DROPPED = auto()
    """It was refused, or perhaps taken."""
    GONE = auto()
    """There is no such subscription."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    end: _End
    problem: str = ""
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Claimed:
    number: int
    subscription_id: str
    tries: int
    at: datetime
    urgent: bool
    endpoint: str = field(repr=False)
    content: bytes = field(repr=False)


class PushSender:
    """Run `run` as a task; `send_due` is one round."""

    def __init__(
        self,
        database: Database,
        vapid: Vapid,
        ways: PushWays,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._vapid = vapid
        self._places = ways.places
        self._contact = ways.contact
        self._clock = clock
        self._begun = False
        self._unnoted: list[tuple[_Claimed, _Outcome]] = []
        """What the database did not take yet."""

    async def run(self) -> None:
        """Until cancelled."""
        async with open_client() as client:
            while True:
                try:
                    while await self.send_due(client):
                        pass
                except (SQLAlchemyError, OSError) as error:
                    logger.error("pushes cannot be read or noted, they wait: {}", type(error).__name__)
                except Exception:  # a task's boundary: the next round must come
                    logger.exception("pushes are not sent")
                await asyncio.sleep(_EVERY_SECONDS)

    async def send_due(self, client: httpx.AsyncClient) -> int:
        """Sends some that are due; how many. Raises SQLAlchemyError, OSError or NotLeading."""
        if not self._begun:
            await self._leave_claimed()
            self._begun = True
        await self._note()
        claimed = await self._claim()
        outcomes = await asyncio.gather(*(self._send(client, one) for one in claimed))
        client.cookies.clear()
        self._unnoted = list(zip(claimed, outcomes, strict=True))
        await self._note()
        return len(claimed)

    async def _leave_claimed(self) -> None:
        """What a former leader had under way may have come: it does not come twice."""
        async with self._database.unit_of_work() as session:
            statement = delete(PushDeliveryModel).where(col(PushDeliveryModel.claimed_at).is_not(None))
            answer = await session.exec(statement)
        if isinstance(answer, CursorResult) and answer.rowcount:
            logger.warning(
                "pushes were under way when a control plane ended, and are not repeated: {}", answer.rowcount
            )

    async def _claim(self) -> list[_Claimed]:
        """Of each subscription the oldest that is due, so that they come in their order. What is too old, or of who
        signed out meanwhile, goes."""
        now = self._clock()
        due = (
            select(func.min(PushDeliveryModel.number))
            .where(col(PushDeliveryModel.claimed_at).is_(None), col(PushDeliveryModel.due_at) <= now)
            .group_by(col(PushDeliveryModel.subscription_id))
            .order_by(func.min(PushDeliveryModel.number))
            .limit(AT_ONCE)
        )
        async with self._database.read() as session:
            numbers = (await session.exec(due)).all()
        if not numbers:
            return []
        signed_in = exists().where(
            col(SessionModel.id) == col(PushSubscriptionModel.session_id), col(SessionModel.revoked_at).is_(None)
        )
        active = exists().where(
            col(UserModel.id) == col(PushSubscriptionModel.owner_id), col(UserModel.deactivated_at).is_(None)
        )
        query = (
            select(PushDeliveryModel, PushSubscriptionModel, signed_in & active)
            .join(PushSubscriptionModel, col(PushSubscriptionModel.id) == col(PushDeliveryModel.subscription_id))
            .where(col(PushDeliveryModel.number).in_(numbers))
            .order_by(col(PushDeliveryModel.number))
            .with_for_update(of=PushDeliveryModel)
        )
        claimed: list[_Claimed] = []
        async with self._database.unit_of_work() as session:
            for row, subscription, wanted in (await session.exec(query)).all():
                if wanted and now - row.at <= _KEPT:
                    row.claimed_at = now
                    session.add(row)
                    claimed.append(self._claimed(row, subscription))
                else:
                    await session.delete(row)
        return claimed

    def _claimed(self, row: PushDeliveryModel, to: PushSubscriptionModel) -> _Claimed:
        named = f"{to.id}-{row.number}-{int(row.at.timestamp() * 1_000_000)}"  # SQLite gives numbers out again
        body = {**row.body, "at": row.at.isoformat(), "id": named}
        content = self._vapid.encrypt(body, to.endpoint, to.p256dh, to.auth)
        return _Claimed(row.number or 0, to.id, row.tries, row.at, row.kind in _URGENT, to.endpoint, content)

    async def _send(self, client: httpx.AsyncClient, one: _Claimed) -> _Outcome:
        try:
            place = await self._places.place_of(one.endpoint)
        except NotFoundNow:
            return self._again(one, "Its push service is not found by its name.")
        except Unreachable as error:
            return _Outcome(_End.DROPPED, str(error))
        headers = {
            "Host": place.host,
            "Authorization": self._vapid.authorization(one.endpoint, self._contact, self._clock()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(_KEPT.total_seconds())),
            "Urgency": "high" if one.urgent else "normal",
        }
        extensions = {} if place.name is None else {"sni_hostname": place.name}
        for url in place.urls:
            try:
                async with (
                    asyncio.timeout(_WHOLE_SECONDS),
                    client.stream("POST", url, content=one.content, headers=headers, extensions=extensions) as answer,
                ):
                    return self._judge(one, answer.status_code, answer.headers.get("Retry-After"))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent
            except (httpx.HTTPError, TimeoutError, OSError, ValueError):
                return _Outcome(_End.DROPPED, "Its push service fell silent: the last one may not have come.")
        return self._again(one, "Its push service is not within reach.")

    def _judge(self, one: _Claimed, status: int, retry_after: str | None) -> _Outcome:
        """What an answer means. Of its content nothing is read."""
        if 200 <= status < 300:
            return _Outcome(_End.TAKEN)
        if status in (404, 410):
            return _Outcome(_End.GONE)
        if status in (408, 429) or status >= 500:
            wait = _seconds(retry_after, self._clock())
            return self._again(one, f"Its push service does not take anything now ({status}).", wait)
        return _Outcome(_End.DROPPED, f"Its push service refused it ({status}): turn pushes off and on there.")

    def _again(self, one: _Claimed, problem: str, wait_seconds: float = 0.0) -> _Outcome:
        return _Outcome(_End.AGAIN, problem, max(wait_seconds, _BACKOFF.delay_seconds(one.tries + 1)))

    async def _note(self) -> None:
        if not self._unnoted:
            return
        now = self._clock()
        async with self._database.unit_of_work() as session:
            query = select(PushSubscriptionModel).where(
                col(PushSubscriptionModel.id).in_([one.subscription_id for one, _ in self._unnoted])
            )
            rows = await session.exec(query.order_by(col(PushSubscriptionModel.id)).with_for_update())
            known = {row.id: row for row in rows.all()}
            for one, outcome in self._unnoted:
                if one.subscription_id in known:  # else somebody ended it meanwhile
                    await _note_one(session, one, outcome, known[one.subscription_id], now)
        self._unnoted = []


def open_client() -> httpx.AsyncClient:
    """Keeps no connections, since those are told apart by address alone, and heeds no proxies of the environment, which
    would look names up themselves."""
    return httpx.AsyncClient(
        verify=httpx.create_ssl_context(),
        timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
        follow_redirects=False,
    )


async def _note_one(
    session: AsyncSession, one: _Claimed, outcome: _Outcome, row: PushSubscriptionModel, now: datetime
) -> None:
    this = col(PushDeliveryModel.number) == one.number
    if outcome.end is _End.GONE:
        told = {"id": row.id, "name": row.name}
        audit.record(session, audit.SYSTEM, "push.gone", audit.user(row.owner_id), "Its browser is gone.", before=told)
        await session.delete(row)
        return
    row.problem = outcome.problem or None
    if outcome.end is _End.TAKEN:
        row.sent_at = now
    session.add(row)
    due = now + timedelta(seconds=outcome.wait_seconds)
    if outcome.end is not _End.AGAIN or due - one.at > _KEPT:
        await session.exec(delete(PushDeliveryModel).where(this))
        return
    await session.exec(update(PushDeliveryModel).where(this).values(claimed_at=None, due_at=due, tries=one.tries + 1))
    behind = (
        col(PushDeliveryModel.subscription_id) == row.id,
        col(PushDeliveryModel.number) > one.number,
        col(PushDeliveryModel.due_at) < due,
    )
    await session.exec(update(PushDeliveryModel).where(*behind).values(due_at=due))


def _seconds(retry_after: str | None, now: datetime) -> float:
    """Of the header, bounded; 0 where it tells nothing."""
    if retry_after is None:
        return 0.0
    try:
        wanted = float(retry_after) if retry_after.isdigit() else _until(retry_after, now)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(wanted, 0.0), _LONGEST_WAIT.total_seconds())


def _until(date: str, now: datetime) -> float:
    return (email.utils.parsedate_to_datetime(date) - now).total_seconds()
