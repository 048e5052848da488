"""The OpenAPI document: what FastAPI makes, with the problem document, policies, and examples.

Each operation tells whom it lets in (`x-access`, the policy of `api.auth.access`) and declares what that refuses with,
so that endpoints declare only what is their own. The wire contract's models are shared with the pool and carry no
examples of their own, so they get theirs here.
"""

import copy
from collections.abc import Mapping
from dataclasses import fields
from datetime import time
from decimal import Decimal
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from api.auth.access import Access, policies
from api.errors import PROBLEM_MEDIA_TYPE, STATUS, EdgeCode, Problem, problems
from api.paths import is_sign_in
from pool.contract.policy import (
    EquitySize,
    FixedSize,
    Guardrails,
    KellySize,
    PolicyOverride,
    TradingHours,
    VolatilitySize,
)
from pool.rules.presets import PRESETS

_TIME = "2026-11-20T12:00:00Z"
_MEMORY = {"pss_bytes": 31_000_000, "uss_bytes": 24_000_000, "rss_bytes": 310_000_000}
_ZYGOTE = {
    "state": "ready",
    "pid": 4711,
    "python": "3.13.0",
    "freqtrade": "2026.9",
    "warm_seconds": 14.2,
    "immortal_objects": 1_400_000,
    "shared_markets": 200,
    "notes": [],
    "memory": _MEMORY,
    "restarts": 0,
    "isolation": None,
}
_PART = {"name": "landlock", "in_force": True, "detail": "ABI 7"}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "Memory": _MEMORY,
    "ZygoteReport": _ZYGOTE,
    "IsolationPart": _PART,
    "IsolationReport": {"parts": [_PART]},
    "PoolReport": {
        "protocol": 1,
        "pool_id": "pool-local",
        "incarnation": "k3v2q7d5",
        "started_at": _TIME,
        "slots_total": 50,
        "slots_used": 3,
        "zygote": _ZYGOTE,
        "init_memory": _MEMORY,
        "agent_memory": _MEMORY,
        "bots_memory": _MEMORY,
        "memory_limit_bytes": None,
        "paper_exchange": True,
        "recent_fork_milliseconds": [12.5],
        "isolation": {"parts": [_PART]},
        "image_version": None,
    },
}
_POLICIES: tuple[BaseModel, ...] = (
    PRESETS["balanced"].document(),
    FixedSize(amount=Decimal(100), currency="USDT"),
    EquitySize(ratio=Decimal("0.1")),
    VolatilitySize(ratio=Decimal("0.01")),
    KellySize(),
    TradingHours(days=("mon", "fri"), start=time(8), end=time(17)),
    PolicyOverride.model_validate({"time_exit": {"after_minutes": 60}, "trailing_stop": None}),
    Guardrails(hard_stop_at_most=Decimal("0.2"), open_trades_at_most=20),
)


def _with_parts(model: BaseModel) -> dict[str, Any]:
    """Examples of the model and of all that it is made of, by name."""
    found: dict[str, Any] = {}
    for _, value in model:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                found |= _with_parts(one)
    return {**found, type(model).__name__: model.model_dump(mode="json", exclude_unset=True)}


for _policy in _POLICIES:
    _EXAMPLES.update(_with_parts(_policy))
_BY_FORMAT: dict[str, Any] = {"date-time": _TIME}
_BY_TYPE: dict[str, Any] = {"boolean": False}


class FlotillaApi(FastAPI):
    """FastAPI whose document is complete."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            schemas["Problem"] = Problem.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for name, schema in schemas.items():
                _exemplify(name, schema)
            for path, methods, access in policies(self.routes):
                for method in methods & document["paths"].get(path, {}).keys():
                    _tell_access(document["paths"][path][method], access)
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    if is_sign_in(path) and method != "get":
                        _declare(operation["responses"], problems(EdgeCode.CROSS_ORIGIN), 403)
        return document


def _tell_access(operation: dict[str, Any], access: Access) -> None:
    """Whom a route lets in, as `x-access`, and what it refuses others with."""
    told = {one.name: getattr(access, one.name) for one in fields(access)}
    operation["x-access"] = {name: value for name, value in told.items() if value not in (None, False)}
    entries = problems(*access.refusals)
    for code in access.refusals:
        _declare(operation["responses"], entries, STATUS[code])


def _declare(responses: dict[str, Any], entries: Mapping[int | str, dict[str, Any]], status: int) -> None:
    """One more refusal, beside what the operation says of that status itself."""
    entry = copy.deepcopy(entries[int(status)])
    content = responses.setdefault(str(int(status)), entry)["content"][PROBLEM_MEDIA_TYPE]
    content["examples"] |= entry["content"][PROBLEM_MEDIA_TYPE]["examples"]


def _exemplify(name: str, schema: dict[str, Any]) -> None:
    """An example for the whole where one is known; else for the times and flags that say nothing by themselves."""
    if name in _EXAMPLES:
        schema["examples"] = [_EXAMPLES[name]]
        return
    for field in schema.get("properties", {}).values():
        kinds = [field, *field.get("anyOf", [])]
        known = [_BY_FORMAT[kind["format"]] for kind in kinds if kind.get("format") in _BY_FORMAT]
        known += [_BY_TYPE[kind["type"]] for kind in kinds if kind.get("type") in _BY_TYPE]
        if known:
            field.setdefault("examples", known[:1])
