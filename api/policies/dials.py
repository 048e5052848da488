"""The risk dial and its presets: documents by published formulas (`pool.rules.dial`), shown before they apply."""

from decimal import Decimal

from fastapi import APIRouter

from api.auth.access import Reader
from api.deps import ServicesDep
from api.errors import problems
from api.policies.acts import BODY_ERRORS, READ_ERRORS
from api.policies.places import DefaultSeen
from api.policies.schemas import (
    DialRequest,
    DialResponse,
    PresetPage,
    change_bodies,
    preset_body,
    refused_bodies,
)
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode
from orchestrator.policies import service
from pool.contract.policy import PolicyDocument
from pool.rules import dial
from pool.rules.diff import diff, plain
from pool.rules.guardrails import violations
from pool.rules.presets import PRESETS

router = APIRouter(prefix="/policies", tags=["policies"], route_class=ExactRoute)


@router.get(
    "/presets", operation_id="listPolicyPresets", summary="Presets", responses=problems(ErrorCode.UNAUTHENTICATED)
)
async def list_presets(caller: Reader) -> PresetPage:
    """Named settings of the risk dial, with the document that each writes."""
    return PresetPage(items=[preset_body(one, plain(one.document())) for one in PRESETS.values()], next=None)


@router.post(
    "/dial",
    operation_id="dialPolicy",
    summary="The document of a risk dial",
    responses=problems(*READ_ERRORS, *BODY_ERRORS),
)
async def turn_dial(body: DialRequest, place: DefaultSeen, caller: Reader, services: ServicesDep) -> DialResponse:
    """The whole document for a dial from 0 to 100, or a preset: with x = dial / 100 every figure is
    careful + (bold - careful) * x, so a higher dial tightens nothing. Nothing is changed: put the document to
    `/policies/default` once you have seen it; its `preview` tells what it would do to open trades."""
    async with services.reading(caller) as session:
        row = await service.get(session, place)
        rails = await service.guardrails(session)
    current = service.told(row) if row is not None else None
    zone = body.time_zone or (current.time_zone if isinstance(current, PolicyDocument) else "UTC")
    number, horizon = body.dial or 0, Decimal(1)
    if body.preset is not None:
        number, horizon = PRESETS[body.preset].dial, PRESETS[body.preset].horizon
    made = dial.document(number, horizon=horizon, time_zone=zone, reference_pair=body.reference_pair)
    before = PolicyDocument() if current is None else current
    return DialResponse(
        dial=number,
        horizon=horizon,
        document=plain(made),
        changes=change_bodies(diff(plain(before), plain(made))),
        refused=refused_bodies([] if rails is None else violations(made, rails)),
    )
