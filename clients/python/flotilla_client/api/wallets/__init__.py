"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        allocate_capital,
        archive_wallet,
        check_wallet,
        create_wallet,
        deposit_money,
        get_performance,
        get_statement,
        get_wallet,
        get_wallet_performance,
        list_wallets,
        rename_wallet,
        take_back_capital,
        withdraw_money,
    )

__all__ = (
    "allocate_capital",
    "archive_wallet",
    "check_wallet",
    "create_wallet",
    "deposit_money",
    "get_performance",
    "get_statement",
    "get_wallet",
    "get_wallet_performance",
    "list_wallets",
    "rename_wallet",
    "take_back_capital",
    "withdraw_money",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
