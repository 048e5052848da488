"""What the deployment's services share is made once: a password that was given out stays, whatever comes between."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

SETUP = Path(__file__).resolve().parents[2] / "deploy" / "setup.py"


@pytest.fixture
def setup(tmp_path: Path) -> ModuleType:
    """The script, at work in directories of the test's own, for the user of the test."""
    specification = importlib.util.spec_from_file_location("deploy_setup", SETUP)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name in ("postgres", "redis", "flotilla", "home", "run"):
        (tmp_path / name).mkdir()
    for name, value in {"ROOT": tmp_path, "CONTROL_PLANE_USER": os.getuid()}.items():
        setattr(module, name, value)
    module.__dict__.update(DATABASE_USER=os.getuid(), CACHE_USER=os.getuid())
    return module


def _files(root: Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file()}


def test_both_sides_get_the_same_passwords_and_nobody_else_reads_them(setup: ModuleType, tmp_path: Path) -> None:
    assert setup.main() == 0
    files = _files(tmp_path)
    password = files["postgres/password"].strip()
    assert len(password) >= 32
    assert f"flotilla:{password}@postgres" in files["flotilla/flotilla_orch_database_url"]
    of_redis = files["flotilla/flotilla_orch_redis_url"].split(":")[2].split("@")[0]
    assert f"requirepass {of_redis}\n" in files["redis/redis.conf"]
    assert of_redis != password
    assert {oct(file.stat().st_mode & 0o777) for file in tmp_path.rglob("*") if file.is_file()} == {"0o400"}


@pytest.mark.parametrize(
    "lost", [[], ["postgres/password"], ["flotilla/flotilla_orch_redis_url"], ["redis/redis.conf"]]
)
def test_another_run_keeps_every_password_and_restores_what_is_missing(
    setup: ModuleType, tmp_path: Path, lost: list[str]
) -> None:
    setup.main()
    before = _files(tmp_path)
    for name in lost:
        (tmp_path / name).unlink()
    setup.main()
    assert _files(tmp_path) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")
def test_another_user_of_postgresql_gets_the_same_password(setup: ModuleType, tmp_path: Path) -> None:
    setup.main()
    before = _files(tmp_path)
    setup.__dict__["DATABASE_USER"] = 70
    setup.main()
    assert _files(tmp_path) == before
    assert (tmp_path / "postgres" / "password").stat().st_uid == 70


def test_an_empty_file_is_told_rather_than_replaced(setup: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "password").touch()
    with pytest.raises(SystemExit, match="no password in it"):
        setup.main()
