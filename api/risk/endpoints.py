"""Risk across bots: what they may do now and why, the kill switch, and its release."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.auth.access import Access, Need, Reader, TraderSteppedUp
from api.auth.subject import Subject
from api.deps import Services, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.risk.schemas import (
    ActResponse,
    HaltRequest,
    ReduceRequest,
    ReleaseRequest,
    RiskResponse,
    Target,
    act_body,
    risk_body,
)
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode
from orchestrator.kit.clock import utc_now
from orchestrator.risk import halts, readings, service
from orchestrator.risk.halts import Bond
from orchestrator.risk.service import Person
from pool.contract.risk import Mode

router = APIRouter(prefix="/risk", tags=["risk"], route_class=ExactRoute)

_READ = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
_ACT = problems(*_READ, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_RELEASE = problems(*_READ, ErrorCode.CONFLICT, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
Brake = Annotated[Subject, Depends(Access(Need.TRADE, level="operate"))]
"""Who may steer a bot may halt it, shared ones included."""
User = Annotated[
    str | None,
    Query(max_length=64, pattern=Text, description="Id or name of another user, for administrators.", examples=["ann"]),
]


@router.get("", operation_id="getRisk", summary="What your bots may do, and why", responses=problems(*_READ))
async def get_risk(caller: Reader, services: ServicesDep, user: User = None) -> RiskResponse:
    """Modes with their reasons, leases, the use of every limit that is set, and reservations of orders under way."""
    async with services.reading(caller) as session:
        target = await service.target_of(session, _person(caller), "user", None, user)
        found = await service.standing(session, target.subject)
        reading = await readings.read(session, target.subject)
    return risk_body(found, reading, utc_now())


@router.post("/halt", operation_id="haltRisk", summary="The kill switch", status_code=202, responses=_ACT)
async def halt(body: HaltRequest, caller: Brake, services: ServicesDep) -> ActResponse:
    """Halts a bot, all bots of a user, or everything (administrators), and with `flatten` closes all of their trades.
    It is written down first, then told to every pool at once, and looked for every second. Once more changes nothing.
    Bots go on running: they stay halted when they are flat, until somebody releases them."""
    return await _bind(services, caller, body, Bond(Mode.HALTED, flatten=body.flatten))


@router.post("/reduce", operation_id="reduceRisk", summary="Only exits from now on", status_code=202, responses=_ACT)
async def reduce(body: ReduceRequest, caller: Brake, services: ServicesDep) -> ActResponse:
    """From now on exits, stops and cancels only; with `fraction`, so much of each open trade is closed, once."""
    return await _bind(services, caller, body, Bond(Mode.REDUCING, reduce_fraction=body.fraction))


@router.post("/release", operation_id="releaseRisk", summary="Let bots trade again", responses=_RELEASE)
async def release(body: ReleaseRequest, caller: TraderSteppedUp, services: ServicesDep) -> ActResponse:
    """Ends all halts of just this scope. It takes two calls: the first answers 409 with the consequences and a
    `confirmation`, which the second one carries within 60 s. Where an administrator releases, flag files that people
    wrote are taken away too."""
    async with services.writing(caller) as session:
        target = await service.target_of(session, _person(caller), body.scope, body.bot_id, body.user)
        done = await service.release(
            session,
            _person(caller),
            target,
            body.reason,
            body.confirmation,
            services.secrets.token_signing_key,
            utc_now(),
        )
    await services.bus.publish(halts.TOPIC, "changed", {})
    return act_body(done)


async def _bind(services: Services, caller: Subject, body: Target, bond: Bond) -> ActResponse:
    async with services.writing(caller) as session:
        target = await service.target_of(session, _person(caller), body.scope, body.bot_id, body.user)
        done = await service.halt(session, _person(caller), target, bond, body.reason)
    await services.bus.publish(halts.TOPIC, "changed", {})
    return act_body(done)


def _person(caller: Subject) -> Person:
    return Person(caller.user_id, caller.administrates)
