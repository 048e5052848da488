"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        add_totp,
        answer_second_factor,
        change_password,
        confirm_totp,
        create_ticket,
        finish_oidc,
        get_factors,
        get_me,
        get_my_quotas,
        get_passkey_options,
        get_passkey_sign_in_options,
        get_step_up_options,
        link_oidc,
        list_identities,
        list_passkeys,
        list_sign_in_methods,
        login,
        logout,
        make_recovery_codes,
        refresh,
        register_passkey,
        remove_passkey,
        remove_totp,
        rename_passkey,
        reset_user_factors,
        sign_in_with_passkey,
        start_oidc,
        step_up,
        step_up_with_oidc,
        unlink_identity,
        update_me,
    )

__all__ = (
    "add_totp",
    "answer_second_factor",
    "change_password",
    "confirm_totp",
    "create_ticket",
    "finish_oidc",
    "get_factors",
    "get_me",
    "get_my_quotas",
    "get_passkey_options",
    "get_passkey_sign_in_options",
    "get_step_up_options",
    "link_oidc",
    "list_identities",
    "list_passkeys",
    "list_sign_in_methods",
    "login",
    "logout",
    "make_recovery_codes",
    "refresh",
    "register_passkey",
    "remove_passkey",
    "remove_totp",
    "rename_passkey",
    "reset_user_factors",
    "sign_in_with_passkey",
    "start_oidc",
    "step_up",
    "step_up_with_oidc",
    "unlink_identity",
    "update_me",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
