from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.user_create_role import UserCreateRole, check_user_create_role
from ..types import UNSET, Unset

T = TypeVar("T", bound="UserCreate")


@_attrs_define
class UserCreate:
    """A new user, with a first password that Flotilla makes.

    Attributes:
        username (str): Small letters, digits and . _ @ + -
        role (UserCreateRole | Unset): `admin`; `trader`, who has bots; `viewer`, who only looks. Default: 'trader'.
        may_trade_live (bool | Unset): Whether his bots may trade with real money. Default: False.
        reason (str | Unset): Kept in the audit. Default: ''.
    """

    username: str
    role: UserCreateRole | Unset = "trader"
    may_trade_live: bool | Unset = False
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        role: str | Unset = UNSET
        if not isinstance(self.role, Unset):
            role = self.role

        may_trade_live = self.may_trade_live

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "username": username,
            }
        )
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
        username = d.pop("username")

        _role = d.pop("role", UNSET)
        role: UserCreateRole | Unset
        if isinstance(_role, Unset):
            role = UNSET
        else:
            role = check_user_create_role(_role)

        may_trade_live = d.pop("may_trade_live", UNSET)

        reason = d.pop("reason", UNSET)

        user_create = cls(
            username=username,
            role=role,
            may_trade_live=may_trade_live,
            reason=reason,
        )

        return user_create
