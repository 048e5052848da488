"""Sessions: where one is signed in, and how that is ended. Whatever ends is over at once, open streams within 1 s."""

from fastapi import APIRouter, Response

from api.auth.access import Admin, AdminSteppedUp, Self
from api.auth.state import AuthDep
from api.deps import ServicesDep, SessionId, UserId
from api.errors import problems
from api.routing import ExactRoute
from api.sessions.schemas import SessionPage, SessionsEndedResponse, session_body
from orchestrator.audit import service as audit
from orchestrator.errors import ErrorCode
from orchestrator.users import service, sessions

router = APIRouter(tags=["sessions"], route_class=ExactRoute)


@router.get("/sessions", operation_id="listSessions", summary="Where you are signed in", responses=problems())
async def list_sessions(caller: Self, services: ServicesDep) -> SessionPage:
    """Your sessions that live, newest first."""
    async with services.reading(caller) as session:
        rows = await sessions.living(session, caller.user_id)
    return SessionPage(items=[session_body(row, caller.session_id) for row in rows], next=None)


@router.delete(
    "/sessions/{session_id}",
    operation_id="endSession",
    summary="End a session",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def end_session(session_id: SessionId, caller: Self, services: ServicesDep, auth: AuthDep) -> Response:
    """One of yours, wherever it is."""
    async with services.writing(caller) as session:
        row = await sessions.of_user(session, caller.user_id, session_id)
        await sessions.end(session, row.id, "ended")
        audit.record(session, caller.user_id, "session.end", audit.user(caller.user_id), after={"id": row.id})
    auth.principals.forget(session_id)
    return Response(status_code=204)


@router.delete("/sessions", operation_id="endOtherSessions", summary="Sign out everywhere else", responses=problems())
async def end_other_sessions(caller: Self, services: ServicesDep, auth: AuthDep) -> SessionsEndedResponse:
    """All of yours but the one that asks. API tokens stay; see `/tokens`."""
    async with services.writing(caller) as session:
        ended = await sessions.end_all(session, caller.user_id, "ended", but=caller.session_id)
        audit.record(session, caller.user_id, "session.end_others", audit.user(caller.user_id), after={"ids": ended})
    for session_id in ended:
        auth.principals.forget(session_id)
    return SessionsEndedResponse(ended=len(ended))


@router.get(
    "/users/{user_id}/sessions",
    operation_id="listUserSessions",
    summary="Where a user is signed in",
    responses=problems(ErrorCode.NOT_FOUND),
)
async def list_user_sessions(user_id: UserId, admin: Admin, services: ServicesDep) -> SessionPage:
    """His sessions that live, newest first."""
    async with services.reading(admin) as session:
        user = await service.find(session, user_id)
        rows = await sessions.living(session, user.id)
    return SessionPage(items=[session_body(row, admin.session_id) for row in rows], next=None)


@router.delete(
    "/users/{user_id}/sessions",
    operation_id="endUserSessions",
    summary="Sign a user out",
    responses=problems(ErrorCode.NOT_FOUND),
)
async def end_user_sessions(
    user_id: UserId, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> SessionsEndedResponse:
    """Ends all of his sessions; he may sign in again. API tokens stay."""
    async with services.writing(admin) as session:
        user = await service.find(session, user_id)
        ended = await sessions.end_all(session, user.id, "ended by an administrator")
        audit.record(session, admin.user_id, "session.end_all", audit.user(user.id), after={"ids": ended})
    auth.principals.forget_user(user.id)
    return SessionsEndedResponse(ended=len(ended))


@router.delete(
    "/users/{user_id}/sessions/{session_id}",
    operation_id="endUserSession",
    summary="End a session of a user",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def end_user_session(
    user_id: UserId, session_id: SessionId, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> Response:
    """As when a device was lost; he may sign in again."""
    async with services.writing(admin) as session:
        user = await service.find(session, user_id)
        row = await sessions.of_user(session, user.id, session_id)
        await sessions.end(session, row.id, "ended by an administrator")
        audit.record(session, admin.user_id, "session.end", audit.user(user.id), after={"id": row.id})
    auth.principals.forget(session_id)
    return Response(status_code=204)
