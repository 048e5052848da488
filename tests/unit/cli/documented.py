"""Answers as the API gives them: what a test leaves out of a body is filled in by the API's document."""

import re
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import httpx

from api.app import create_app
from api.deps import Services
from api.settings import ApiSettings


def complete(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """The same with the status that the operation has, and every field of its answer; refusals stay as they are."""
    told = response.is_success and response.headers.get("Content-Type") == "application/json"
    answers = _answers(request) if told else {}
    for status in sorted(status for status in answers if status.startswith("2")):
        content = answers[status].get("content", {})
        if "application/json" not in content:
            return httpx.Response(int(status))
        filled = _filled(content["application/json"]["schema"], response.json())
        return httpx.Response(int(status), json=filled)
    return response


@cache
def _document() -> dict[str, Any]:
    return create_app(cast(Services, SimpleNamespace(database=None)), ApiSettings()).openapi()


def _answers(request: httpx.Request) -> dict[str, Any]:
    for path, operations in _document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path) and request.method.lower() in operations:
            return cast(dict[str, Any], operations[request.method.lower()]["responses"])
    return {}


def _filled(schema: dict[str, Any], value: Any) -> Any:
    schema = _resolved(schema, value)
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"].items()
        return value | {
            name: _filled(entry, value[name]) if name in value else _example(entry) for name, entry in properties
        }
    if isinstance(value, list) and "items" in schema:
        return [_filled(schema["items"], one) for one in value]
    return value


def _resolved(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """Of several, the one that knows all that the value has."""
    if "$ref" in schema:
        return cast(dict[str, Any], _document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    options = [_resolved(one, value) for one in schema.get("anyOf", [])]
    fitting = [one for one in options if isinstance(value, dict) and value.keys() <= one.get("properties", {}).keys()]
    return fitting[0] if fitting else options[0] if options and isinstance(value, list) else schema


def _example(schema: dict[str, Any]) -> Any:
    """As little as there can be."""
    if "$ref" in schema:
        schema = _resolved(schema, None)
    if {"type": "null"} in schema.get("anyOf", []):
        return None
    if "properties" in schema:
        return {name: _example(entry) for name, entry in schema["properties"].items()}
    if schema.get("type") in ("array", "object"):
        return [] if schema["type"] == "array" else {}
    return next(iter([*schema.get("examples", []), *schema.get("enum", []), schema.get("const")]))
