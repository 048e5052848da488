"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        create_bot,
        delete_bot,
        get_bot,
        get_bot_configuration,
        get_bot_history,
        get_bot_logs,
        list_bot_events,
        list_bots,
        pause_bot,
        preview_bot,
        restart_bot,
        resume_bot,
        start_bot,
        stop_bot,
        update_bot,
    )

__all__ = (
    "create_bot",
    "delete_bot",
    "get_bot",
    "get_bot_configuration",
    "get_bot_history",
    "get_bot_logs",
    "list_bot_events",
    "list_bots",
    "pause_bot",
    "preview_bot",
    "restart_bot",
    "resume_bot",
    "start_bot",
    "stop_bot",
    "update_bot",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
