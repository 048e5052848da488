from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.invitation_response import InvitationResponse


T = TypeVar("T", bound="InvitationMadeResponse")


@_attrs_define
class InvitationMadeResponse:
    """A new invitation.

    Attributes:
        invitation (InvitationResponse): An invitation that is open.
        token (str): What it is accepted with, told this once.
    """

    invitation: InvitationResponse
    token: str

    def to_dict(self) -> dict[str, Any]:
        invitation = self.invitation.to_dict()

        token = self.token

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "invitation": invitation,
                "token": token,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invitation_response import InvitationResponse  # noqa: PLC0415

        d = dict(src_dict)
        invitation = InvitationResponse.from_dict(d.pop("invitation"))

        token = d.pop("token")

        invitation_made_response = cls(
            invitation=invitation,
            token=token,
        )

        return invitation_made_response
