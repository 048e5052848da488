"""Foreseeable troubles are sentences with a remedy; surprises are not explained away."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError, OperationalError

from api.cli.troubles import explain, port_taken
from api.settings import ApiSettings
from orchestrator.errors import TemplateBroken

HOME = Path("/home/somebody/flotilla")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/home/somebody/flotilla/x"), "disk is full"),
        (
            PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/root/flotilla"),
            "/root/flotilla: permission denied",
        ),
        (OperationalError("x", None, sqlite3.OperationalError("database or disk is full")), "disk is full"),
        (DatabaseError("x", None, sqlite3.DatabaseError("file is not a database")), "damaged; restore"),
        (DatabaseError("x", None, sqlite3.DatabaseError("database disk image is malformed")), "damaged"),
        (OperationalError("x", None, sqlite3.OperationalError("unable to open database file")), "cannot be opened"),
        (OperationalError("x", None, sqlite3.OperationalError("database is locked")), "locked"),
        (TemplateBroken("trend/config.json: not valid JSON."), "trend/config.json"),
    ],
)
def test_foreseeable_troubles(error: Exception, says: str) -> None:
    sentence = explain(error, HOME)
    assert sentence is not None
    assert says in sentence
    assert "\n" not in sentence


def test_bad_settings_name_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOTILLA_PORT", "99999")
    monkeypatch.setenv("FLOTILLA_API_LOGIN_ATTEMPTS", "many")
    with pytest.raises(ValidationError) as caught:
        ApiSettings()
    sentence = explain(caught.value, HOME) or ""
    assert "FLOTILLA_PORT: " in sentence
    assert "FLOTILLA_API_LOGIN_ATTEMPTS: " in sentence


def test_surprises_are_not_explained_away() -> None:
    assert explain(KeyError("x"), HOME) is None


def test_a_taken_port_names_the_setting() -> None:
    error = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    assert "FLOTILLA_PORT" in port_taken("127.0.0.1", 8000, error).message
    assert "1023" in port_taken("127.0.0.1", 80, PermissionError(errno.EACCES, "x")).message
