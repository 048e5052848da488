"""Web push (RFC 8030): the key that browsers subscribe with, their subscriptions, and a try.

What a browser gets is JSON: `kind` (as subscribed to, or `test`), `type` (an alert's type, or `exit_fill`), `title`,
`text`, `bot_id`, `at`, and `id`, which no other push has.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.auth.access import Self
from api.deps import ServicesDep, Text
from api.errors import EdgeCode, problems
from api.push.schemas import (
    PushKeyResponse,
    PushTest,
    PushTestResponse,
    SubscriptionCreate,
    SubscriptionList,
    SubscriptionResponse,
    subscription_body,
)
from api.routing import ExactRoute
from orchestrator.errors import ErrorCode, InvalidSpec
from orchestrator.push import service
from orchestrator.push.kinds import PushKind
from orchestrator.push.places import Unreachable
from orchestrator.push.vapid import Vapid

router = APIRouter(prefix="/push", tags=["push"], route_class=ExactRoute)

SubscriptionId = Annotated[
    str, Path(max_length=64, pattern=Text, description="Identity of the subscription.", examples=["push-k3v2q7d5"])
]


@router.get("/key", operation_id="getPushKey", summary="What browsers subscribe with", responses=problems())
async def get_push_key(caller: Self, services: ServicesDep) -> PushKeyResponse:
    """The public key of this installation. One that changed means that browsers have to subscribe anew."""
    key = Vapid.of(services.secrets.token_signing_key).public
    return PushKeyResponse(key=key, kinds=[kind.value for kind in PushKind], contact=services.push.contact)


@router.get(
    "/subscriptions", operation_id="listPushSubscriptions", summary="Your browsers with pushes", responses=problems()
)
async def list_push_subscriptions(caller: Self, services: ServicesDep) -> SubscriptionList:
    """With what became of the last push to each."""
    async with services.reading(caller) as session:
        rows = await service.of_user(session, caller.user_id)
    return SubscriptionList(items=[subscription_body(row) for row in rows], next=None)


@router.post(
    "/subscriptions",
    operation_id="createPushSubscription",
    summary="Have a browser get pushes",
    status_code=201,
    responses=problems(ErrorCode.QUOTA_EXCEEDED, ErrorCode.CONFLICT, EdgeCode.MALFORMED_BODY),
)
async def create_push_subscription(
    body: SubscriptionCreate, caller: Self, services: ServicesDep
) -> SubscriptionResponse:
    """A browser has one: told again, by whomever, it takes the place of the former one. Signing out ends its pushes;
    they go on when it tells its subscription again at the next sign-in."""
    try:
        await services.push.places.place_of(body.endpoint)
    except Unreachable as error:
        raise InvalidSpec(str(error), field="endpoint") from None
    async with services.writing(caller) as session:
        row, _ = await service.subscribe(session, caller.user_id, caller.session_id or "", body.browser())
        return subscription_body(row)


@router.delete(
    "/subscriptions/{subscription_id}",
    operation_id="deletePushSubscription",
    summary="Have a browser get no more pushes",
    status_code=204,
    responses=problems(ErrorCode.NOT_FOUND),
)
async def delete_push_subscription(subscription_id: SubscriptionId, caller: Self, services: ServicesDep) -> Response:
    """What waits for it goes along."""
    async with services.writing(caller) as session:
        await service.unsubscribe(session, caller.user_id, subscription_id)
    return Response(status_code=204)


@router.post(
    "/test",
    operation_id="testPush",
    summary="Try a push",
    status_code=202,
    responses=problems(ErrorCode.NOT_FOUND, EdgeCode.MALFORMED_BODY),
)
async def test_push(body: PushTest, caller: Self, services: ServicesDep) -> PushTestResponse:
    """It comes within seconds; `sent_at` and `problem` of the subscription tell what became of it."""
    async with services.writing(caller) as session:
        return PushTestResponse(queued=await service.test(session, caller.user_id, body.subscription_id))
