"""`flotilla up` and `serve` that cannot start say why: a sentence, no traceback, exit code 1, nothing left running."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import PostgresServer


def flotilla(verb: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    return subprocess.run(
        [sys.executable, "-m", "api", verb],
        env={**own, "FLOTILLA_HOME": str(home), "FLOTILLA_PORT": "0", **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def assert_refused(outcome: subprocess.CompletedProcess[str], says: str) -> None:
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert says in outcome.stderr
    assert "Traceback" not in outcome.stdout + outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["up", "serve"])
def test_a_taken_port(tmp_path: Path, verb: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = flotilla(verb, tmp_path, FLOTILLA_PORT=str(port))
    assert_refused(outcome, "FLOTILLA_PORT")
    assert f"Port {port}" in outcome.stderr
    assert not (tmp_path / "pools").exists()
    assert not (tmp_path / "admin-password").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FLOTILLA_PORT", "eighty"),
        ("FLOTILLA_PORT", "70000"),
        ("FLOTILLA_ORCH_POOL_SLOTS", "0"),
        ("FLOTILLA_API_TICKET_SECONDS", "x"),
    ],
)
def test_bad_settings(tmp_path: Path, variable: str, value: str) -> None:
    assert_refused(flotilla("up", tmp_path, **{variable: value}), variable)


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    assert_refused(flotilla("up", tmp_path, FLOTILLA_HOST="203.0.113.7"), "FLOTILLA_HOST")


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("not a directory")
    assert_refused(flotilla("up", home), str(home))


def test_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "flotilla.db").write_bytes(b"this is not a database, " * 400)
    outcome = flotilla("serve", tmp_path)
    assert_refused(outcome, "damaged")
    assert not (tmp_path / "admin-password").exists()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding(tmp_path: Path, postgres: PostgresServer, encoding: str) -> None:
    url = postgres.empty(encoding)
    outcome = flotilla("serve", tmp_path, FLOTILLA_ORCH_DATABASE_URL=url)
    assert_refused(outcome, "ENCODING 'UTF8' TEMPLATE template0")
    assert f"server_encoding) {encoding}" in outcome.stderr
    postgres.drop(url)


def test_broken_templates(tmp_path: Path) -> None:
    templates = tmp_path / "templates" / "odd"
    templates.mkdir(parents=True)
    (templates / "template.yaml").write_text("title: [")
    outcome = flotilla("serve", tmp_path / "home", FLOTILLA_ORCH_TEMPLATES_DIRECTORY=str(templates.parent))
    assert_refused(outcome, "odd")
