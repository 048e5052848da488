"""The sinks of this process's log, whose levels change while it runs.

Levels are of Flotilla's own modules. Libraries come through the standard `logging`, whose threshold nothing here
lowers: what they tell at DEBUG holds headers, statements and their values. So a lower level never brings a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR")
"""From the most to the least; errors are always told."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The least level that is told, and others below some modules, the longest name first that fits."""

    level: str = "INFO"
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def lowest(self) -> str:
        """Below it nothing is told at all."""
        return min((self.level, *self.modules.values()), key=LEVELS.index)


@dataclass(slots=True)
class _Sink:
    target: Any
    options: dict[str, Any]
    number: int


_sinks: list[_Sink] = []
_current = Levels()


def restart(levels: Levels | None = None) -> None:
    """Removes all sinks; those that are added from now on begin with `levels`."""
    global _current
    logger.remove()
    _sinks.clear()
    _current = levels or Levels()


def add(target: Any, **options: Any) -> None:
    """A sink, with loguru's options but `level` and `filter`. Never shows the values of variables, secrets among
    them. Raises OSError."""
    options = {"diagnose": False, **options}
    _sinks.append(_Sink(target, options, _open(target, options)))


def current() -> Levels:
    """Those in force."""
    return _current


def take(levels: Levels) -> bool:
    """Has all sinks tell by these levels from now on; whether that changed anything. Nothing is lost meanwhile. Raises
    OSError where a file cannot be opened anew, and then it stays as it was."""
    global _current
    if levels == _current:
        return False
    before, _current = _current, levels
    opened: list[int] = []
    try:
        for sink in _sinks:
            opened.append(_open(sink.target, sink.options))
    except OSError:
        _current = before
        for number in opened:
            logger.remove(number)
        raise
    for sink, number in zip(_sinks, opened, strict=True):
        logger.remove(sink.number)
        sink.number = number
    return True


def _open(target: Any, options: Mapping[str, Any]) -> int:
    by_module: dict[str | None, str | int | bool] = {"": _current.level}
    by_module.update(_current.modules)
    return logger.add(target, level=_current.lowest, filter=by_module, **options)
