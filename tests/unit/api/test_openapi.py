"""The OpenAPI document is complete: every operation, every refusal, every field."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
from pydantic import BaseModel

from api.app import create_app
from api.audit import schemas as audit_schemas
from api.auth import factor_schemas
from api.auth import schemas as auth_schemas
from api.bots import preview_schemas
from api.bots import schemas as bot_schemas
from api.deps import Services
from api.errors import STATUS, TITLES, Problem
from api.exchanges import schemas as exchange_schemas
from api.policies import schemas as policy_schemas
from api.pools import schemas as pool_schemas
from api.proxy import schemas as proxy_schemas
from api.risk import schemas as risk_schemas
from api.sessions import schemas as session_schemas
from api.settings import ApiSettings
from api.sharing import schemas as sharing_schemas
from api.strategies import schemas as strategy_schemas
from api.templates import schemas as template_schemas
from api.tokens import schemas as token_schemas
from api.trades import levels as trade_levels
from api.trades import schemas as trade_schemas
from api.users import schemas as user_schemas
from api.wallets import schemas as wallet_schemas
from orchestrator.errors import Error, ErrorCode

OPEN = {"getHealth", "getReadiness", "login", "refresh", "acceptInvitation", "answerSecondFactor", "listSignInMethods"}
OPEN |= {"getPasskeySignInOptions", "signInWithPasskey", "startOidc", "finishOidc"}
DOCUMENT: dict[str, Any] = create_app(cast(Services, SimpleNamespace(database=None)), ApiSettings()).openapi()
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def _ours() -> Iterator[type[BaseModel]]:
    for module in (
        audit_schemas,
        auth_schemas,
        bot_schemas,
        exchange_schemas,
        factor_schemas,
        policy_schemas,
        pool_schemas,
        preview_schemas,
        proxy_schemas,
        risk_schemas,
        session_schemas,
        sharing_schemas,
        strategy_schemas,
        template_schemas,
        token_schemas,
        trade_schemas,
        trade_levels,
        user_schemas,
        wallet_schemas,
    ):
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, BaseModel) and thing.__module__ == module.__name__:
                yield thing
    yield Problem


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_an_operation_says_what_it_is_and_how_it_refuses(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["operationId"]
    assert operation["tags"]
    assert operation["description"]
    refusals = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
    assert "500" in refusals
    for answer in refusals.values():
        content = answer["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["examples"]
    if operation["operationId"] not in OPEN:
        assert "401" in refusals
        assert operation["security"]
    if "requestBody" in operation:
        assert {"400", "413"} & set(refusals), "a body may be malformed or too large"


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def _is_ours(annotation: Any) -> bool:
    """A model, or a list of one, whose own fields have examples."""
    return any(kind in set(_ours()) for kind in (annotation, *get_args(annotation)))


@pytest.mark.parametrize("model", list(_ours()), ids=lambda model: model.__name__)
def test_every_field_is_described_with_an_example(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name}"
        assert field.examples or _is_ours(field.annotation), f"{model.__name__}.{name}"


@pytest.mark.parametrize(
    "model", [model for model in _ours() if model.__name__.endswith(("Response", "Page"))], ids=lambda m: m.__name__
)
def test_answers_have_no_defaults_and_every_field(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.is_required()] == []


def test_every_parameter_is_described() -> None:
    for _, path, operation in OPERATIONS:
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["name"] in {"bot_id", "path", "name"}, (path, parameter)


def _errors(base: type[Error] = Error) -> Iterator[type[Error]]:
    for kind in base.__subclasses__():
        yield from _errors(kind)
        if hasattr(kind, "code"):
            yield kind


def test_every_code_has_a_status_and_a_title() -> None:
    assert set(ErrorCode) <= set(STATUS)
    assert set(STATUS) == set(TITLES)
    assert {kind.code for kind in _errors()} <= set(STATUS)
