"""The agent's token is replaced without locking anybody out, wherever it is killed in between."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pool.agent import files, tokens
from pool.agent.tokens import OVERLAP_SECONDS, BadToken, Tokens

FIRST = "the-first-token-of-all"


class Killed(BaseException):
    """The process ends here."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "agent-token").write_text(FIRST + "\n")
    (tmp_path / "agent-token").chmod(0o400)
    return tmp_path


def in_file(directory: Path) -> str:
    return (directory / "agent-token").read_text().strip()


def accepts(known: Tokens, token: str) -> bool:
    return known.accepts(f"Bearer {token}".encode())


def age_files(directory: Path, clock: Clock) -> None:
    """The files were written at the clock's time."""
    for file in directory.iterdir():
        os.utime(file, (clock.now, clock.now))


def test_both_are_taken_for_a_while(directory: Path, clock: Clock) -> None:
    known = Tokens(directory, clock, clock)
    known.renew()
    second = in_file(directory)
    assert second != FIRST
    assert len(second) >= 40
    assert (directory / "agent-token").stat().st_mode & 0o777 == 0o400
    assert (directory / "agent-token.before").stat().st_mode & 0o777 == 0o400
    assert known.made_at.timestamp() == clock.now
    assert accepts(known, FIRST)
    assert accepts(known, second)
    assert not accepts(known, "")
    assert not accepts(known, second[:-1])
    clock.now += OVERLAP_SECONDS
    assert not accepts(known, FIRST)
    assert accepts(known, second)
    known.forget()
    assert not (directory / "agent-token.before").exists()


def test_a_restart_remembers_the_one_before_for_the_rest_of_its_time(directory: Path, clock: Clock) -> None:
    Tokens(directory, clock, clock).renew()
    age_files(directory, clock)
    clock.now += OVERLAP_SECONDS - 1
    again = Tokens(directory, clock, clock)
    assert accepts(again, FIRST)
    clock.now += 1
    assert not accepts(again, FIRST)
    assert accepts(Tokens(directory, clock, clock), in_file(directory))
    assert not (directory / "agent-token.before").exists()


def test_of_two_renewals_the_one_before_the_last_is_taken(directory: Path, clock: Clock) -> None:
    known = Tokens(directory, clock, clock)
    known.renew()
    second = in_file(directory)
    known.renew()
    assert [accepts(known, token) for token in (FIRST, second, in_file(directory))] == [False, True, True]


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("how", ["killed", "refused"])
def test_no_point_of_a_renewal_locks_anybody_out(
    directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: int, how: str
) -> None:
    """At each call to the system of a renewal the agent is killed, or the disk refuses. Whoever knows the token that
    was in the file before, or the one that is there after, is let in: by the agent, or by the next one."""
    known = Tokens(directory, clock, clock)
    calls = 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == step + 1:
                raise Killed if how == "killed" else OSError(28, "No space left on device")
            return real(*args, **options)

        return call

    with monkeypatch.context() as patched:
        for name in ("open", "fchmod", "fsync"):
            patched.setattr(files.os, name, failing(getattr(os, name)))
        patched.setattr(Path, "replace", failing(Path.replace))
        try:
            known.renew()
            ended = True
        except (Killed, OSError):
            ended = False
    assert calls > 0
    age_files(directory, clock)
    after = Tokens(directory, clock, clock)
    # A killed agent asks nobody in any more; the one that follows it goes by the files.
    for agent in (after,) if how == "killed" and not ended else (known, after):
        assert accepts(agent, FIRST)
        assert accepts(agent, in_file(directory))
    for agent in (after,) if how == "killed" and not ended else (known,):
        second = in_file(directory)
        agent.renew()
        assert accepts(agent, second)
        assert accepts(agent, in_file(directory))
    assert tokens.OVERLAP_SECONDS >= 60  # a broker reads a token anew three times a minute


def test_a_renewal_has_so_many_steps(directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the test above kills at all of them."""
    calls: list[str] = []

    def noting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(name)
            return real(*args, **options)

        return call

    known = Tokens(directory, clock, clock)
    with monkeypatch.context() as patched:
        for name in ("open", "fchmod", "fsync"):
            patched.setattr(files.os, name, noting(name, getattr(os, name)))
        patched.setattr(Path, "replace", noting("replace", Path.replace))
        known.renew()
    assert calls.count("replace") == 2
    assert len(calls) == 12


@pytest.mark.parametrize("content", ["", "short", None])
def test_an_agent_without_a_token_does_not_start(directory: Path, content: str | None) -> None:
    file = directory / "agent-token"
    file.chmod(0o600)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(BadToken):
        Tokens(directory)
