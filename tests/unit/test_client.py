"""The Python client is that of the API as it is now."""

import filecmp
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest
from flotilla_client import AuthenticatedClient
from flotilla_client.api.bots import list_bots, stop_bot
from flotilla_client.api.health import get_health
from flotilla_client.models import Problem
from hatchling import build

from clients.generate import PACKAGE, generate

PROJECT = PACKAGE.parent
_ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
import flotilla_client
from flotilla_client.api import bots, wallets
from flotilla_client.models import BotResponse
assert flotilla_client.__file__.startswith(sys.argv[1]), flotilla_client.__file__
assert bots.list_bots.sync and wallets.list_wallets.asyncio and BotResponse.from_dict
print(sorted({name.partition(".")[0] for name in sys.modules} & {"api", "orchestrator", "pool", "clients"}))
"""


@pytest.mark.timeout(300)
def test_it_is_what_would_be_generated_now(tmp_path: Path) -> None:
    generate(tmp_path / "flotilla_client")
    differing = list(_differing(filecmp.dircmp(PACKAGE, tmp_path / "flotilla_client", ignore=["__pycache__"])))
    assert differing == [], "the API changed: make client"


def _differing(compared: "filecmp.dircmp[str]") -> list[str]:
    _, changed, broken = filecmp.cmpfiles(compared.left, compared.right, compared.common_files, shallow=False)
    found = [*compared.left_only, *compared.right_only, *changed, *broken]
    for below in compared.subdirs.values():
        found += _differing(below)
    return found


def test_answers_and_refusals_have_types() -> None:
    problem = {
        "type": "urn:flotilla:error:unauthenticated", "title": "Sign in first", "status": 401, "detail": "Sign in.",
        "code": "unauthenticated", "params": {}, "instance": "/api/v1/bots", "correlation_id": None,
    }  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer flt_token"
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"status": "ok", "version": "1"})
        return httpx.Response(401, json=problem)

    transport = {"transport": httpx.MockTransport(answer)}
    with AuthenticatedClient("http://flotilla", token="flt_token", httpx_args=transport) as client:
        refused = list_bots.sync(client=client)
        assert isinstance(refused, Problem)
        assert refused.code == "unauthenticated"
        assert get_health.sync_detailed(client=client).status_code == 200


def test_what_is_left_out_is_not_sent() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(418)

    transport = {"transport": httpx.MockTransport(answer)}
    with AuthenticatedClient("http://flotilla", token="flt_token", httpx_args=transport) as client:
        assert stop_bot.sync("bot-1", client=client) is None
    assert (sent[0].content, "if-match" in sent[0].headers) == (b"", False)


def test_it_is_built_and_used_without_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(project)
    wheel = tmp_path / build.build_wheel(str(tmp_path))
    source = tmp_path / build.build_sdist(str(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        assert "flotilla_client/py.typed" in archive.namelist()
        archive.extractall(tmp_path / "installed")
    with tarfile.open(source) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"README.md", "pyproject.toml", "flotilla_client/py.typed"} <= set(names)
    command = [sys.executable, "-I", "-c", _ALONE, str(tmp_path / "installed")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "[]", told.stderr


def test_it_has_the_version_of_what_it_speaks_to() -> None:
    own, whole = (tomllib.loads((root / "pyproject.toml").read_text()) for root in (PROJECT, PROJECT.parents[1]))
    assert own["project"]["version"] == whole["project"]["version"]
