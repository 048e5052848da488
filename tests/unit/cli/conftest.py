from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import api.cli.options as options
from api.cli.client import ApiClient
from api.cli.root import main
from tests.unit.cli.fake_api import ADMIN_PASSWORD, FakeApi


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Flotilla = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "FLOTILLA_URL",
        "FLOTILLA_HOST",
        "FLOTILLA_PORT",
        "FLOTILLA_USER",
        "FLOTILLA_PASSWORD_FILE",
        "FLOTILLA_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLOTILLA_HOME", str(tmp_path))
    (tmp_path / "admin-password").write_text(ADMIN_PASSWORD)
    return tmp_path


@pytest.fixture
def fake_api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()

    def make_client(settings: object, url: str | None) -> ApiClient:
        return ApiClient(settings, url, httpx.MockTransport(fake))  # type: ignore[arg-type]

    monkeypatch.setattr(options, "make_client", make_client)
    return fake


@pytest.fixture
def flotilla(
    home: Path, fake_api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Flotilla:
    """Runs the command as the shell would."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["flotilla", *arguments])
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        captured = capsys.readouterr()
        return Outcome(code if isinstance(code, int) else 0 if code is None else 1, captured.out, captured.err)

    return run
