"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        create_push_subscription,
        delete_push_subscription,
        get_push_key,
        list_push_subscriptions,
        test_push,
    )

__all__ = (
    "create_push_subscription",
    "delete_push_subscription",
    "get_push_key",
    "list_push_subscriptions",
    "test_push",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
