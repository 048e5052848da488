"""Policies: a user's default, what bots have otherwise, and what follows. Each PUT is a new version, whole or not at
all, in force within a second, without a restart."""

from fastapi import APIRouter, Response

from api.auth.access import Admin, BotOwner, BotViewer, Reader, Trader
from api.auth.subject import Subject as Person
from api.deps import ExpectedVersion, Services, ServicesDep, etag
from api.errors import problems
from api.policies import acts
from api.policies.acts import BODY_ERRORS, CHANGE_ERRORS, READ_ERRORS
from api.policies.places import (
    Confirm,
    DefaultChanged,
    DefaultSeen,
    GuardrailsPlace,
    OverrideChanged,
    OverrideSeen,
    Reason,
)
from api.policies.previews import PreviewResponse
from api.policies.schemas import EffectivePolicyResponse, PolicyResponse
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bots import service as bots
from orchestrator.policies import service
from orchestrator.policies.subjects import Subject
from pool.contract.policy import Guardrails, PolicyDocument, PolicyOverride
from pool.rules.diff import plain
from pool.rules.resolve import in_force

router = APIRouter(prefix="/policies", tags=["policies"], route_class=ExactRoute)
_READ = problems(*READ_ERRORS)
_CHANGE = problems(*CHANGE_ERRORS)
_PUT = problems(*CHANGE_ERRORS, *BODY_ERRORS)
_PREVIEW = problems(*READ_ERRORS, *BODY_ERRORS)


@router.get("/default", operation_id="getDefaultPolicy", summary="Your bots' policy", responses=_READ)
async def get_default(place: DefaultSeen, caller: Reader, services: ServicesDep, response: Response) -> PolicyResponse:
    """The document in force of all your bots, but for what their overrides and guardrails say. The ETag is its
    version."""
    return await _get(services, response, caller, place)


@router.put("/default", operation_id="putDefaultPolicy", summary="Change your bots' policy", responses=_PUT)
async def put_default(
    body: PolicyDocument,
    place: DefaultChanged,
    caller: Trader,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    reason: Reason = "",
    confirm: Confirm = False,
) -> PolicyResponse:
    """A new version, unless it says what the last one says. 422 names the path of what is wrong, or what a guardrail
    forbids; 409 lists the open trades that would be closed at once, unless `confirm` says that this is meant."""
    return await acts.put(services, response, caller, place, body, By(caller.user_id, reason), version, confirm)


@router.get(
    "/default/effective", operation_id="getEffectiveDefaultPolicy", summary="What follows for bots", responses=_READ
)
async def get_effective_default(place: DefaultSeen, caller: Reader, services: ServicesDep) -> EffectivePolicyResponse:
    """What a bot without an override keeps: the default within the guardrails, with the source of every value."""
    return await _effective(services, caller, place)


@router.post("/default/preview", operation_id="previewDefaultPolicy", summary="What would change", responses=_PREVIEW)
async def preview_default(
    body: PolicyDocument, place: DefaultSeen, caller: Reader, services: ServicesDep
) -> PreviewResponse:
    """With this document, what would change right now: stops, levels and closes of every open trade, limits that are
    exceeded already. Changes nothing."""
    return await acts.preview(services, caller, place, body)


@router.get("/bots/{bot_id}", operation_id="getBotPolicy", summary="A bot's own policy", responses=_READ)
async def get_override(
    place: OverrideSeen, caller: BotViewer, services: ServicesDep, response: Response
) -> PolicyResponse:
    """What the bot has otherwise than your default; a null document where it has nothing."""
    return await _get(services, response, caller, place)


@router.put("/bots/{bot_id}", operation_id="putBotPolicy", summary="Change a bot's own policy", responses=_PUT)
async def put_override(
    body: PolicyOverride,
    place: OverrideChanged,
    caller: BotOwner,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    reason: Reason = "",
    confirm: Confirm = False,
) -> PolicyResponse:
    """A section that is given replaces your default's, null switches it off, one that is left out is inherited.
    Refusals as of your default."""
    return await acts.put(services, response, caller, place, body, By(caller.user_id, reason), version, confirm)


@router.delete("/bots/{bot_id}", operation_id="deleteBotPolicy", summary="End a bot's own policy", responses=_CHANGE)
async def delete_override(
    place: OverrideChanged,
    caller: BotOwner,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    reason: Reason = "",
    confirm: Confirm = False,
) -> PolicyResponse:
    """The bot keeps your default again; its versions stay, and can be reverted to."""
    return await acts.drop(services, response, caller, place, By(caller.user_id, reason), version, confirm)


@router.get(
    "/bots/{bot_id}/effective", operation_id="getEffectiveBotPolicy", summary="What a bot keeps", responses=_READ
)
async def get_effective_override(
    place: OverrideSeen, caller: BotViewer, services: ServicesDep
) -> EffectivePolicyResponse:
    """What follows for the bot from default, override and guardrails, with the source of every value; and whether the
    bot says that it keeps it."""
    return await _effective(services, caller, place)


@router.post("/bots/{bot_id}/preview", operation_id="previewBotPolicy", summary="What would change", responses=_PREVIEW)
async def preview_override(
    body: PolicyOverride, place: OverrideSeen, caller: BotViewer, services: ServicesDep
) -> PreviewResponse:
    """The same as for your default, of this bot's trades."""
    return await acts.preview(services, caller, place, body)


@router.get("/guardrails", operation_id="getGuardrails", summary="What binds every policy", responses=_READ)
async def get_guardrails(
    place: GuardrailsPlace, caller: Admin, services: ServicesDep, response: Response
) -> PolicyResponse:
    """For administrators. What of it binds a document, its `effective` tells everybody."""
    return await _get(services, response, caller, place)


@router.put("/guardrails", operation_id="putGuardrails", summary="Change what binds every policy", responses=_PUT)
async def put_guardrails(
    body: Guardrails,
    place: GuardrailsPlace,
    caller: Admin,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    reason: Reason = "",
    confirm: Confirm = False,
) -> PolicyResponse:
    """For administrators. Holds at once for every user and bot, whatever their documents say; 409 as of a default, for
    the trades of all users."""
    return await acts.put(services, response, caller, place, body, By(caller.user_id, reason), version, confirm)


async def _get(services: Services, response: Response, caller: Person, subject: Subject) -> PolicyResponse:
    async with services.reading(caller) as session:
        body = await acts.told(session, subject, await service.get(session, subject))
    response.headers["ETag"] = etag(body.version)
    return body


async def _effective(services: Services, caller: Person, subject: Subject) -> EffectivePolicyResponse:
    assert subject.owner_id is not None
    of_bot = [subject.bot_id] if subject.bot_id is not None else []
    told: str | None = None
    async with services.reading(caller) as session:
        documents = await service.in_force(session, subject.owner_id, of_bot)
        if subject.bot_id is not None:
            slot = (await bots.get(session, None, subject.bot_id)).status.slot
            told = slot.get("policy") if slot is not None and slot.get("pid") is not None else None
    resolved, versions = service.effective(documents, subject.owner_id, subject.bot_id)
    wanted = in_force(resolved, versions)
    return EffectivePolicyResponse(
        label=wanted.label,
        fingerprint=wanted.fingerprint,
        document=plain(wanted.document),
        sources=dict(resolved.sources),
        stake_at_most=wanted.stake_at_most,
        fingerprint_in_force=told,
        in_force=None if told is None else told == wanted.fingerprint,
    )
