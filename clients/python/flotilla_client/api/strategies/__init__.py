"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        abort_strategy_rollout,
        add_strategy_version,
        archive_strategy,
        check_strategy_version,
        create_strategy,
        diff_strategy_versions,
        get_strategy,
        get_strategy_rollout,
        get_strategy_version,
        inspect_strategy,
        list_strategies,
        list_strategy_rollouts,
        list_strategy_shares,
        list_strategy_versions,
        roll_back_strategy,
        roll_out_strategy_version,
        set_bot_strategy_version,
        share_strategy,
        tag_strategy_version,
        unshare_strategy,
        untag_strategy_version,
    )

__all__ = (
    "abort_strategy_rollout",
    "add_strategy_version",
    "archive_strategy",
    "check_strategy_version",
    "create_strategy",
    "diff_strategy_versions",
    "get_strategy",
    "get_strategy_rollout",
    "get_strategy_version",
    "inspect_strategy",
    "list_strategies",
    "list_strategy_rollouts",
    "list_strategy_shares",
    "list_strategy_versions",
    "roll_back_strategy",
    "roll_out_strategy_version",
    "set_bot_strategy_version",
    "share_strategy",
    "tag_strategy_version",
    "unshare_strategy",
    "untag_strategy_version",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
