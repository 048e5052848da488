from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.reduce_request_scope import ReduceRequestScope, check_reduce_request_scope
from ..types import UNSET, Unset

T = TypeVar("T", bound="ReduceRequest")


@_attrs_define
class ReduceRequest:
    """Reduces: exits, stops and cancels only.

    Attributes:
        scope (ReduceRequestScope): `bot`, `user` for all bots of one, or `fleet` for everything.
        bot_id (None | str | Unset): For `bot`.
        user (None | str | Unset): For `user`: id or name of another user, for administrators.
        reason (str | Unset): Why; kept and shown. Default: ''.
        fraction (float | None | str | Unset): Also close so much of each open trade, once.
    """

    scope: ReduceRequestScope
    bot_id: None | str | Unset = UNSET
    user: None | str | Unset = UNSET
    reason: str | Unset = ""
    fraction: float | None | str | Unset = UNSET

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

        fraction: float | None | str | Unset
        if isinstance(self.fraction, Unset):
            fraction = UNSET
        else:
            fraction = self.fraction

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
        if fraction is not UNSET:
            field_dict["fraction"] = fraction

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scope = check_reduce_request_scope(d.pop("scope"))

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

        def _parse_fraction(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        fraction = _parse_fraction(d.pop("fraction", UNSET))

        reduce_request = cls(
            scope=scope,
            bot_id=bot_id,
            user=user,
            reason=reason,
            fraction=fraction,
        )

        return reduce_request
