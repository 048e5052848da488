from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PasswordResetResponse")


@_attrs_define
class PasswordResetResponse:
    """Somebody's new password.

    Attributes:
        password (str): Told this once; he must change it before anything else.
        sessions_ended (int): How many sign-ins it ended.
    """

    password: str
    sessions_ended: int

    def to_dict(self) -> dict[str, Any]:
        password = self.password

        sessions_ended = self.sessions_ended

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "password": password,
                "sessions_ended": sessions_ended,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        password = d.pop("password")

        sessions_ended = d.pop("sessions_ended")

        password_reset_response = cls(
            password=password,
            sessions_ended=sessions_ended,
        )

        return password_reset_response
