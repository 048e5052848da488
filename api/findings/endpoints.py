"""Findings: in what exchange accounts and the books of their bots differ, and settling that."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from api.auth.access import Reader, TraderSteppedUp
from api.deps import PageDep, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.findings.schemas import (
    AccountList,
    FindingPage,
    FindingResponse,
    SettleRequest,
    account_body,
    finding_body,
)
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bookkeeping.account_rows import readings
from orchestrator.errors import ErrorCode
from orchestrator.findings import service

router = APIRouter(prefix="/findings", tags=["findings"], route_class=ExactRoute)

_READ = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
_SETTLE = (*_READ, ErrorCode.CONFLICT, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)

FindingId = Annotated[
    str, Path(max_length=64, pattern=Text, description="Identity of the finding.", examples=["find-k3v2q7d5mwxz4tha"])
]
State = Annotated[Literal["open", "settled"] | None, Query(description="Only those in this state.", examples=["open"])]
Wallet = Annotated[
    str | None,
    Query(
        max_length=64, pattern=Text, description="Only of this wallet's account.", examples=["wallet-k3v2q7d5mwxz4tha"]
    ),
]


@router.get("", operation_id="listFindings", summary="List findings", responses=problems(*_READ))
async def list_findings(
    caller: Reader, services: ServicesDep, page: PageDep, state: State = None, wallet: Wallet = None
) -> FindingPage:
    """Newest first; administrators see everybody's. While one is open, bots of its account open no new trades."""
    async with services.reading(caller) as session:
        found = await service.list_(session, page.limit, page.after, state, wallet)
        return FindingPage(items=[finding_body(row) for row in found.items], next=found.next)


@router.get("/accounts", operation_id="listAccounts", summary="Exchange accounts", responses=problems(*_READ))
async def list_accounts(caller: Reader, services: ServicesDep) -> AccountList:
    """What your exchange accounts told when they were read last, and whether that was what the ledger says."""
    async with services.reading(caller) as session:
        return AccountList(items=[account_body(row) for row in await readings(session)], next=None)


@router.get("/{finding_id}", operation_id="getFinding", summary="One finding", responses=problems(*_READ))
async def get_finding(finding_id: FindingId, caller: Reader, services: ServicesDep) -> FindingResponse:
    """What was found, the evidence, and what to do about it."""
    async with services.reading(caller) as session:
        return finding_body(await service.get(session, finding_id))


@router.post(
    "/{finding_id}/settle", operation_id="settleFinding", summary="Settle a finding", responses=problems(*_SETTLE)
)
async def settle_finding(
    finding_id: FindingId, body: SettleRequest, caller: TraderSteppedUp, services: ServicesDep
) -> FindingResponse:
    """For its owner and administrators. An acknowledgement counts at once; to adopt it takes some seconds, for which it
    stays open. Most findings settle themselves when the difference is gone."""
    async with services.writing(caller) as session:
        row = await service.settle(session, finding_id, body.how, By(caller.user_id, body.why))
        answer = finding_body(row)
    if body.how == "adopt":
        await services.bus.publish(service.TOPIC, "asked", {})
    return answer
