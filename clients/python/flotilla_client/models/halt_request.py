from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.halt_request_scope import HaltRequestScope, check_halt_request_scope
from ..types import UNSET, Unset

T = TypeVar("T", bound="HaltRequest")


@_attrs_define
class HaltRequest:
    """Halts: no new risk, resting entries cancelled, the strategies' own exits off; universal stops run.

    Attributes:
        scope (HaltRequestScope): `bot`, `user` for all bots of one, or `fleet` for everything.
        bot_id (None | str | Unset): For `bot`.
        user (None | str | Unset): For `user`: id or name of another user, for administrators.
        reason (str | Unset): Why; kept and shown. Default: ''.
        flatten (bool | Unset): Also close everything, until it is flat. Default: False.
    """

    scope: HaltRequestScope
    bot_id: None | str | Unset = UNSET
    user: None | str | Unset = UNSET
    reason: str | Unset = ""
    flatten: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        scope: str = self.scope

        bot_id: None | str | Unset
        if isinstance(self.bot_id, Unset):
            bot_id = UNSET
        else:
            bot_id = self.bot_id

        user: None | str | Unset
        if isinstance(self.user, Unset):
            user = UNSET
        else:
            user = self.user

        reason = self.reason

        flatten = self.flatten

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "scope": scope,
            }
        )
        if bot_id is not UNSET:
            field_dict["bot_id"] = bot_id
        if user is not UNSET:
            field_dict["user"] = user
        if reason is not UNSET:
            field_dict["reason"] = reason
        if flatten is not UNSET:
            field_dict["flatten"] = flatten

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scope = check_halt_request_scope(d.pop("scope"))

        def _parse_bot_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bot_id = _parse_bot_id(d.pop("bot_id", UNSET))

        def _parse_user(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user = _parse_user(d.pop("user", UNSET))

        reason = d.pop("reason", UNSET)

        flatten = d.pop("flatten", UNSET)

        halt_request = cls(
            scope=scope,
            bot_id=bot_id,
            user=user,
            reason=reason,
            flatten=flatten,
        )

        return halt_request
