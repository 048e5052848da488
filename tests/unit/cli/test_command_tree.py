"""Commands are known by name and words before their modules are read, and those of the README are as written there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from api.cli import lazy
from api.cli.root import app

README = Path(__file__).parents[3] / "README.md"
_LINE = re.compile(r"\.venv/bin/flotilla (?P<words>[^#&|>\n]+)")


def _groups(group: TyperGroup) -> Iterator[TyperGroup]:
    """With all of its commands read, and all groups below."""
    if isinstance(group, lazy.LazyGroup):
        for name, command in group.known.items():
            group.commands[name] = lazy.read(name, command)
    yield group
    for below in group.commands.values():
        if isinstance(below, TyperGroup):
            yield from _groups(below)


@pytest.fixture(scope="module")
def root() -> TyperGroup:
    return typer.main.get_group(app)


def _first_words(told: str) -> str:
    return " ".join(told.split("\n\n")[0].split())


def test_lists_say_of_a_command_what_it_says_itself(root: TyperGroup) -> None:
    lazies = [group for group in _groups(root) if isinstance(group, lazy.LazyGroup)]
    assert len(lazies) == 2
    for group in lazies:
        for name, command in group.known.items():
            assert _first_words(group.commands[name].help or "") == command.words, name


def test_commands_of_the_readme_exist_with_their_options(root: TyperGroup) -> None:
    list(_groups(root))
    lines = [found["words"] for found in _LINE.finditer(README.read_text())]
    assert len(lines) > 40
    for line in lines:
        words = [word for word in shlex.split(line) if word not in ("[--purge]",)]
        command: Any = root
        while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        for word in words:
            assert not word.startswith("-") or word == "-" or word in known, f"{line}: {word}"
