"""What a bot would be before it is made, and the configuration of one that is."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.access import BotViewer, Trader, check_proof
from api.bots.choosing import choose
from api.bots.endpoints import BODY_ERRORS, READ_ERRORS, FoundBot
from api.bots.preview_schemas import (
    BotConfigurationResponse,
    BotPreviewResponse,
    ConfigurationResponse,
    configuration_body,
    memory_body,
    placement_body,
    problem_body,
    quota_body,
    wallet_body,
)
from api.bots.schemas import BotCreate
from api.deps import BotId, Services, ServicesDep
from api.errors import problems
from api.routing import ExactRoute
from orchestrator.bots import previews, quotas
from orchestrator.bots.spec import spec_of
from orchestrator.errors import Error, ErrorCode, InvalidSpec, NotFound, RequestError, TemplateBroken
from orchestrator.strategies import repository as strategies
from orchestrator.templates.own import OWN
from orchestrator.templates.render import render
from orchestrator.templates.shown import DIRECTORY, Origin, given_of, origins, shown
from orchestrator.templates.spec import BotSpec, resolution
from orchestrator.templates.template import Template
from pool.contract.slots import DesiredState, StrategySource

router = APIRouter(prefix="/bots", tags=["bots"], route_class=ExactRoute)


@router.post(
    "/preview",
    operation_id="previewBot",
    summary="Preview a bot",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, *BODY_ERRORS),
)
async def preview_bot(body: BotCreate, caller: Trader, services: ServicesDep) -> BotPreviewResponse:
    """What `POST /bots` would make of the same body, and all for which it would refuse it now; nothing is made. Of a
    bot that trades live it asks for no proof of who you are, but tells that creating it does."""
    found: list[Error] = []
    if body.dry_run is False:
        try:
            check_proof(caller)
        except RequestError as unproved:
            found.append(unproved)
    choice = await choose(services, caller, body)
    found += choice.problems
    template, spec, fields = None, None, {}
    if choice.made_of is not None:
        template, request = choice.made_of
        resolved = resolution(template, request)
        spec, fields = resolved.spec, origins(template, body.model_dump(), choice.of_strategy)
        # That no strategy is named is no problem of its own where the one that is will not do.
        found += [one for one in resolved.problems if not choice.problems or one.params["field"] != "strategy"]
    if spec is not None:
        try:
            await services.markets.check_pairs(spec)
        except InvalidSpec as unknown:
            found.append(unknown)
    async with services.reading(caller.at("operate")) as session:
        around, obstacles = await _around(session, services, caller.user_id, body, template, spec)
        own = None if spec is None else await strategies.source_of(session, spec.strategy_version_id)
    without_strategy = template is OWN and own is None
    told = _configuration(None if without_strategy else template, spec, own, fields)
    return BotPreviewResponse(**dict(told), **around, problems=[problem_body(one) for one in [*found, *obstacles]])


async def _around(
    session: AsyncSession,
    services: Services,
    owner_id: str,
    body: BotCreate,
    template: Template | None,
    spec: BotSpec | None,
) -> tuple[dict[str, Any], Sequence[Error]]:
    """What the bot would take and where it would be, and what stands in its way there."""
    policy = services.pool_policy
    around: dict[str, Any] = dict.fromkeys(("memory", "placement", "wallet"))
    around["quota"] = quota_body(await quotas.get(session, owner_id, policy.quota))
    if template is not None:
        strategy_id = None if body.strategy is None else body.strategy.id
        around["memory"] = memory_body(await previews.estimate(session, owner_id, template.name, strategy_id))
        around["placement"] = placement_body(await previews.place_of(session, owner_id, template.name, policy))
    if spec is None:
        return around, await quotas.refusals(session, owner_id, policy.quota, lock=False)
    found = await previews.obstacles(session, owner_id, spec, policy.quota, body.wallet, body.confirm_live)
    if found.source is not None:
        around["wallet"] = wallet_body(found.source, spec)
    return around, found.problems


@router.get(
    "/{bot_id}/configuration",
    operation_id="getBotConfiguration",
    summary="A bot's configuration",
    responses=problems(*READ_ERRORS),
)
async def get_configuration(
    bot_id: BotId, view: FoundBot, caller: BotViewer, services: ServicesDep
) -> BotConfigurationResponse:
    """What FreqTrade is started with, as the bot is wanted now, with nothing secret in it. What the universal rules
    decide is not in there: see `/policies/bots/{id}/effective`."""
    bot, spec = view.bot, spec_of(view.bot)
    async with services.reading(caller) as session:
        own = await strategies.source_of(session, bot.strategy_version_id)
        version = bot.strategy_version_id
        says = (await strategies.timeframes(session, [version])).get(version) if version is not None else None
    try:
        template, fields = services.catalogue.get(bot.template), {}
    except NotFound as gone:
        told = configuration_body(spec, {}, None, gone.message)
    else:
        fields = origins(template, given_of(template, spec, says), () if says is None else ("timeframe",))
        paused = bot.desired_state == DesiredState.PAUSED
        told = _configuration(template, spec, own, fields, bot_id=bot.id, paused=paused)
    slot = view.status.slot or {}
    taken_over = view.status.observed_generation == bot.generation and slot.get("pid") is not None
    return BotConfigurationResponse(
        **dict(told), generation=bot.generation, in_force=taken_over and told.configuration is not None
    )


def _configuration(
    template: Template | None,
    spec: BotSpec | None,
    own: StrategySource | None,
    fields: Mapping[str, Origin],
    *,
    bot_id: str = DIRECTORY,
    paused: bool = False,
) -> ConfigurationResponse:
    if template is None or spec is None:
        return configuration_body(spec, fields, None, None)
    try:
        found = shown(template, spec, render(template, spec, own), fields, bot_id=bot_id, paused=paused)
    except (TemplateBroken, ValueError, KeyError) as error:  # as the reconciler tells it of the bot
        return configuration_body(spec, fields, None, f"The bot cannot be rendered: {getattr(error, 'message', error)}")
    return configuration_body(spec, fields, found, None)
