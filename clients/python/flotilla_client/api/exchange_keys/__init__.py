"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        check_exchange_key,
        create_exchange_key,
        create_paper_key,
        delete_exchange_key,
        get_exchange_key,
        get_vault,
        list_exchange_keys,
        replace_exchange_key,
        rotate_vault,
        update_exchange_key,
    )

__all__ = (
    "check_exchange_key",
    "create_exchange_key",
    "create_paper_key",
    "delete_exchange_key",
    "get_exchange_key",
    "get_vault",
    "list_exchange_keys",
    "replace_exchange_key",
    "rotate_vault",
    "update_exchange_key",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
