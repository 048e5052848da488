from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="InvitationResponse")


@_attrs_define
class InvitationResponse:
    """An invitation that is open.

    Attributes:
        id (str): Identity of the invitation.
        role (str): `admin`; `trader`, who has bots; `viewer`, who only looks.
        note (str): For whom.
        created_by (str): Id of the administrator who invites.
        created_at (datetime.datetime): When it was made.
        expires_at (datetime.datetime): Until when it may be accepted.
    """

    id: str
    role: str
    note: str
    created_by: str
    created_at: datetime.datetime
    expires_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        role = self.role

        note = self.note

        created_by = self.created_by

        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "role": role,
                "note": note,
                "created_by": created_by,
                "created_at": created_at,
                "expires_at": expires_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        role = d.pop("role")

        note = d.pop("note")

        created_by = d.pop("created_by")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        invitation_response = cls(
            id=id,
            role=role,
            note=note,
            created_by=created_by,
            created_at=created_at,
            expires_at=expires_at,
        )

        return invitation_response
