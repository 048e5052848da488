"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        end_other_sessions,
        end_session,
        end_user_session,
        end_user_sessions,
        list_sessions,
        list_user_sessions,
    )

__all__ = (
    "end_other_sessions",
    "end_session",
    "end_user_session",
    "end_user_sessions",
    "list_sessions",
    "list_user_sessions",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
