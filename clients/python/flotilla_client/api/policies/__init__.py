"""Operations, a module each; each is read when it is first named, since most programs need few of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        delete_bot_policy,
        dial_policy,
        diff_bot_policy,
        diff_default_policy,
        diff_guardrails,
        get_bot_policy,
        get_default_policy,
        get_effective_bot_policy,
        get_effective_default_policy,
        get_guardrails,
        list_bot_policy_versions,
        list_default_policy_versions,
        list_guardrails_versions,
        list_policy_presets,
        preview_bot_policy,
        preview_default_policy,
        put_bot_policy,
        put_default_policy,
        put_guardrails,
        revert_bot_policy,
        revert_default_policy,
        revert_guardrails,
    )

__all__ = (
    "delete_bot_policy",
    "dial_policy",
    "diff_bot_policy",
    "diff_default_policy",
    "diff_guardrails",
    "get_bot_policy",
    "get_default_policy",
    "get_effective_bot_policy",
    "get_effective_default_policy",
    "get_guardrails",
    "list_bot_policy_versions",
    "list_default_policy_versions",
    "list_guardrails_versions",
    "list_policy_presets",
    "preview_bot_policy",
    "preview_default_policy",
    "put_bot_policy",
    "put_default_policy",
    "put_guardrails",
    "revert_bot_policy",
    "revert_default_policy",
    "revert_guardrails",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f".{name}", __name__)
