"""Invitations: how somebody makes himself an account."""

from fastapi import APIRouter, Request, Response

from api.auth.access import PUBLIC, Admin, AdminSteppedUp, address_of
from api.auth.state import AuthDep
from api.deps import InvitationId, ServicesDep
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.users.schemas import (
    AcceptedResponse,
    InvitationAccept,
    InvitationCreate,
    InvitationMadeResponse,
    InvitationPage,
    invitation_body,
)
from orchestrator.audit.service import By
from orchestrator.errors import ErrorCode
from orchestrator.users import invitations, service

router = APIRouter(prefix="/invitations", tags=["users"], route_class=ExactRoute)

_BODY_ERRORS = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_THROTTLED_AS = "\0invitation"
"""No user's name: tries of one address count together, whatever name they ask for."""


@router.get("", operation_id="listInvitations", summary="Open invitations", responses=problems())
async def list_invitations(admin: Admin, services: ServicesDep) -> InvitationPage:
    """Those that may still be accepted, newest first."""
    async with services.reading(admin) as session:
        rows = await invitations.open_ones(session)
    return InvitationPage(items=[invitation_body(row) for row in rows], next=None)


@router.post(
    "", operation_id="createInvitation", summary="Invite somebody", status_code=201, responses=problems(*_BODY_ERRORS)
)
async def create_invitation(
    body: InvitationCreate, admin: AdminSteppedUp, services: ServicesDep
) -> InvitationMadeResponse:
    """Answers a token, told this once, with which somebody makes himself one account of that role."""
    async with services.writing(admin) as session:
        by = By(admin.user_id, body.reason)
        row, token = await invitations.create(session, by, body.role, body.note, body.expires_at)
    return InvitationMadeResponse(invitation=invitation_body(row), token=token)


@router.delete(
    "/{invitation_id}",
    operation_id="revokeInvitation",
    summary="Take an invitation back",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def revoke_invitation(invitation_id: InvitationId, admin: AdminSteppedUp, services: ServicesDep) -> Response:
    """Nobody may accept it any more."""
    async with services.writing(admin) as session:
        await invitations.revoke(session, By(admin.user_id), invitation_id)
    return Response(status_code=204)


@router.post(
    "/accept",
    operation_id="acceptInvitation",
    summary="Accept an invitation",
    status_code=201,
    dependencies=[PUBLIC],
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.CONFLICT, ErrorCode.TOO_MANY_REQUESTS, *_BODY_ERRORS),
)
async def accept_invitation(
    body: InvitationAccept, request: Request, services: ServicesDep, auth: AuthDep
) -> AcceptedResponse:
    """Makes an account, once; sign in with it then. Where name or password are refused, the invitation stays open."""
    address = address_of(request)
    await auth.throttle.begin(address, _THROTTLED_AS)
    async with services.database.read() as session:
        await invitations.check(session, body.token)
    service.check_name(body.username)
    await auth.passwords.check_new(body.password, body.username)
    password_hash = await auth.passwords.hash(body.password)
    async with services.database.unit_of_work() as session:
        user = await invitations.accept(session, body.token, body.username, password_hash)
    await auth.throttle.succeeded(address, _THROTTLED_AS)
    return AcceptedResponse(id=user.id, username=user.username, role=user.role)
