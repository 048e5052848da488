"""What is set of the control plane's own settings reaches it on a Docker host, but for what the deployment decides."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DECIDED_ELSEWHERE = {"FLOTILLA_ORCH_DATABASE_URL", "FLOTILLA_ORCH_REDIS_URL", "FLOTILLA_API_TLS_KEY"}
"""Two come as files of secrets; the health check speaks HTTP."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `scripts/deploy` needs of this repository, with programs that do nothing but show their environment."""
    for name in ("scripts/deploy", "deploy/compose.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name, does in {"docker": '[ "$1" = version ]', "docker-compose": "env; echo $*"}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def told(checkout: Path, **environment: str) -> tuple[set[str], str]:
    """The names that the control plane is given by, and what its compose was told."""
    given = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", **environment}
    command = [str(checkout / "scripts" / "deploy"), "compose", "config"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert "--file deploy/compose.yaml --file deploy/.settings.yaml config" in done.stdout
    made: dict[str, Any] = yaml.safe_load((checkout / "deploy" / ".settings.yaml").read_text())
    return set(made["services"]["control-plane"]["environment"]), done.stdout


def test_what_is_set_or_kept_reaches_it_by_name(checkout: Path) -> None:
    assert told(checkout)[0] == set()
    (checkout / "deploy" / ".env").write_text("FLOTILLA_API_TRUSTED_PROXIES='10.0.0.0/8'\nFLOTILLA_PORT=8001\n")
    names, compose = told(checkout, FLOTILLA_ORCH_POOL_SLOTS="20", FLOTILLA_GATEWAY_CANDLES_DISK_BYTES="5000000")
    assert names == {
        "FLOTILLA_API_TRUSTED_PROXIES", "FLOTILLA_ORCH_POOL_SLOTS", "FLOTILLA_GATEWAY_CANDLES_DISK_BYTES"
    }  # fmt: skip
    assert {"FLOTILLA_API_TRUSTED_PROXIES=10.0.0.0/8", "FLOTILLA_ORCH_POOL_SLOTS=20"} < set(compose.splitlines())


def test_what_the_deployment_decides_stays(checkout: Path) -> None:
    decided = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]["control-plane"]["environment"]
    assert told(checkout, **dict.fromkeys({*decided, *DECIDED_ELSEWHERE}, "x"))[0] == set()


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_first_password_is_pointed_at_as_long_as_it_is_kept(checkout: Path, is_kept: bool) -> None:
    docker = f"""case "$1" in
        version) ;;
        inspect) case "$3" in *Health*) echo healthy ;; *) echo its-container ;; esac ;;
        exec) [ "$3 $4" = "test -e" ] && exit {0 if is_kept else 1} ;;
        *) exit 1 ;;
    esac"""
    (checkout / "bin" / "docker").write_text(f"#!/bin/sh\n{docker}\n")
    built = {"FLOTILLA_IMAGE": "x", "FLOTILLA_POOL_IMAGE": "x", "FLOTILLA_PORT": "8001"}
    given = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", **built}
    command = [str(checkout / "scripts" / "deploy"), "up"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert "up at http://127.0.0.1:8001" in done.stderr
    assert ("docker exec its-container cat /home/flotilla/admin-password" in done.stderr) == is_kept


@pytest.mark.parametrize("name", ["FLOTILLA_ORCH_KEK", "FLOTILLA_ORCH_KEK_COMMAND"])
def test_what_opens_exchange_keys_gets_into_no_containers_environment(checkout: Path, name: str) -> None:
    assert told(checkout, **{name: "planted"})[0] == set()
    given = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", name: "planted"}
    done = subprocess.run([str(checkout / "scripts" / "deploy"), "up"], env=given, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"as the file {name.lower()}" in done.stderr
    assert "planted" not in done.stdout + done.stderr
