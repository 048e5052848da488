"""The environment is in force before anything is imported."""

import os
import sys

import pytest

from pool.zygote import environment


class Restarted(Exception):
    """Stands for the new process image."""


def test_it_starts_anew_with_everything_set_and_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def execve(path: str, arguments: list[str], variables: dict[str, str]) -> None:
        seen.update(path=path, arguments=arguments, variables=variables)
        raise Restarted

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    monkeypatch.setenv("KEPT", "yes")
    with pytest.raises(Restarted):
        environment.ensure_environment()
    assert seen["path"] == sys.executable
    assert seen["arguments"] == sys.orig_argv
    assert seen["variables"]["KEPT"] == "yes"
    assert environment.VARIABLES.items() <= seen["variables"].items()


def test_it_goes_on_where_everything_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("started anew"))
    environment.ensure_environment()
