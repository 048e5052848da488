from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="AcceptedResponse")


@_attrs_define
class AcceptedResponse:
    """An account that was just made.

    Attributes:
        id (str): Identity of the user.
        username (str): User name; sign in with it.
        role (str): `admin`; `trader`, who has bots; `viewer`, who only looks.
    """

    id: str
    username: str
    role: str

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        role = self.role

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "username": username,
                "role": role,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        role = d.pop("role")

        accepted_response = cls(
            id=id,
            username=username,
            role=role,
        )

        return accepted_response
