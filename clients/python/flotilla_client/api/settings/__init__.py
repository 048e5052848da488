"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        get_logging_levels,
        put_logging_levels,
        reset_logging_levels,
    )

__all__ = (
    "get_logging_levels",
    "put_logging_levels",
    "reset_logging_levels",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
