"""The portal's files beside the API: what is served at which path, and how it may be kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.portal import serving

PAGE = "<!doctype html><title>Flotilla</title>"
SCRIPT = "export const words = " + repr("fleet " * 500)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    directory = tmp_path / "dist"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text(PAGE)
    (directory / "assets" / "index-a1.js").write_text(SCRIPT)
    (directory / ".flotilla-stamp").write_text("hash")
    (tmp_path / "secret").write_text("secret")
    return directory


def application(directory: Path) -> Starlette:
    async def thing(_: Request) -> Response:
        return PlainTextResponse("a thing")

    app = Starlette(routes=[Route("/api/v1/thing", thing, methods=["POST"])])
    serving.install(app, directory)
    return app


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(built))
    async with httpx.AsyncClient(transport=transport, base_url="http://flotilla") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/bots/bot-1/chart", "/risk?bot=1", "/apis", "/docs2"])
async def test_any_path_but_the_apis_is_the_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api", "/docs/x", "/openapi.json", "/healthz", "/metrics/x"])
async def test_what_the_api_does_not_have_is_never_the_page(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_a_wrong_method_is_told_by_the_api(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/thing")).status_code == 405
    assert (await client.post("/fleet")).status_code == 404


async def test_files_of_a_build_are_kept_for_ever_and_come_compressed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/index-a1.js")
    assert answer.text == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    again = await client.get("/assets/index-a1.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_file_of_another_build_is_missed_and_not_the_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/assets/index-b2.js")).status_code == 404


@pytest.mark.parametrize("path", ["/%2e%2e/secret", "/assets/..%2f..%2f..%2fsecret", "/.flotilla-stamp", "/%00"])
async def test_nothing_but_the_build_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).text in (PAGE, "Not Found")


async def test_where_nothing_was_built_it_says_what_to_do(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(application(tmp_path / "nowhere"))
    async with httpx.AsyncClient(transport=transport, base_url="http://flotilla") as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "scripts/portal" in answer.text


async def test_a_build_that_came_later_is_served(tmp_path: Path, built: Path) -> None:
    later = tmp_path / "later"
    transport = httpx.ASGITransport(application(later))
    async with httpx.AsyncClient(transport=transport, base_url="http://flotilla") as client:
        built.rename(later)
        assert (await client.get("/")).text == PAGE
