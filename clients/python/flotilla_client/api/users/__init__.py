"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        accept_invitation,
        create_invitation,
        create_user,
        deactivate_user,
        get_user,
        get_user_quotas,
        list_invitations,
        list_users,
        reactivate_user,
        reset_user_password,
        revoke_invitation,
        update_user,
        update_user_quotas,
    )

__all__ = (
    "accept_invitation",
    "create_invitation",
    "create_user",
    "deactivate_user",
    "get_user",
    "get_user_quotas",
    "list_invitations",
    "list_users",
    "reactivate_user",
    "reset_user_password",
    "revoke_invitation",
    "update_user",
    "update_user_quotas",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
