"""Versions of a document: list, compare, bring back. The same three routes for each kind of document."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.auth.access import Admin, BotOwner, BotViewer, Reader, Trader
from api.deps import ExpectedVersion, PageDep, ServicesDep
from api.errors import problems
from api.policies import acts
from api.policies.acts import BODY_ERRORS, CHANGE_ERRORS, READ_ERRORS
from api.policies.places import (
    Confirm,
    default_changed,
    default_seen,
    guardrails_place,
    override_changed,
    override_seen,
)
from api.policies.schemas import DiffResponse, PolicyPage, PolicyResponse, RevertRequest, change_bodies, policy_body
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.policies import service
from orchestrator.policies.subjects import Subject
from orchestrator.users import repository as users

router = APIRouter(prefix="/policies", tags=["policies"], route_class=ExactRoute)


Seen = Callable[..., Awaitable[Subject]]


def _add_routes(path: str, of_what: str, name: str, seen: Seen, changed: Seen, reader: Any, changer: Any) -> None:
    @router.get(
        f"{path}/versions",
        operation_id=f"list{name}Versions",
        summary=f"Versions of {of_what}",
        responses=problems(*READ_ERRORS),
    )
    async def list_versions(
        place: Annotated[Subject, Depends(seen)], caller: reader, services: ServicesDep, page: PageDep
    ) -> PolicyPage:
        """Newest first; nothing is ever taken away."""
        async with services.reading(caller) as session:
            found = await service.versions(session, place, limit=page.limit, after=page.after)
            names = await users.names(session, {row.actor for row in found.items})
        return PolicyPage(items=[policy_body(place, row, names) for row in found.items], next=found.next)

    @router.get(
        f"{path}/diff",
        operation_id=f"diff{name}",
        summary=f"Two versions of {of_what} compared",
        responses=problems(*READ_ERRORS),
    )
    async def compare(
        place: Annotated[Subject, Depends(seen)],
        caller: reader,
        services: ServicesDep,
        before: Annotated[
            int,
            Query(alias="from", ge=0, le=2**31 - 1, description="A version; 0: the empty document.", examples=[1]),
        ],
        after: Annotated[int, Query(alias="to", ge=0, le=2**31 - 1, description="Another one.", examples=[2])],
    ) -> DiffResponse:
        """What must change for the one to become the other, by path."""
        async with services.reading(caller) as session:
            changes = await service.compare(session, place, before, after)
        return DiffResponse(from_version=before, to_version=after, changes=change_bodies(changes))

    @router.post(
        f"{path}/revert",
        operation_id=f"revert{name}",
        summary=f"Bring back a version of {of_what}",
        responses=problems(*CHANGE_ERRORS, *BODY_ERRORS),
    )
    async def revert(
        body: RevertRequest,
        place: Annotated[Subject, Depends(changed)],
        caller: changer,
        services: ServicesDep,
        response: Response,
        version: ExpectedVersion,
        confirm: Confirm = False,
    ) -> PolicyResponse:
        """A new version with what the old one said; refused as a PUT of it would be."""
        by = By(caller.user_id, body.reason)
        return await acts.revert(services, response, caller, place, body.version, by, version, confirm)


_add_routes("/default", "your bots' policy", "DefaultPolicy", default_seen, default_changed, Reader, Trader)
_add_routes("/bots/{bot_id}", "a bot's own policy", "BotPolicy", override_seen, override_changed, BotViewer, BotOwner)
_add_routes("/guardrails", "what binds every policy", "Guardrails", guardrails_place, guardrails_place, Admin, Admin)
