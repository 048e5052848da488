"""Access by construction: no route without a policy, no query of a tenant without his reach."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import APIRouter, FastAPI
from sqlmodel import SQLModel
from starlette.routing import Route

from api.app import create_app
from api.auth import access
from api.auth.access import PUBLIC, Admin, Need, Reader
from api.deps import Services
from api.settings import ApiSettings
from orchestrator.db import tenancy
from orchestrator.tables import METADATA

ROOT = Path(__file__).parents[2]
UNBOUND = {
    "api/app.py": "builds who looks callers up",
    "api/health.py": "asks whether the database answers; nobody calls",
    "api/pools/acts.py": "compares all pools with what they have; an administrator's act that commits on its own",
    "api/users/invitations.py": "makes an account for somebody who has none",
}
"""Where the web edge uses the database without anybody's reach, and why. Signing in (`api/auth`) finds out whose."""
NOT_BOUND = {
    "AuditHeadModel": "heads of chains; only administrators' routes read them",
    "AuditModel": "read by tenant, which its one route sets from who calls",
    "BotEventModel": "read with its bot, which is looked for first",
    "BotPeakModel": "read with a portfolio, whose owner is checked first",
    "BotSnapshotModel": "read with its bot, which is looked for first",
    "BotStatusModel": "read joined to its bot",
    "EquityPointModel": "read with a portfolio, whose owner is checked first",
    "HaltModel": "halts of the fleet bind everybody; read by the bots that they concern",
    "IdempotencyModel": "its key has the owner, who is who calls",
    "InstallationModel": "one row, of everybody",
    "InvitationModel": "of administrators' routes, and of who has the token",
    "IdentityModel": "what one signs in with; asked for with the user",
    "MoveModel": "of administrators' routes",
    "NodeModel": "machines, of administrators",
    "PolicyVersionModel": "asked for by subject: who calls, bots within his reach, guardrails, which are everybody's",
    "PortfolioPeakModel": "read with a portfolio, whose owner is checked first",
    "PasskeyModel": "what one signs in with; asked for with the user",
    "RecoveryCodeModel": "what one signs in with; asked for with the user",
    "RefreshTokenModel": "looked for by hash, by who has it",
    "SessionModel": "what says who calls; asked for with the user",
    "LogLevelsModel": "one row, of administrators' routes",
    "PushDeliveryModel": "the leader's own; queued for subscriptions that are looked for first",
    "PushSubscriptionModel": "asked for with the user; a browser that another one had before must be found",
    "ApiTokenModel": "what says who calls; asked for with the user",
    "TotpModel": "what one signs in with; asked for with the user",
    "UserModel": "names of those one shares with; more of it is for administrators' routes",
    "PoolCursorModel": "the leader's own",
    "PoolOrderModel": "of administrators' routes",
    "RiskOrderModel": "read by bots that are looked for first",
    "RiskReadingModel": "read by the user, who is checked first",
    "RiskSpellModel": "the leader's own",
    "RolloutModel": "of administrators' routes",
}
"""Models whose rows are not bound by a session's reach, and why that is right."""


def test_the_web_edge_asks_the_database_within_its_callers_reach() -> None:
    using = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "api").rglob("*.py")
        if not path.is_relative_to(ROOT / "api/auth") and not path.is_relative_to(ROOT / "api/cli") and _uses(path)
    }
    assert using == set(UNBOUND)


def _uses(path: Path) -> bool:
    """Whether it takes `database` of services."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "database"
        and isinstance(node.value, ast.Name)
        and node.value.id == "services"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _models() -> set[type[SQLModel]]:
    found: set[type[SQLModel]] = set()
    waiting = [SQLModel]
    while waiting:
        for model in waiting.pop().__subclasses__():
            waiting.append(model)
            if getattr(model, "__tablename__", None) in METADATA.tables and model.__module__.startswith(
                "orchestrator."
            ):
                found.add(model)
    return found


def test_every_table_is_bound_by_a_reach_or_says_why_not() -> None:
    bound = {model.__name__ for model in tenancy.registered()}
    everything = {model.__name__ for model in _models()}
    assert bound & set(NOT_BOUND) == set(), "bound, and said not to be"
    assert everything - bound == set(NOT_BOUND)


def _with_route(routes: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(routes)
    return app


def _endpoint(caller: Any) -> Any:
    async def endpoint(caller: caller) -> None:  # type: ignore[valid-type]
        pass

    return endpoint


def _two(reader: Reader, admin: Admin) -> None:
    pass


def _none() -> None:
    pass


@pytest.mark.parametrize(
    ("endpoint", "dependencies", "policies"), [(_none, [], 0), (_two, [], 2), (_endpoint(Reader), [PUBLIC], 2)]
)
def test_a_route_with_no_policy_or_two_is_not_built(endpoint: Any, dependencies: Any, policies: int) -> None:
    router = APIRouter(prefix="/deep")
    router.get("/thing", dependencies=dependencies)(endpoint)
    with pytest.raises(RuntimeError, match=f"/deep/thing declares {policies} policies"):
        access.check(_with_route(router).routes)


def test_an_application_is_checked_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise RuntimeError("not built")

    monkeypatch.setattr(access, "check", refuse)
    with pytest.raises(RuntimeError, match="not built"):
        create_app(cast(Services, SimpleNamespace(database=None)), ApiSettings())


def test_all_of_the_api_has_policies_and_what_is_open_is_meant_to_be() -> None:
    app = create_app(cast(Services, SimpleNamespace(database=None)), ApiSettings())
    plain = {route.path for route in app.routes if isinstance(route, Route) and not hasattr(route, "dependant")}
    assert plain <= {"/openapi.json", "/docs", "/docs/assets/{name}"}, "routes that FastAPI asks nothing for"
    told = list(access.policies(app.routes))
    assert len(told) > 50
    public = {path for path, _, policy in told if policy.need is Need.NOBODY}
    assert all(not path.startswith("/api/v1/") or _is_for_signing_in(path) for path in public), public


def _is_for_signing_in(path: str) -> bool:
    """What one needs before anybody knows who calls."""
    return (
        path.startswith(("/api/v1/auth/", "/api/v1/invitations/accept")) or "/token/" in path or path.endswith("/ping")
    )
