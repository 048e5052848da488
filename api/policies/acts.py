"""What the routes of all documents have in common: write one, once whoever it would surprise was asked."""

from fastapi import Response
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.subject import Subject as Person
from api.deps import Services, etag
from api.errors import EdgeCode
from api.policies.previews import PreviewResponse, TradePreviewResponse, preview_body, trade_body
from api.policies.schemas import PolicyResponse, policy_body
from orchestrator.audit.service import By
from orchestrator.bots import repository as bots
from orchestrator.errors import Conflict, ErrorCode
from orchestrator.kit.clock import utc_now
from orchestrator.policies import service
from orchestrator.policies.models import PolicyVersionModel
from orchestrator.policies.subjects import Content, Subject
from orchestrator.portfolio.whatif import TradeWhatIf, surprising_anywhere, what_if
from orchestrator.users import repository as users

READ_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT)
CHANGE_ERRORS = (*READ_ERRORS, ErrorCode.PRECONDITION_FAILED)
BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_TRADES_TOLD = 50
_SENTENCES = 5


async def put(
    services: Services,
    response: Response,
    caller: Person,
    subject: Subject,
    content: Content,
    by: By,
    version: int | None,
    confirm: bool,
) -> PolicyResponse:
    """Raises InvalidSpec, Conflict where trades would be closed at once and nobody confirmed it, PreconditionFailed."""
    if not confirm:
        async with services.reading(caller) as session:
            await service.check(session, subject, content)
            _refuse_surprises(await _surprising(session, subject, content))
    async with services.writing(caller) as session:
        await _hold(session, subject)
        body = await told(session, subject, await service.put(session, subject, content, by, version))
    return await _answer(services, response, subject, body)


async def drop(
    services: Services,
    response: Response,
    caller: Person,
    subject: Subject,
    by: By,
    version: int | None,
    confirm: bool,
) -> PolicyResponse:
    """As `put`, of no document."""
    if not confirm:
        async with services.reading(caller) as session:
            _refuse_surprises(await _surprising(session, subject, None))
    async with services.writing(caller) as session:
        await _hold(session, subject)
        body = await told(session, subject, await service.drop(session, subject, by, version))
    return await _answer(services, response, subject, body)


async def revert(
    services: Services,
    response: Response,
    caller: Person,
    subject: Subject,
    to_version: int,
    by: By,
    version: int | None,
    confirm: bool,
) -> PolicyResponse:
    """As `put`, of what an old version said."""
    if not confirm:
        async with services.reading(caller) as session:
            old = service.told(await service.at_version(session, subject, to_version))
            _refuse_surprises(await _surprising(session, subject, old))
    async with services.writing(caller) as session:
        await _hold(session, subject)
        body = await told(session, subject, await service.revert(session, subject, to_version, by, version))
    return await _answer(services, response, subject, body)


async def preview(services: Services, caller: Person, subject: Subject, content: Content) -> PreviewResponse:
    """Raises InvalidSpec."""
    assert subject.owner_id is not None
    async with services.reading(caller) as session:
        await service.check(session, subject, content)
        found = await what_if(session, subject.owner_id, {subject.key: content}, utc_now(), subject.bot_id)
        row = await service.get(session, subject)
    before = row.document if row is not None else None
    return preview_body(found, service.changes_of(subject, before, service.shown(content)))


async def told(session: AsyncSession, subject: Subject, row: PolicyVersionModel | None) -> PolicyResponse:
    """A version, with the name of who wrote it; None: nobody wrote one yet."""
    names = {} if row is None else await users.names(session, {row.actor})
    return policy_body(subject, row, names)


async def _answer(services: Services, response: Response, subject: Subject, body: PolicyResponse) -> PolicyResponse:
    """What was written; bots are told at once."""
    await services.bus.publish("hints", "reconcile", {"policy": subject.key})
    response.headers["ETag"] = etag(body.version)
    return body


async def _hold(session: AsyncSession, subject: Subject) -> None:
    """Who locks a bot and its owner does so in this order: the version refers to both."""
    if subject.bot_id is not None:
        await bots.locked(session, [subject.bot_id])


async def _surprising(session: AsyncSession, subject: Subject, content: Content | None) -> list[TradeWhatIf]:
    instead = {subject.key: content}
    if subject.owner_id is None:
        return await surprising_anywhere(session, instead, utc_now())
    return (await what_if(session, subject.owner_id, instead, utc_now(), subject.bot_id)).surprising


def _refuse_surprises(surprising: list[TradeWhatIf]) -> None:
    if not surprising:
        return
    shown = [trade_body(one) for one in surprising[:_TRADES_TOLD]]
    first = "; ".join(_sentence(one) for one in shown[:_SENTENCES])
    trades = "1 open trade" if len(surprising) == 1 else f"{len(surprising)} open trades"
    would = "would" if all(one.fires for one in surprising) else "would, or might,"
    raise Conflict(
        f"{trades} {would} be closed at once, wholly or in part: {first}. Send it again with "
        "confirm=true if that is meant.",
        field="confirm",
        count=len(surprising),
        trades=[one.model_dump(mode="json") for one in shown],
    )


def _sentence(trade: TradePreviewResponse) -> str:
    close = trade.closes_at_once
    if close is None:
        rules = " and ".join(trade.unknown)
        return f"{trade.pair} of {trade.bot} perhaps by {rules}, since its bot tells no ATR of that period"
    return f"{trade.pair} of {trade.bot} by {close.rule}"
