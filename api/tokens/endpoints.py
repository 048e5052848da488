"""Personal API tokens, for programs: made and revoked by people who are signed in, never by a token."""

from fastapi import APIRouter, Response

from api.auth.access import Admin, AdminSteppedUp, Self, SelfSteppedUp
from api.auth.state import AuthDep
from api.deps import ServicesDep, TokenId, UserId
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.tokens.schemas import TokenCreate, TokenMadeResponse, TokenPage, token_body
from orchestrator.bots import repository as bots
from orchestrator.errors import ErrorCode, InvalidSpec
from orchestrator.users import api_tokens, service
from orchestrator.users.service import ADMIN

router = APIRouter(tags=["tokens"], route_class=ExactRoute)


@router.get("/tokens", operation_id="listTokens", summary="Your API tokens", responses=problems())
async def list_tokens(caller: Self, services: ServicesDep) -> TokenPage:
    """Those that are good, newest first, with their last use."""
    async with services.reading(caller) as session:
        rows = await api_tokens.living(session, caller.user_id)
    return TokenPage(items=[token_body(row) for row in rows], next=None)


@router.post(
    "/tokens",
    operation_id="createToken",
    summary="Make an API token",
    status_code=201,
    responses=problems(ErrorCode.CONFLICT, EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE),
)
async def create_token(body: TokenCreate, caller: SelfSteppedUp, services: ServicesDep) -> TokenMadeResponse:
    """Answers the token, this once. It never reaches further than you do. FreqUI and FreqTrade's own client take it as
    the password at a bot's address."""
    if "admin" in body.scopes and caller.role != ADMIN:
        raise InvalidSpec("Only tokens of administrators have the scope admin; leave it out.", field="scopes")
    async with services.writing(caller.at("view")) as session:
        unknown = set(body.bot_ids or ()) - await bots.living(session, body.bot_ids or ())
        if unknown:
            raise InvalidSpec("You reach no such bot; list the bots to see which you do.", field="bot_ids")
        row, token = await api_tokens.create(
            session, caller.user_id, body.name, body.scopes, body.bot_ids, body.expires_at
        )
    return TokenMadeResponse(api_token=token_body(row), token=token)


@router.delete(
    "/tokens/{token_id}",
    operation_id="revokeToken",
    summary="Revoke an API token",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def revoke_token(token_id: TokenId, caller: Self, services: ServicesDep, auth: AuthDep) -> Response:
    """It is good for nothing from now on; what it holds open ends within a second."""
    async with services.writing(caller) as session:
        await api_tokens.revoke(session, caller.user_id, token_id, caller.user_id)
    auth.principals.forget_token(token_id)
    return Response(status_code=204)


@router.get(
    "/users/{user_id}/tokens",
    operation_id="listUserTokens",
    summary="A user's API tokens",
    responses=problems(ErrorCode.NOT_FOUND),
)
async def list_user_tokens(user_id: UserId, admin: Admin, services: ServicesDep) -> TokenPage:
    """Those that are good, newest first, with their last use."""
    async with services.reading(admin) as session:
        user = await service.find(session, user_id)
        rows = await api_tokens.living(session, user.id)
    return TokenPage(items=[token_body(row) for row in rows], next=None)


@router.delete(
    "/users/{user_id}/tokens/{token_id}",
    operation_id="revokeUserToken",
    summary="Revoke a user's API token",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def revoke_user_token(
    user_id: UserId, token_id: TokenId, admin: AdminSteppedUp, services: ServicesDep, auth: AuthDep
) -> Response:
    """As when it leaked; he may make another one."""
    async with services.writing(admin) as session:
        user = await service.find(session, user_id)
        await api_tokens.revoke(session, user.id, token_id, admin.user_id)
    auth.principals.forget_token(token_id)
    return Response(status_code=204)
