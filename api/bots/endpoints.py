"""Bots: create, read, change, delete. What a user wants is written down; the reconciler carries it out."""

import hashlib
import json
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response

from api.auth.access import BotOwner, BotViewer, OwnBotsReader, Trader, check_proof
from api.auth.subject import Subject
from api.bots.choosing import made_of, template_of
from api.bots.schemas import (
    BotCreate,
    BotPage,
    BotPatch,
    BotResponse,
    EventPage,
    OpenTradesChoice,
    StopRequest,
    event_body,
)
from api.bots.telling import answer, bodies
from api.deps import BotId, ExpectedVersion, PageDep, Services, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bots import service
from orchestrator.bots.models import BotModel
from orchestrator.bots.service import BotFilters, BotView, Idempotency
from orchestrator.bots.spec import spec_of
from orchestrator.errors import ErrorCode, InvalidSpec, PreconditionFailed
from orchestrator.kit.money import multiply
from orchestrator.templates.spec import BotRequest, BotSpec, resolve
from pool.contract.events import EventType
from pool.contract.slots import DesiredState, ObservedState

router = APIRouter(prefix="/bots", tags=["bots"], route_class=ExactRoute)

READ_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_FOUND)
CHANGE_ERRORS = (*READ_ERRORS, ErrorCode.CONFLICT, ErrorCode.PRECONDITION_FAILED)
_UPDATE_ATTEMPTS = 5
_SIZES = {"starting_balance", "stake_amount", "max_open_trades"}
BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="Any text that is new for each new bot: the same request sent again with it answers the same bot.",
        examples=["6f1c2f0e-1d1b-4d0e-9c3e-2b7f0a4f8f11"],
    ),
]

OpenTradesQuery = Annotated[
    OpenTradesChoice | None,
    Query(description="`keep` leaves open trades unmanaged, `flatten` closes them first.", examples=["flatten"]),
]


def chosen(query: OpenTradesChoice | None, body: StopRequest | None) -> OpenTradesChoice:
    """What becomes of open trades: the query wins over the body, and without either they are kept."""
    return query or (body.open_trades if body else "keep")


@router.post(
    "",
    operation_id="createBot",
    summary="Create a bot",
    status_code=201,
    responses=problems(
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.CONFLICT,
        ErrorCode.IDEMPOTENCY_MISMATCH,
        ErrorCode.QUOTA_EXCEEDED,
        ErrorCode.STRATEGY_NOT_READY,
        ErrorCode.INSUFFICIENT_FUNDS,
        ErrorCode.NOT_ALLOWED,
        ErrorCode.STEP_UP_REQUIRED,
        *BODY_ERRORS,
    ),
)
async def create_bot(
    body: BotCreate, caller: Trader, services: ServicesDep, response: Response, idempotency_key: IdempotencyKey = None
) -> BotResponse:
    """Creates a bot that shall run; it starts as soon as a pool has a place for it. What the request leaves out comes
    from the template; one of a strategy of your own stays at the version that you name. Where the exchange cannot be
    asked for its pairs, the bot waits in a visible condition. One that trades live (`dry_run: false`) needs an
    administrator's leave, the wallet of an exchange account, its own name as `confirm_live`, and a proof of who you
    are."""
    if body.dry_run is False:
        check_proof(caller)
    idempotency = _idempotency(idempotency_key, body)
    if idempotency is not None:
        async with services.writing(caller) as session:
            before = await service.answered(session, caller.user_id, idempotency)
        if before is not None:
            return await _created(services, caller, before, response)
    template, request = await made_of(services, caller, body)
    spec = resolve(template, request)
    await services.markets.check_pairs(spec)
    async with services.writing(caller.at("operate")) as session:
        bot, _ = await service.create(
            session,
            caller.user_id,
            spec,
            idempotency=idempotency,
            by=By(caller.user_id),
            quota=services.pool_policy.quota,
            wallet_id=body.wallet,
            confirm_live=body.confirm_live,
        )
        view = await service.get(session, caller.user_id, bot.id)
    await _hint(services, bot.id)
    return await _created(services, caller, view, response)


@router.get("", operation_id="listBots", summary="List bots", responses=problems(ErrorCode.UNAUTHENTICATED))
async def list_bots(
    caller: OwnBotsReader,
    services: ServicesDep,
    page: PageDep,
    name: Annotated[
        str | None, Query(max_length=64, pattern=Text, description="Part of the name.", examples=["trend"])
    ] = None,
    template: Annotated[
        str | None, Query(max_length=64, pattern=Text, description="Template.", examples=["trend"])
    ] = None,
    desired_state: Annotated[DesiredState | None, Query(description="Wanted state.", examples=["running"])] = None,
    observed_state: Annotated[ObservedState | None, Query(description="Seen state.", examples=["running"])] = None,
    pool: Annotated[
        str | None, Query(max_length=40, pattern=Text, description="Pool.", examples=["pool-local"])
    ] = None,
    everybody: Annotated[
        bool, Query(description="Everybody's, for administrators; of no effect for others.", examples=[False])
    ] = False,
) -> BotPage:
    """Your bots, and those that others share with you, in the order of their creation."""
    filters = BotFilters(
        name=name, template=template, desired_state=desired_state, observed_state=observed_state, pool=pool
    )
    async with services.reading(caller if everybody else caller.as_user()) as session:
        found = await service.list_(session, None, limit=page.limit, after=page.after, filters=filters, snapshots=False)
    return BotPage(items=await bodies(services, caller, found.items), next=found.next)


async def find_bot(bot_id: BotId, caller: BotViewer, services: ServicesDep) -> BotView:
    """A bot that the caller may see. Raises NotFound."""
    async with services.reading(caller) as session:
        return await service.get(session, None, bot_id)


FoundBot = Annotated[BotView, Depends(find_bot)]


@router.get("/{bot_id}", operation_id="getBot", summary="One bot", responses=problems(*READ_ERRORS))
async def get_bot(view: FoundBot, caller: BotViewer, services: ServicesDep, response: Response) -> BotResponse:
    """The bot as wanted and as seen; the ETag is its generation."""
    return await answer(services, caller, view, response)


@router.patch(
    "/{bot_id}", operation_id="updateBot", summary="Change a bot", responses=problems(*CHANGE_ERRORS, *BODY_ERRORS)
)
async def update_bot(
    bot_id: BotId, body: BotPatch, caller: BotOwner, services: ServicesDep, response: Response, version: ExpectedVersion
) -> BotResponse:
    """Changes what is named. A running bot takes the change over without losing its open trades."""
    view = await _update(services, caller, bot_id, body, version, attempts=_UPDATE_ATTEMPTS)
    await _hint(services, bot_id)
    return await answer(services, caller, view, response)


@router.delete(
    "/{bot_id}",
    operation_id="deleteBot",
    summary="Delete a bot",
    status_code=202,
    responses=problems(*CHANGE_ERRORS, *BODY_ERRORS),
)
async def delete_bot(
    bot_id: BotId,
    caller: BotOwner,
    services: ServicesDep,
    response: Response,
    version: ExpectedVersion,
    open_trades: OpenTradesQuery = None,
    body: StopRequest | None = None,
) -> BotResponse:
    """Stops the bot and takes it away. Its directory with the trades is archived in its pool; its name becomes free.
    `open_trades` may stand in the query or in the body; the query wins."""
    choice = chosen(open_trades, body)
    async with services.writing(caller) as session:
        view = await service.set_desired(session, None, bot_id, "deleted", choice, version, by=By(caller.user_id))
    await _hint(services, bot_id)
    return await answer(services, caller, view, response)


@router.get(
    "/{bot_id}/events", operation_id="listBotEvents", summary="What happened to a bot", responses=problems(*READ_ERRORS)
)
async def list_events(
    bot_id: BotId,
    caller: BotViewer,
    services: ServicesDep,
    page: PageDep,
    type_: Annotated[
        list[EventType] | None, Query(alias="type", description="Only these kinds.", examples=[["trade.exit_fill"]])
    ] = None,
) -> EventPage:
    """Newest first."""
    async with services.reading(caller) as session:
        found = await service.events(session, None, bot_id, limit=page.limit, after=page.after, types=type_)
    return EventPage(items=[event_body(event) for event in found.items], next=found.next)


async def _created(services: Services, caller: Subject, view: BotView, response: Response) -> BotResponse:
    response.headers["Location"] = f"/api/v1/bots/{view.bot.id}"
    return await answer(services, caller, view, response)


async def _update(
    services: Services, caller: Subject, bot_id: str, patch: BotPatch, version: int | None, attempts: int
) -> BotView:
    """The change is worked out on what was read, and written only if that still holds; without If-Match somebody else's
    change in between is no reason to refuse, so it is tried again."""
    async with services.reading(caller) as session:
        before = (await service.get(session, None, bot_id)).bot
    spec = _patched(services, before, patch)
    await services.markets.check_pairs(spec)
    expected = before.generation if version is None else version
    try:
        async with services.writing(caller) as session:
            return await service.update(session, None, bot_id, spec, expected, by=By(caller.user_id))
    except PreconditionFailed:
        if version is not None or attempts <= 1:
            raise
    return await _update(services, caller, bot_id, patch, version, attempts - 1)


def _patched(services: Services, bot: BotModel, patch: BotPatch) -> BotSpec:
    spec = spec_of(bot)
    changes = {name: value for name, value in patch.model_dump().items() if value is not None}
    if "parameters" in changes:
        changes["parameters"] = {**spec.parameters, **changes["parameters"]}
    balance = changes.get("starting_balance", spec.starting_balance)
    if balance != spec.starting_balance and bot.desired_state != DesiredState.STOPPED:
        raise InvalidSpec(
            "starting_balance can change only while the bot is stopped; stop it first.", field="starting_balance"
        )
    template, kept = template_of(services, spec.template), spec.starting_balance
    if changes.keys() & _SIZES:
        return resolve(template, BotRequest.model_validate({**spec.model_dump(), **changes}))
    # What was taken back since may leave less than the stakes, which then are no reason to refuse another change.
    enough = max(kept, multiply(spec.stake_amount, Decimal(spec.max_open_trades)))
    request = BotRequest.model_validate({**spec.model_dump(), **changes, "starting_balance": enough})
    return resolve(template, request).model_copy(update={"starting_balance": kept})


def _idempotency(key: str | None, body: BotCreate) -> Idempotency | None:
    if key is None:
        return None
    canonical = json.dumps(_canonical(body.model_dump(exclude_none=True)), sort_keys=True)
    return Idempotency(key, hashlib.sha256(canonical.encode()).hexdigest())


def _canonical(value: Any) -> Any:
    """The same for what means the same: amounts `100`, `"100.0"` and `1e2`, parameters `14` and `14.0`."""
    if isinstance(value, dict):
        return {key: _canonical(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, float | Decimal):
        return repr(Decimal(str(value)).normalize())
    return repr(Decimal(value).normalize()) if type(value) is int else value


async def _hint(services: Services, bot_id: str) -> None:
    """Wakes the reconciler; it would look by itself within a second."""
    await services.bus.publish("hints", "reconcile", {"bot_id": bot_id})
