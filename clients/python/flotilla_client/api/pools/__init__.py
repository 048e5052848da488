"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        abandon_move,
        abort_rollout,
        check_pool,
        cordon_pool,
        create_pool,
        delete_pool,
        drain_pool,
        get_pool,
        get_rollout,
        list_disks,
        list_moves,
        list_nodes,
        list_pools,
        list_rollouts,
        list_slots,
        move_bot,
        rebalance_pools,
        restart_pool,
        roll_back_rollout,
        rotate_pool_token,
        start_rollout,
        sync_pools,
        uncordon_pool,
    )

__all__ = (
    "abandon_move",
    "abort_rollout",
    "check_pool",
    "cordon_pool",
    "create_pool",
    "delete_pool",
    "drain_pool",
    "get_pool",
    "get_rollout",
    "list_disks",
    "list_moves",
    "list_nodes",
    "list_pools",
    "list_rollouts",
    "list_slots",
    "move_bot",
    "rebalance_pools",
    "restart_pool",
    "roll_back_rollout",
    "rotate_pool_token",
    "start_rollout",
    "sync_pools",
    "uncordon_pool",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
