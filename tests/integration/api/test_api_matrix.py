"""Every route by every principal: who is refused, with what, follows from the policy that the route declares. Nothing
of a tenant's shows in a refusal, ids of others answer 404, nothing answers 5xx or what it does not declare."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from loguru import logger
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.auth.access import Need
from api.paths import is_relayed
from orchestrator.users import api_tokens
from orchestrator.users.models import ApiTokenModel, SessionModel
from tests.fakes.signed_in import token_of
from tests.integration.api import matrix
from tests.integration.api.matrix import MARK, PRINCIPALS, Principal, Route, Tenant, expected
from tests.integration.api.world import OTHER, World, open_world

VIEWER, ADMIN = "user-viewer", "user-admin"
_BUDGETS = (
    "sign_ins_per_minute",
    "requests_per_address_per_minute",
    "reads_per_minute",
    "changes_per_minute",
    "relays_per_minute",
    "requests_per_token_per_minute",
)
LIMITS: dict[str, Any] = dict.fromkeys(_BUDGETS, 10_000_000)
UNFIT = {400, 404, 405, 415, 422}
"""What an entitled caller is answered whose request is none that fits the route."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    code: str
    text: str


@dataclass
class Stage:
    """The world with everybody in it, and the sockets to ask it through."""

    world: World
    client: httpx.AsyncClient
    document: dict[str, Any]
    tenant: Tenant

    async def headers(self, who: Principal, tenant: Tenant) -> dict[str, str]:
        """What he shows."""
        if who.name not in tenant.shown:
            tenant.shown[who.name] = await self._headers(who, tenant)
        return tenant.shown[who.name]

    async def somebody_new(self, who: Principal) -> Tenant:
        """For what somebody does to his own account: a tenant, and a user for him who is nobody's but this call's."""
        tenant = await Tenant(self.world).begin()
        if not who.owns:
            tenant.shown[who.name] = await self._nobody_else(who.role, given=who.given)
        return tenant

    async def _headers(self, who: Principal, tenant: Tenant) -> dict[str, str]:
        match who.name:
            case "anonymous":
                return {}
            case "expired access token":
                return _bearer(token_of(tenant.user_id, lifetime_seconds=-60))
            case "revoked session":
                return _bearer(await self._in_session(tenant.user_id, "revoked", revoked=True))
            case "revoked API token":
                return _bearer(await self._token(tenant.user_id, "admin", revoked=True))
            case "other tenant":
                return _bearer(token_of(OTHER))
            case "given password":
                return await self._nobody_else(who.role, given=True)
            case "viewer" | "friend":
                user_id = VIEWER if who.name == "viewer" else "user-friend"
                await self._share(tenant, user_id, who.reach)
                return _bearer(token_of(user_id))
            case "trader":
                return tenant.headers
            case "admin":
                return _bearer(token_of(ADMIN))
            case "trader who proved long ago" | "admin who proved long ago":
                return _bearer(await self._in_session(ADMIN if who.role == "admin" else tenant.user_id, "stale"))
            case "token for the bot" | "token for another bot":
                own = who.name == "token for the bot"
                bot_id = await tenant.value("bot_id") if own else await self._another_bot(tenant)
                return _bearer(await self._token(tenant.user_id, who.scope, [bot_id]))
        return _bearer(await self._token(ADMIN if who.role == "admin" else tenant.user_id, who.scope))

    async def _nobody_else(self, role: str, *, given: bool) -> dict[str, str]:
        """What somebody shows who has nothing, and is made for this."""
        somebody = await Tenant(self.world).begin(role)
        if given:
            await self.world.change_user(somebody.user_id, password_given=True)
        return somebody.headers

    async def ask(self, route: Route, who: Principal, tenant: Tenant) -> Answer:
        """One call, with the body and the query that the document shows."""
        headers, path = await self.headers(who, tenant), await tenant.filled(route)
        if route.method == "WS":
            return await self._dial(path + matrix.SOCKET_QUERIES.get(route.path, ""), headers)
        body = await matrix.body_for(self.document, route, tenant)
        query = matrix.example_query(route)
        async with self.client.stream(route.method, path, json=body, params=query, headers=headers) as answer:
            kind = answer.headers.get("content-type", "")
            text = "" if kind.startswith("text/event-stream") else (await answer.aread()).decode(errors="replace")
            code = json.loads(text)["code"] if kind == "application/problem+json" and text else ""
            return Answer(answer.status_code, code, text)

    async def _dial(self, path: str, headers: dict[str, str]) -> Answer:
        url = str(self.client.base_url).replace("http", "ws").rstrip("/") + path
        try:
            async with connect(url, additional_headers=headers, proxy=None, open_timeout=60):
                return Answer(101, "", "")
        except InvalidStatus as refused:
            text = refused.response.body.decode()
            return Answer(refused.response.status_code, json.loads(text)["code"], text)

    async def _in_session(self, user_id: str, name: str, *, revoked: bool = False) -> str:
        """An access token of one more session."""
        key = f"{user_id}-{name}"
        async with self.world.rig.database.unit_of_work() as session:
            if await session.get(SessionModel, f"session-{key}") is None:
                session.add(matrix.old_session(user_id, name, revoked=revoked))
        return token_of(user_id, session=f"session-{key}")

    async def _token(self, user_id: str, scope: str, bot_ids: list[str] | None = None, *, revoked: bool = False) -> str:
        async with self.world.rig.database.unit_of_work() as session:
            row, token = await api_tokens.create(session, user_id, scope, [scope], bot_ids, None)
            if revoked:
                (await session.get_one(ApiTokenModel, row.id)).revoked_at = row.created_at
        return token

    async def _share(self, tenant: Tenant, user_id: str, level: str) -> None:
        if f"shared-{user_id}" not in tenant.made:
            tenant.made[f"shared-{user_id}"] = await matrix.share(tenant, user_id, await tenant.value("bot_id"), level)

    async def _another_bot(self, tenant: Tenant) -> str:
        if "another" not in tenant.made:
            tenant.made["another"] = await matrix.MAKERS["bot_id"](tenant)
        return tenant.made["another"]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    logger.disable("api")
    try:
        async with open_world(tmp_path, **LIMITS) as world:
            for user_id, role in ((VIEWER, "viewer"), ("user-friend", "trader"), (ADMIN, "admin")):
                await Tenant(world, user_id).begin(role)
            tenant = await Tenant(world).begin()
            # A connection for each call: on a slow machine one that is kept is closed while it is taken up again.
            limits = httpx.Limits(max_keepalive_connections=0)
            async with (
                world.serving() as served,
                httpx.AsyncClient(base_url=served.base_url, timeout=120, limits=limits) as client,
            ):
                yield Stage(world, client, world.app.openapi(), tenant)
    finally:
        logger.enable("api")


@pytest.mark.timeout(600)
async def test_every_route_answers_every_principal_as_it_declares(stage: Stage) -> None:
    routes, tenant = matrix.routes_of(stage.world), stage.tenant
    unknown = {name for route in routes for name in route.parameters if name not in matrix.MAKERS}
    assert not unknown, f"say in matrix.MAKERS what these are: {unknown}"
    for name in matrix.MAKERS:
        await tenant.value(name)
    for who in PRINCIPALS:
        await stage.headers(who, tenant)
    before = [await _lasting(tenant, path) for path in LISTS]
    wrong = await _refusals(stage, routes)
    if [await _lasting(tenant, path) for path in LISTS] != before:
        wrong.append("what was asked for in vain changed something")
    wrong += await _entries(stage, routes)
    assert not wrong, "\n".join([f"{len(wrong)} of {len(routes) * len(PRINCIPALS)}", *wrong])


async def _refusals(stage: Stage, routes: Sequence[Route]) -> list[str]:
    """Of all who must not get in, what is wrong with their answers."""
    refused = [(route, who) for who in PRINCIPALS for route in routes if expected(route, who) is not None]
    return await _judge([(route, who, stage.tenant) for route, who in refused], stage)


async def _entries(stage: Stage, routes: Sequence[Route]) -> list[str]:
    """Of all who get in. What they change is somebody's who is made for the route; the trader, or the administrator,
    comes first. To their own accounts they do it as somebody who is made for the call."""
    relayed = await Tenant(stage.world).begin()
    await relayed.value("bot_id")
    apart = {route: relayed if is_relayed(route.path) else await Tenant(stage.world).begin() for route in routes}
    wrong = []
    for who in [*(matrix.FIRST), *(one for one in PRINCIPALS if one not in matrix.FIRST)]:
        asked = []
        for route in routes:
            if expected(route, who) is None and not (is_relayed(route.path) and who.name not in RELAYED_BY):
                own = route.changes and route.access.need is Need.SELF
                tenant = await stage.somebody_new(who) if own else apart[route] if route.changes else stage.tenant
                await tenant.filled(route)
                await stage.headers(who, tenant)
                asked.append((route, who, tenant))
        wrong += await _judge(asked, stage)
    return wrong


async def _judge(asked: Sequence[tuple[Route, Principal, Tenant]], stage: Stage) -> list[str]:
    """What is wrong with the answers; some are asked for at a time."""
    turn = asyncio.Semaphore(12)

    async def ask(route: Route, who: Principal, tenant: Tenant) -> list[str]:
        async with turn:
            answer = await stage.ask(route, who, tenant)
        return [f"{route} by {who.name}: {what}" for what in _faults(route, who, expected(route, who), answer)]

    return [fault for faults in await asyncio.gather(*(ask(*one) for one in asked)) for fault in faults]


RELAYED_BY = {"trader", "viewer", "friend", "token trade", "anonymous"}
"""What is relayed is asked for by these of all who get in: a hundred routes of four policies."""
LISTS = ("/bots", "/wallets", "/strategies", "/shares", "/tokens", "/exchange-keys", "/sessions")


async def _lasting(tenant: Tenant, path: str) -> set[str]:
    """What a list has of what only acts change."""
    items = (await tenant.call("GET", path))["items"]
    return {f"{one.get('id')} {one.get('name')} {one.get('state')} {one.get('desired_state')}" for one in items}


def _faults(route: Route, who: Principal, refusal: tuple[int, str] | None, answer: Answer) -> list[str]:
    if answer.status >= 500:
        return [f"{answer.status} {answer.text[:300]}"]
    if refusal is not None:
        faults = [] if (answer.status, answer.code) == _seen(route, refusal) else [
            f"{answer.status} {answer.code} instead of {refusal}: {answer.text[:200]}"
        ]  # fmt: skip
        return faults + (["it tells what is private"] if MARK in answer.text else [])
    if answer.status == 401 and answer.code == "unauthenticated" and route.access.need is not Need.NOBODY:
        return [f"401 {answer.text[:200]}"]
    if answer.status == 403 and answer.code in ("not_allowed", "step_up_required"):
        return [f"403 {answer.text[:300]}"]
    fits = answer.status not in UNFIT or answer.status == UNFIT_HERE.get(str(route)) or is_relayed(route.path)
    if not fits and route.access.need is not Need.NOBODY and who is matrix.entitled(route):
        return [f"the rig has no request that fits: {answer.status} {answer.text[:300]}"]
    declared = (route.operation or {}).get("responses")
    if declared is not None and "default" not in declared and str(answer.status) not in declared:
        return [f"{answer.status} is not declared: {answer.text[:200]}"]
    return []


def _seen(route: Route, refusal: tuple[int, str]) -> tuple[int, str]:
    """HEAD has no body."""
    return (refusal[0], "") if route.method == "HEAD" else refusal


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


UNFIT_HERE = {
    "POST /api/v1/auth/totp/confirm": 404,  # no authenticator app is half added
    "DELETE /api/v1/auth/totp": 404,
    "POST /api/v1/auth/passkeys": 422,  # needs an authenticator's answer
    "POST /api/v1/auth/oidc/{provider}/link": 404,  # no provider is set up
    "POST /api/v1/auth/oidc/{provider}/step-up": 404,
    "POST /api/v1/bots/{bot_id}/strategy": 422,  # the bot runs a template's
    "GET /api/v1/policies/default/diff": 404,  # there is no version yet
    "POST /api/v1/policies/default/revert": 404,
    "GET /api/v1/policies/bots/{bot_id}/diff": 404,
    "POST /api/v1/policies/bots/{bot_id}/revert": 404,
    "GET /api/v1/policies/guardrails/diff": 404,
    "POST /api/v1/policies/guardrails/revert": 404,
    "POST /api/v1/exchange-keys/{key_id}/replace": 422,  # by a key of the same account alone
    "DELETE /api/v1/moves/{bot_id}": 404,  # the bot is not being moved
    "POST /api/v1/rollouts": 422,  # pools are none of a driver's
}
"""What routes answer a good request in this world, each for a reason; they are judged like all others otherwise."""
