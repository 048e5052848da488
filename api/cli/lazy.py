"""Commands whose modules are read when they are called.

A command line uses one of some hundred commands, and reading the modules of all of them takes seconds. So a group may
know commands by name and words alone; the module of one is read when the command is called, or its own help is asked
for. That the words are those of the command itself is tested.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import typer
from typer.core import TyperGroup


class Command(NamedTuple):
    """Where the function of a command is, or the `Typer` of a group, as `module:name`; and what lists say of it."""

    where: str
    words: str


class LazyGroup(TyperGroup):
    """Derive from it with `known`, and give that to a `Typer` as its `cls`."""

    known: ClassVar[Mapping[str, Command]] = {}

    def __init__(self, *, commands: Any = None, **attributes: Any) -> None:
        stand_ins = {name: TyperGroup(name=name, help=command.words) for name, command in self.known.items()}
        super().__init__(commands={**(commands or {}), **stand_ins}, **attributes)
        self._unread = set(self.known)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] in self._unread:
            self._unread.remove(args[0])
            self.commands[args[0]] = read(args[0], self.known[args[0]])
        return super().resolve_command(ctx, args)


def read(name: str, command: Command) -> Any:
    """The command, or the group, itself."""
    module, _, attribute = command.where.partition(":")
    found = getattr(import_module(module), attribute)
    holder = typer.Typer()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name)(found)
    return typer.main.get_group(holder).commands[name]
