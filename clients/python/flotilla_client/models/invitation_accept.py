from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="InvitationAccept")


@_attrs_define
class InvitationAccept:
    """An account of one's own, by an invitation.

    Attributes:
        token (str): The invitation.
        username (str): Small letters, digits and . _ @ + -
        password (str): A long one.
    """

    token: str
    username: str
    password: str

    def to_dict(self) -> dict[str, Any]:
        token = self.token

        username = self.username

        password = self.password

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "token": token,
                "username": username,
                "password": password,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        token = d.pop("token")

        username = d.pop("username")

        password = d.pop("password")

        invitation_accept = cls(
            token=token,
            username=username,
            password=password,
        )

        return invitation_accept
