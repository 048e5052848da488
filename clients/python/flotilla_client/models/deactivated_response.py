from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.user_response import UserResponse


T = TypeVar("T", bound="DeactivatedResponse")


@_attrs_define
class DeactivatedResponse:
    """What a deactivation came to.

    Attributes:
        user (UserResponse): A user, as administrators see him.
        sessions_ended (int): How many sign-ins it ended.
        bots_trading (int): Bots of his that shall run, and go on.
        halted (bool): Whether they were halted.
    """

    user: UserResponse
    sessions_ended: int
    bots_trading: int
    halted: bool

    def to_dict(self) -> dict[str, Any]:
        user = self.user.to_dict()

        sessions_ended = self.sessions_ended

        bots_trading = self.bots_trading

        halted = self.halted

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user": user,
                "sessions_ended": sessions_ended,
                "bots_trading": bots_trading,
                "halted": halted,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_response import UserResponse  # noqa: PLC0415

        d = dict(src_dict)
        user = UserResponse.from_dict(d.pop("user"))

        sessions_ended = d.pop("sessions_ended")

        bots_trading = d.pop("bots_trading")

        halted = d.pop("halted")

        deactivated_response = cls(
            user=user,
            sessions_ended=sessions_ended,
            bots_trading=bots_trading,
            halted=halted,
        )

        return deactivated_response
