"""Who asks and for what, in the test of every route by every principal: `test_api_matrix`.

Routes, parameters and bodies come from the application and its OpenAPI document, so a new route is in it by itself.
What a route's path names is made by the tables here; one that they do not know fails the test, it is not skipped.
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pwdlib import PasswordHash
from sqlmodel import col, select

from api.auth.access import Access, Need, policies
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.findings.models import FindingModel
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel, RolloutModel
from orchestrator.strategies.models import StrategyRolloutModel, StrategyVersionModel
from orchestrator.users import api_tokens
from orchestrator.users.factor_models import IdentityModel, PasskeyModel
from orchestrator.users.models import InvitationModel, SessionModel, ShareModel, UserModel
from orchestrator.wallets.models import WalletModel
from pool.rules.presets import PRESETS
from tests.fakes.push_service import Browser
from tests.fakes.signed_in import session_of, token_of
from tests.integration.api.world import POOL, World

MARK = "marked-as-private"
"""In the names of all that is somebody's: a refusal shows none of it."""
SECOND_SESSION = "again"
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = PasswordHash.recommended().hash(PASSWORD)


SOCKET_QUERIES = {"/api/v1/market/stream": "?exchange=paper&pair=BTC/USDT"}
"""Of WebSockets, which the document does not show."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One operation and what it demands."""

    method: str
    path: str
    access: Access
    operation: Mapping[str, Any] | None
    """Of the OpenAPI document; None where it is not in there."""

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS", "WS")

    @property
    def parameters(self) -> list[str]:
        return [part[1:-1].partition(":")[0] for part in self.path.split("/") if part.startswith("{")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes_of(world: World) -> list[Route]:
    """Every operation of the application, WebSockets (`WS`) included."""
    paths = world.app.openapi()["paths"]
    return [
        Route(method.upper(), path, access, paths.get(path, {}).get(method))
        for path, methods, access in policies(world.app.routes)
        for method in sorted(methods) or ["ws"]
    ]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks, as far as policies look at him. `reach` is what he may do with the tenant's bot."""

    name: str
    role: str = "trader"
    scope: str = "admin"
    """The widest of his token; sessions have all."""
    session: bool = True
    alive: bool = True
    proved: bool = True
    owns: bool = False
    """Whether the tenant's other things are his."""
    reach: str = "none"
    single: bool = False
    """By a token for single bots."""
    given: bool = False
    """In a session that began with a password which an administrator gave him."""

    @property
    def administrates(self) -> bool:
        return self.role == "admin" and self.scope == "admin"


PRINCIPALS = [
    Principal("anonymous", alive=False),
    Principal("expired access token", alive=False),
    Principal("revoked session", alive=False),
    Principal("revoked API token", alive=False, session=False),
    Principal("other tenant"),
    Principal("given password", given=True),
    Principal("trader", owns=True, reach="own"),
    Principal("trader who proved long ago", owns=True, reach="own", proved=False),
    Principal("admin", role="admin", reach="own"),
    Principal("viewer", role="viewer", reach="view"),
    Principal("friend", reach="operate"),
    Principal("admin who proved long ago", role="admin", reach="own", proved=False),
    Principal("token read", scope="read", session=False, proved=False, owns=True, reach="own"),
    Principal("token trade", scope="trade", session=False, proved=False, owns=True, reach="own"),
    Principal("token admin", role="admin", session=False, proved=False, reach="own"),
    Principal("token for the bot", scope="trade", session=False, proved=False, owns=True, reach="own", single=True),
    Principal("token for another bot", scope="trade", session=False, proved=False, owns=True, single=True),
]
FIRST = [who for who in PRINCIPALS if who.name in ("trader", "admin")]
"""The first of those who get in is one of them: the rig's request must be one that fits."""
_REACHES = ("none", "view", "operate", "own")
_SCOPES = ("read", "trade", "admin")

ADMIN_SEES = {"bot_id", "pool_id", "user_id", "finding_id", "invitation_id", "name", "share_id", "rollout_id"}
"""Parameters that name what an administrator reaches although it is somebody else's; the rest is its owner's alone."""
NOBODYS = {
    "name",
    "exchange",
    "path",
    "version",
    "tag",
    "username",
    "strategy",
    "tradeid",
    "trade_id",
    "lockid",
    "jobid",
    "file",
    "provider",
}
"""Parameters that name nothing of a tenant's by themselves."""


OTHER_CREDENTIALS = ("/freqtrade/api/v1/token/login", "/freqtrade/api/v1/token/refresh")
"""Ends of paths that take neither access tokens nor API tokens as Bearer: FreqTrade's own way of signing in."""
OWNERS_ALONE = {"PATCH /api/v1/shares/{share_id}"}
"""What an administrator sees and must not change."""


def expected(route: Route, who: Principal) -> tuple[int, str] | None:
    """Status and code that he is refused with, from what the route declares; None where he gets in."""
    access = route.access
    if access.need is Need.NOBODY:
        return None
    if not who.alive or route.path.endswith(OTHER_CREDENTIALS):
        return 401, "unauthenticated"
    if who.given and not access.at_first:
        return 403, "password_change_required"
    if "path" in route.parameters and who.reach != "none":
        return None  # FreqTrade has no such route, whoever asks
    forbidden = (
        (not who.session and (access.need is Need.SELF or access.step_up))
        or (access.need is Need.ADMIN and not who.administrates)
        or (access.need is Need.TRADE and (who.role == "viewer" or _SCOPES.index(who.scope) < 1))
        or (who.single and access.bot is None and not access.single_bots)
    )
    if forbidden:
        return 403, "not_allowed"
    if access.bot is not None:
        if who.reach == "none":
            return 404, "not_found"
        if _REACHES.index(who.reach) < _REACHES.index(access.bot):
            return 403, "not_allowed"
    if access.step_up and not who.proved:
        return 403, "step_up_required"
    if str(route) in OWNERS_ALONE and not who.owns and who.administrates:
        return 403, "not_allowed"
    if any(_is_hidden(name, route, who) for name in route.parameters):
        return 404, "not_found"
    return None


def entitled(route: Route) -> Principal | None:
    """Who of those comes first to the route."""
    return next((who for who in FIRST if expected(route, who) is None), None)


def _is_hidden(name: str, route: Route, who: Principal) -> bool:
    if name == "rollout_id" and "/strategies/" in route.path:
        return not who.owns
    if who.administrates and "user_id" in route.parameters:  # an administrator's view of one user
        return False
    if name in NOBODYS or who.owns or (name == "bot_id" and route.access.bot is not None):
        return False
    return not (who.administrates and name in ADMIN_SEES)


_numbers = itertools.count(1)


@dataclass
class Tenant:
    """A user with a thing of each kind, made when first asked for."""

    world: World
    user_id: str = field(default_factory=lambda: f"user-{MARK[:6]}-{next(_numbers)}")
    made: dict[str, str] = field(default_factory=dict)
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    """What principals show who ask for his things, by their names."""

    async def begin(self, role: str = "trader") -> "Tenant":
        """The user himself, with two sessions."""
        now = utc_now()
        async with self.world.rig.database.unit_of_work() as session:
            session.add(
                UserModel(
                    id=self.user_id, username=self.user_id, password_hash=PASSWORD_HASH, role=role, created_at=now,
                    may_trade_live=True,
                )
            )  # fmt: skip
            await session.flush()
            session.add(session_of(self.user_id))
            session.add(_session(self.user_id, SECOND_SESSION))
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {token_of(self.user_id)}"}

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """By himself; what he is answered."""
        async with self.world.client_of(None) as client:
            answer = await client.request(method, f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def value(self, name: str) -> str:
        """What to put in the place of a path's parameter. Raises KeyError for one that nobody knows here."""
        if name not in self.made:
            self.made[name] = await MAKERS[name](self)
        return self.made[name]

    async def filled(self, route: Route) -> str:
        """The route's path with things of his."""
        path = route.path.replace(":path}", "}")
        for name in route.parameters:
            kind = f"strategy_{name}" if name == "rollout_id" and "/strategies/" in path else name
            path = path.replace(f"{{{name}}}", await self.value(kind))
        return path


async def _bot(tenant: Tenant) -> str:
    bot_id: str = (await tenant.call("POST", "/bots", {"name": f"{MARK}-{next(_numbers)}", "template": "trend"}))["id"]
    async with tenant.world.rig.database.unit_of_work() as session:
        (await session.get_one(BotModel, bot_id)).pool_id = POOL
        (await session.get_one(BotStatusModel, bot_id)).observed_state = "running"
    return bot_id


async def _wallet(tenant: Tenant) -> str:
    return str((await tenant.call("POST", "/wallets", {"name": f"{MARK}-{next(_numbers)}"}))["id"])


async def _strategy(tenant: Tenant) -> str:
    body = {"name": f"{MARK}-{next(_numbers)}", "source": f"class Mine(IStrategy): ...  # {MARK}"}
    return str((await tenant.call("POST", "/strategies", body))["id"])


async def _finding(tenant: Tenant) -> str:
    wallet_id, now = await tenant.value("wallet_id"), utc_now()
    finding_id = f"finding-{next(_numbers)}"
    async with tenant.world.rig.database.unit_of_work() as session:
        wallet = await session.get_one(WalletModel, wallet_id)
        session.add(
            FindingModel(
                id=finding_id, wallet_id=wallet.id, owner_id=tenant.user_id, kind="unknown_order", subject=MARK,
                message=MARK, remedy="none", evidence={}, state="open", first_seen=now, last_seen=now,
            )
        )  # fmt: skip
    return finding_id


async def _share(tenant: Tenant) -> str:
    grantee = await Tenant(tenant.world).begin()  # who may give it up himself
    return await share(tenant, grantee.user_id, await tenant.value("bot_id"), "view")


async def share(tenant: Tenant, grantee_id: str, what: str, level: str) -> str:
    """Gives somebody a share."""
    share_id = f"share-{next(_numbers)}"
    async with tenant.world.rig.database.unit_of_work() as session:
        session.add(
            ShareModel(
                id=share_id, owner_id=tenant.user_id, grantee_id=grantee_id, what=what, level=level,
                created_at=utc_now(),
            )
        )  # fmt: skip
    return share_id


async def _grantee(tenant: Tenant) -> str:
    """With whom his strategy is shared."""
    user_id = (await Tenant(tenant.world).begin()).user_id
    await tenant.call("PUT", f"/strategies/{await tenant.value('strategy_id')}/shares/{user_id}", {"level": "view"})
    return user_id


async def _pool(tenant: Tenant) -> str:
    """One of his own; the agent is everybody's."""
    pool_id, rig = f"pool-{next(_numbers)}", tenant.world.rig
    rig.fakes[pool_id] = tenant.world.agent
    async with rig.database.unit_of_work() as session:
        session.add(
            PoolModel(
                id=pool_id, node="local", driver="fake", tenant_id=tenant.user_id, slots_total=50,
                desired_state="running", observed_state="ready", conditions=[], created_at=utc_now(),
            )
        )  # fmt: skip
    return pool_id


async def _token(tenant: Tenant) -> str:
    async with tenant.world.rig.database.unit_of_work() as session:
        row, _ = await api_tokens.create(session, tenant.user_id, MARK, ["read"], None, None)
        return row.id


async def _passkey(tenant: Tenant) -> str:
    number = next(_numbers)
    async with tenant.world.rig.database.unit_of_work() as session:
        session.add(
            PasskeyModel(
                id=f"passkey-{number}", user_id=tenant.user_id, name=MARK, credential_id=f"credential-{number}",
                public_key="AA", sign_count=0, backed_up=False, transports=[], created_at=utc_now(),
            )
        )  # fmt: skip
    return f"passkey-{number}"


def _fixed(value: str) -> Callable[[Tenant], Awaitable[str]]:
    async def make(_: Tenant) -> str:
        return value

    return make


async def _user(tenant: Tenant) -> str:
    return tenant.user_id


async def _second_session(tenant: Tenant) -> str:
    return f"session-{tenant.user_id}-{SECOND_SESSION}"


async def _rollout(tenant: Tenant) -> str:
    now, rollout_id = utc_now(), f"rollout-{next(_numbers)}"
    async with tenant.world.rig.database.unit_of_work() as session:
        session.add(RolloutModel(id=rollout_id, state="running", legs=[], actor="x", created_at=now, updated_at=now))
    return rollout_id


async def _strategy_rollout(tenant: Tenant) -> str:
    strategy_id, now, rollout_id = await tenant.value("strategy_id"), utc_now(), f"rollout-{next(_numbers)}"
    async with tenant.world.rig.database.unit_of_work() as session:
        query = select(StrategyVersionModel).where(col(StrategyVersionModel.strategy_id) == strategy_id)
        version = (await session.exec(query)).one()
        session.add(
            StrategyRolloutModel(
                id=rollout_id, owner_id=tenant.user_id, strategy_id=strategy_id, version_id=version.id,
                state="running", legs=[], actor=tenant.user_id, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    return rollout_id


async def _invitation(tenant: Tenant) -> str:
    now, number = utc_now(), next(_numbers)
    async with tenant.world.rig.database.unit_of_work() as session:
        session.add(
            InvitationModel(
                id=f"invitation-{number}", token_hash=f"{number:064}", role="trader", created_by=tenant.user_id,
                created_at=now, expires_at=now + timedelta(days=1),
            )
        )  # fmt: skip
    return f"invitation-{number}"


async def _identity(tenant: Tenant) -> str:
    number = next(_numbers)
    async with tenant.world.rig.database.unit_of_work() as session:
        session.add(
            IdentityModel(
                id=f"identity-{number}", user_id=tenant.user_id, provider="one", issuer="https://one.example",
                subject=str(number), name=MARK, created_at=utc_now(),
            )
        )  # fmt: skip
    return f"identity-{number}"


async def _tag(tenant: Tenant) -> str:
    strategy_id = await tenant.value("strategy_id")
    await tenant.call("PUT", f"/strategies/{strategy_id}/tags/good", {"version": 1})
    return "good"


async def _key(tenant: Tenant) -> str:
    return str((await tenant.call("POST", "/exchange-keys/paper", {"name": f"{MARK}-{next(_numbers)}"}))["id"])


async def _subscription(tenant: Tenant) -> str:
    browser = Browser(f"https://push.example/{next(_numbers)}")
    return str((await tenant.call("POST", "/push/subscriptions", browser.told(name=MARK)))["id"])


MAKERS: dict[str, Callable[[Tenant], Awaitable[str]]] = {
    "bot_id": _bot,
    "wallet_id": _wallet,
    "strategy_id": _strategy,
    "finding_id": _finding,
    "share_id": _share,
    "token_id": _token,
    "passkey_id": _passkey,
    "subscription_id": _subscription,
    "session_id": _second_session,
    "user_id": _user,
    "key_id": _key,
    "rollout_id": _rollout,
    "strategy_rollout_id": _strategy_rollout,
    "invitation_id": _invitation,
    "identity_id": _identity,
    "pool_id": _pool,
    "name": _fixed("trend"),
    "version": _fixed("1"),
    "tag": _tag,
    "username": _grantee,
    "path": _fixed("anything"),
    "strategy": _fixed("TrendStrategy"),
    "tradeid": _fixed("1"),
    "trade_id": _fixed("1"),
    "lockid": _fixed("1"),
    "jobid": _fixed("job-1"),
    "file": _fixed("result"),
    "provider": _fixed("one"),
    "exchange": _fixed("paper"),
}
"""What a path's parameter may be, by its name."""


def _session(user_id: str, name: str, proved: timedelta = timedelta(0)) -> SessionModel:
    row = session_of(user_id)
    return SessionModel(**{**row.model_dump(), "id": f"{row.id}-{name}", "proved_at": row.proved_at - proved})


async def body_for(document: Mapping[str, Any], route: Route, tenant: Tenant) -> Any:
    """The body that the document shows for it, with what only the tenant knows; None where it takes none."""
    content = (route.operation or {}).get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    more = BODIES.get((route.operation or {})["operationId"])
    if more is None:
        return _example(document, content["schema"])
    return {name: await tenant.value("bot_id") if value == "$bot_id" else value for name, value in more.items()}


_POLICY = PRESETS["balanced"].document().model_dump(mode="json")
BODIES: dict[str, dict[str, Any]] = {
    "stepUp": {"password": PASSWORD},
    "changePassword": {"current_password": PASSWORD, "new_password": "seven grey herons wade"},
    "createBot": {"name": "another", "template": "trend"},
    "createShare": {"user": "user-two", "what": "bot", "bot_id": "$bot_id", "level": "view"},
    "updateShare": {"level": "view"},
    "tagStrategyVersion": {"version": 1},
    "rollOutStrategyVersion": {"version": 1},
    "allocateCapital": {"bot_id": "$bot_id", "amount": "1"},
    "takeBackCapital": {"bot_id": "$bot_id", "amount": "1"},
    "startRollout": {"image": "flotilla-pool:latest"},
    "testPush": {},
    "putDefaultPolicy": _POLICY,
    "previewDefaultPolicy": _POLICY,
    "dialPolicy": {"preset": "balanced"},
}
"""Bodies by operation, where the document's example is not enough; `$bot_id` is the tenant's."""


def _example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if schema.get("examples"):
        return schema["examples"][0]
    for several in ("oneOf", "anyOf", "allOf"):
        if several in schema:
            return _example(document, schema[several][0])
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        fields, required = schema.get("properties", {}), schema.get("required", [])
        return {name: _example(document, one) for name, one in fields.items() if name in required or "const" in one}
    return schema.get("default", [] if schema.get("type") == "array" else None)


def example_query(route: Route) -> dict[str, Any]:
    """Parameters of the query that must be given, as the document shows them."""
    shown = {}
    for one in (route.operation or {}).get("parameters", []):
        if one["in"] == "query" and one.get("required"):
            examples = one.get("examples") or one["schema"].get("examples") or [one.get("example", "1")]
            shown[one["name"]] = examples[0] if isinstance(examples, list) else next(iter(examples.values()))["value"]
    return shown


def old_session(user_id: str, name: str, *, revoked: bool) -> SessionModel:
    """One whose user proved an hour ago who he is."""
    row = _session(user_id, name, timedelta(hours=1))
    row.revoked_at = row.created_at if revoked else None
    return row
