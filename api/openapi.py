"""The OpenAPI document: what FastAPI makes, with the problem document and examples for what the wire contract defines.

The contract's models are shared with the pool and carry no examples of their own, so they get theirs here.
"""

from typing import Any

from fastapi import FastAPI

from api.errors import Problem

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
        return document


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
