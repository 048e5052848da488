from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.user_change_role_type_0 import (
    UserChangeRoleType0,
    check_user_change_role_type_0,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="UserChange")


@_attrs_define
class UserChange:
    """What is left out stays.

    Attributes:
        role (None | Unset | UserChangeRoleType0): `admin`; `trader`, who has bots; `viewer`, who only looks.
        may_trade_live (bool | None | Unset): Whether his bots may trade with real money.
        reason (str | Unset): Kept in the audit. Default: ''.
    """

    role: None | Unset | UserChangeRoleType0 = UNSET
    may_trade_live: bool | None | Unset = UNSET
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        elif isinstance(self.role, str):
            role = self.role
        else:
            role = self.role

        may_trade_live: bool | None | Unset
        if isinstance(self.may_trade_live, Unset):
            may_trade_live = UNSET
        else:
            may_trade_live = self.may_trade_live

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if role is not UNSET:
            field_dict["role"] = role
        if may_trade_live is not UNSET:
            field_dict["may_trade_live"] = may_trade_live
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_role(data: object) -> None | Unset | UserChangeRoleType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                role_type_0 = check_user_change_role_type_0(data)

                return role_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UserChangeRoleType0, data)

        role = _parse_role(d.pop("role", UNSET))

        def _parse_may_trade_live(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        may_trade_live = _parse_may_trade_live(d.pop("may_trade_live", UNSET))

        reason = d.pop("reason", UNSET)

        user_change = cls(
            role=role,
            may_trade_live=may_trade_live,
            reason=reason,
        )

        return user_change
