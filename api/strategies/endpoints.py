"""Strategies of your own: read at once, kept in versions, checked by a pool before bots may run them.

A strategy is its owner's alone, whatever an administrator; whom he shares it with sees the same strategy, not a copy.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.auth.access import Reader, Trader
from api.auth.subject import Subject
from api.deps import PageDep, ServicesDep, StrategyId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.strategies.schemas import (
    CheckAgain,
    DiffResponse,
    Inspection,
    InspectionResponse,
    RollBack,
    SourceResponse,
    StrategyCreate,
    StrategyPage,
    StrategyResponse,
    TagPut,
    VersionCreate,
    VersionPage,
    VersionResponse,
    finding_body,
    source_body,
    strategy_body,
    version_body,
)
from orchestrator.audit.service import By
from orchestrator.errors import ErrorCode
from orchestrator.strategies import checks, drafts, service
from orchestrator.templates.spec import check_name
from pool.rules.strategy_source import inspect

router = APIRouter(prefix="/strategies", tags=["strategies"], route_class=ExactRoute)

READ_ERRORS = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_EDIT_ERRORS = (*READ_ERRORS, *BODY_ERRORS, ErrorCode.CONFLICT, ErrorCode.PRECONDITION_FAILED)


Ref = Annotated[
    str,
    Path(pattern=r"^[a-z0-9._-]{1,32}$", description="A number, a tag, or `head` for the newest.", examples=["head"]),
]
RefQuery = Annotated[
    str,
    Query(pattern=r"^[a-z0-9._-]{1,32}$", description="A number, a tag, or `head` for the newest.", examples=["1"]),
]
Tag = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,32}$", description="The tag.", examples=["good"])]


def by(caller: Subject, why: str = "") -> By:
    return By(caller.user_id, why)


@router.post(
    "/inspect",
    operation_id="inspectStrategy",
    summary="Read a source",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, *BODY_ERRORS),
)
async def inspect_strategy(body: Inspection, caller: Reader, services: ServicesDep) -> InspectionResponse:
    """What reading alone finds, at once and without keeping anything: whether it parses, what it imports and lacks, and
    what looks as if it saw the future."""
    report = await services.turns.run(caller.user_id, partial(inspect, body.source, body.class_name))
    findings = [finding_body(finding) for finding in report.findings]
    return InspectionResponse(passed=report.passed, class_name=report.class_name, findings=findings)


@router.post(
    "",
    operation_id="createStrategy",
    summary="Keep a strategy",
    status_code=201,
    responses=problems(
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.NOT_ALLOWED,
        ErrorCode.CONFLICT,
        ErrorCode.QUOTA_EXCEEDED,
        *BODY_ERRORS,
    ),
)
async def create_strategy(
    body: StrategyCreate, caller: Trader, services: ServicesDep, response: Response
) -> StrategyResponse:
    """Keeps it as its first version and has one of your pools check it: `head.check` tells how that goes. What is wrong
    at reading is told at once, and kept nevertheless, so that you can go on with it."""
    draft = await services.turns.run(caller.user_id, partial(drafts.read_draft, body.source, body.class_name))
    async with services.writing(caller) as session:
        view = await service.create(session, caller.user_id, check_name(body.name), draft, by(caller), note=body.note)
        answer = strategy_body(view)
    response.headers["Location"] = f"/api/v1/strategies/{answer.id}"
    return answer


@router.get(
    "",
    operation_id="listStrategies",
    summary="List strategies",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_strategies(
    caller: Reader,
    services: ServicesDep,
    page: PageDep,
    archived: Annotated[bool, Query(description="Those that you archived, too.", examples=[False])] = False,
) -> StrategyPage:
    """Yours, and those that others share with you."""
    async with services.reading(caller) as session:
        found = await service.list_(session, limit=page.limit, after=page.after, archived=archived)
        return StrategyPage(items=[strategy_body(view) for view in found.items], next=found.next)


@router.get("/{strategy_id}", operation_id="getStrategy", summary="One strategy", responses=problems(*READ_ERRORS))
async def get_strategy(strategy_id: StrategyId, caller: Reader, services: ServicesDep) -> StrategyResponse:
    """With its newest version, without the source."""
    async with services.reading(caller) as session:
        return strategy_body(await service.get(session, strategy_id))


@router.delete(
    "/{strategy_id}",
    operation_id="archiveStrategy",
    summary="Archive a strategy",
    status_code=204,
    responses=problems(*READ_ERRORS, ErrorCode.CONFLICT),
)
async def archive_strategy(strategy_id: StrategyId, caller: Trader, services: ServicesDep) -> None:
    """Takes it off all lists but that of the archived. Refused while bots run it, those of users whom you shared it
    with included."""
    async with services.writing(caller) as session:
        await service.archive(session, strategy_id, by(caller))


@router.get(
    "/{strategy_id}/versions",
    operation_id="listStrategyVersions",
    summary="List versions",
    responses=problems(*READ_ERRORS),
)
async def list_versions(strategy_id: StrategyId, caller: Reader, services: ServicesDep, page: PageDep) -> VersionPage:
    """Newest first, without sources."""
    async with services.reading(caller) as session:
        found = await service.versions(session, strategy_id, limit=page.limit, after=page.after)
        return VersionPage(items=[version_body(view) for view in found.items], next=found.next)


@router.post(
    "/{strategy_id}/versions",
    operation_id="addStrategyVersion",
    summary="Add a version",
    status_code=201,
    responses=problems(*_EDIT_ERRORS, ErrorCode.QUOTA_EXCEEDED),
)
async def add_version(
    strategy_id: StrategyId, body: VersionCreate, caller: Trader, services: ServicesDep
) -> VersionResponse:
    """The same source as the newest version's adds none and answers that one. No bot changes by this: roll it out."""
    draft = await services.turns.run(caller.user_id, partial(drafts.read_draft, body.source, body.class_name))
    async with services.writing(caller) as session:
        view, _ = await service.add_version(
            session, strategy_id, draft, by(caller), note=body.note, expected_head=body.expected_head
        )
        return version_body(view)


@router.get(
    "/{strategy_id}/versions/{version}",
    operation_id="getStrategyVersion",
    summary="One version",
    responses=problems(*READ_ERRORS),
)
async def get_version(strategy_id: StrategyId, version: Ref, caller: Reader, services: ServicesDep) -> SourceResponse:
    """With its source."""
    async with services.reading(caller) as session:
        return source_body(await service.version(session, strategy_id, version, source=True))


@router.post(
    "/{strategy_id}/versions/{version}/check",
    operation_id="checkStrategyVersion",
    summary="Check a version anew",
    status_code=202,
    responses=problems(*READ_ERRORS, *BODY_ERRORS),
)
async def check_version(
    strategy_id: StrategyId, version: Ref, caller: Trader, services: ServicesDep, body: CheckAgain | None = None
) -> VersionResponse:
    """By the FreqTrade that your pools run now; a deep one with FreqTrade's own analyses. Bots that run it go on
    meanwhile."""
    deep = body is not None and body.deep
    async with services.writing(caller) as session:
        return version_body(await checks.ask_again(session, strategy_id, version, by(caller), deep=deep))


@router.post(
    "/{strategy_id}/roll-back",
    operation_id="rollBackStrategy",
    summary="Bring an old content back",
    status_code=201,
    responses=problems(*_EDIT_ERRORS),
)
async def roll_back(strategy_id: StrategyId, body: RollBack, caller: Trader, services: ServicesDep) -> VersionResponse:
    """As a new version, checked already if the old one was. No bot changes by this: roll it out."""
    async with services.writing(caller) as session:
        view = await service.roll_back(
            session, strategy_id, body.version, by(caller), note=body.note, expected_head=body.expected_head
        )
        return version_body(view)


@router.get(
    "/{strategy_id}/diff",
    operation_id="diffStrategyVersions",
    summary="Compare two versions",
    responses=problems(*READ_ERRORS),
)
async def diff_versions(
    strategy_id: StrategyId, caller: Reader, services: ServicesDep, before: RefQuery, after: RefQuery = "head"
) -> DiffResponse:
    """As a unified diff."""
    async with services.reading(caller) as session:
        old = await service.version(session, strategy_id, before, source=True)
        new = await service.version(session, strategy_id, after, source=True)
    told = await services.turns.run(caller.user_id, partial(drafts.diff, old, new))
    return DiffResponse(before=old.version.number, after=new.version.number, diff=told)


@router.put(
    "/{strategy_id}/tags/{tag}",
    operation_id="tagStrategyVersion",
    summary="Tag a version",
    responses=problems(*READ_ERRORS, *BODY_ERRORS),
)
async def put_tag(
    strategy_id: StrategyId, tag: Tag, body: TagPut, caller: Trader, services: ServicesDep
) -> VersionResponse:
    """Names a version; a tag that another one has moves."""
    async with services.writing(caller) as session:
        return version_body(await service.tag(session, strategy_id, tag, body.version, by(caller)))


@router.delete(
    "/{strategy_id}/tags/{tag}",
    operation_id="untagStrategyVersion",
    summary="Remove a tag",
    status_code=204,
    responses=problems(*READ_ERRORS),
)
async def delete_tag(strategy_id: StrategyId, tag: Tag, caller: Trader, services: ServicesDep) -> None:
    """The version stays."""
    async with services.writing(caller) as session:
        await service.untag(session, strategy_id, tag, by(caller))
