"""The passwords of database and Redis show nowhere."""

import sys
from pathlib import Path

import pytest
from loguru import logger
from pydantic import SecretStr, ValidationError

from orchestrator import __main__ as root
from orchestrator.settings import OrchestratorSettings

SECRET = "hunter2"


def test_the_url_is_used_and_not_shown() -> None:
    settings = OrchestratorSettings(database_url=f"postgresql+asyncpg://u:{SECRET}@h/d")
    assert SECRET in settings.url
    assert SECRET not in f"{settings!r} {settings}"


@pytest.mark.parametrize("url", [f"{SECRET}@h", f"postgresql+asyncpg://h:{SECRET}/d"])
def test_one_that_cannot_be_read_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OrchestratorSettings(database_url=url)
    assert "database_url" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in root._sentence(refused.value)


@pytest.mark.parametrize("url", [f"http://:{SECRET}@h/0", f"redis://:pass/{SECRET}@h:6379/0", f"{SECRET}"])
def test_one_of_redis_that_cannot_be_read_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OrchestratorSettings(redis_url=SecretStr(url))
    assert "redis_url" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in root._sentence(refused.value)


def test_secrets_may_come_as_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flotilla_orch_database_url").write_text(f"postgresql+psycopg://u:{SECRET}@h/d\n")
    (tmp_path / "flotilla_orch_redis_url").write_text(f"redis://:{SECRET}@h/0\n")
    monkeypatch.setenv("FLOTILLA_SECRETS_DIR", str(tmp_path))
    settings = OrchestratorSettings()
    assert settings.url == f"postgresql+psycopg://u:{SECRET}@h/d"
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == f"redis://:{SECRET}@h/0"
    assert SECRET not in f"{settings!r} {settings}"
    monkeypatch.setenv("FLOTILLA_ORCH_DATABASE_URL", "sqlite+aiosqlite:///here.db")
    assert OrchestratorSettings().url == "sqlite+aiosqlite:///here.db"


def test_traces_of_the_control_plane_alone_show_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> None:
        url = f"postgresql://u:{'hunter'}2@h/d"
        try:
            raise RuntimeError(len(url))
        except RuntimeError:
            logger.exception("it broke")

    monkeypatch.setattr(root, "_run_alone", broken)
    try:
        assert root.main() == 0
    finally:
        logger.remove()
        logger.add(sys.__stderr__ or sys.stderr)
    told = capsys.readouterr().err
    assert "it broke" in told
    assert SECRET not in told
