from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.user_response import UserResponse


T = TypeVar("T", bound="UserMadeResponse")


@_attrs_define
class UserMadeResponse:
    """A new user.

    Attributes:
        user (UserResponse): A user, as administrators see him.
        password (str): His first password, told this once; he must change it before anything else.
    """

    user: UserResponse
    password: str

    def to_dict(self) -> dict[str, Any]:
        user = self.user.to_dict()

        password = self.password

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user": user,
                "password": password,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_response import UserResponse  # noqa: PLC0415

        d = dict(src_dict)
        user = UserResponse.from_dict(d.pop("user"))

        password = d.pop("password")

        user_made_response = cls(
            user=user,
            password=password,
        )

        return user_made_response
