from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="CoolDown")


@_attrs_define
class CoolDown:
    """No entry of a bot for so long after a trade that lost, or after `losses` that lost in a row.

    Attributes:
        after_loss_minutes (int | None | Unset):
        losses (int | None | Unset):
        after_streak_minutes (int | None | Unset):
    """

    after_loss_minutes: int | None | Unset = UNSET
    losses: int | None | Unset = UNSET
    after_streak_minutes: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        after_loss_minutes: int | None | Unset
        if isinstance(self.after_loss_minutes, Unset):
            after_loss_minutes = UNSET
        else:
            after_loss_minutes = self.after_loss_minutes

        losses: int | None | Unset
        if isinstance(self.losses, Unset):
            losses = UNSET
        else:
            losses = self.losses

        after_streak_minutes: int | None | Unset
        if isinstance(self.after_streak_minutes, Unset):
            after_streak_minutes = UNSET
        else:
            after_streak_minutes = self.after_streak_minutes

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if after_loss_minutes is not UNSET:
            field_dict["after_loss_minutes"] = after_loss_minutes
        if losses is not UNSET:
            field_dict["losses"] = losses
        if after_streak_minutes is not UNSET:
            field_dict["after_streak_minutes"] = after_streak_minutes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_after_loss_minutes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        after_loss_minutes = _parse_after_loss_minutes(d.pop("after_loss_minutes", UNSET))

        def _parse_losses(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        losses = _parse_losses(d.pop("losses", UNSET))

        def _parse_after_streak_minutes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        after_streak_minutes = _parse_after_streak_minutes(d.pop("after_streak_minutes", UNSET))

        cool_down = cls(
            after_loss_minutes=after_loss_minutes,
            losses=losses,
            after_streak_minutes=after_streak_minutes,
        )

        return cool_down
