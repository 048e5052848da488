"""`/openapi.json`, and `/docs`: its operations as a page of ours. Anybody may ask for either, so each is rendered once.

No script, nothing from elsewhere: viewers that come from a content delivery network would run foreign code on the
origin of the API. Whoever wants one opens `/openapi.json` with it.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

DOCS_URL = "/docs"
DOCUMENT_URL = "/openapi.json"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1b1f24;background:#fff}"
    "h2{border-bottom:1px solid #ccc;margin-top:2.5rem}summary{cursor:pointer;padding:.3rem 0}"
    "code{font:14px ui-monospace,monospace}.method{display:inline-block;min-width:4.5rem;font-weight:700}"
    "table{border-collapse:collapse;margin:.5rem 0 1rem}td{border-top:1px solid #ddd;padding:.2rem .8rem .2rem 0;"
    "vertical-align:top}details>div{padding:0 0 .5rem 1rem}p{white-space:pre-line}"
    "@media (prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}h2{border-color:#444}"
    "td{border-color:#333}a{color:#8ab4f8}}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
DOCS_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Adds both. The application must make no `/openapi.json` itself."""

    @cache
    def rendered() -> tuple[bytes, bytes]:
        document = app.openapi()
        return bytes(JSONResponse(document).body), page(document).encode()

    async def show_document(_: Request) -> Response:
        return Response(rendered()[0], media_type="application/json")

    async def show_page(_: Request) -> Response:
        return HTMLResponse(rendered()[1])

    app.add_route(DOCUMENT_URL, show_document, include_in_schema=False)
    app.add_route(DOCS_URL, show_page, include_in_schema=False)


def page(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document."""
    info = document["info"]
    tagged: dict[str, list[str]] = {tag["name"]: [] for tag in document.get("tags", [])}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = "".join(_operation(method.upper(), path, operation))
            tagged.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    told = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    parts = [
        f"<h2>{escape(tag)}</h2><p>{escape(told.get(tag, ''))}</p>{''.join(shown)}"
        for tag, shown in tagged.items()
        if shown
    ]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        f"<p>{escape(info.get('description', ''))}</p>"
        '<p>For programs: <a href="/openapi.json">openapi.json</a></p>'
        f"{''.join(parts)}</body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<details><summary><span class="method">{method}</span> <code>{escape(path)}</code> '
    yield f"{escape(operation.get('summary', ''))}</summary><div><p>{escape(operation.get('description', ''))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table>"
        for one in parameters:
            needed = "needed" if one.get("required") else ""
            yield f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])} {needed}</td>"
            yield f"<td>{escape(one.get('description', ''))}</td></tr>"
        yield "</table>"
    if "requestBody" in operation:
        yield f"<p>Body: <code>{escape(_schemas(operation['requestBody']))}</code></p>"
    yield "<table>"
    for status, answer in operation.get("responses", {}).items():
        yield f"<tr><td>{escape(str(status))}</td><td>{escape(answer.get('description', ''))}</td>"
        yield f"<td><code>{escape(_schemas(answer))}</code></td></tr>"
    yield "</table></div></details>"


def _schemas(body: Mapping[str, Any]) -> str:
    """Names of the schemas of a body; its media types where it has none."""
    names = []
    for media_type, content in body.get("content", {}).items():
        reference = content.get("schema", {}).get("$ref", "")
        names.append(reference.rpartition("/")[2] or media_type)
    return ", ".join(dict.fromkeys(names))
