from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.invitation_create_role import (
    InvitationCreateRole,
    check_invitation_create_role,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="InvitationCreate")


@_attrs_define
class InvitationCreate:
    """Whom to let in.

    Attributes:
        role (InvitationCreateRole | Unset): `admin`; `trader`, who has bots; `viewer`, who only looks. Default:
            'trader'.
        note (str | Unset): For whom, in your words. Default: ''.
        expires_at (datetime.datetime | None | Unset): Until when it may be accepted; 7 days if left out, 30 at most.
        reason (str | Unset): Kept in the audit. Default: ''.
    """

    role: InvitationCreateRole | Unset = "trader"
    note: str | Unset = ""
    expires_at: datetime.datetime | None | Unset = UNSET
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        role: str | Unset = UNSET
        if not isinstance(self.role, Unset):
            role = self.role

        note = self.note

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if role is not UNSET:
            field_dict["role"] = role
        if note is not UNSET:
            field_dict["note"] = note
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _role = d.pop("role", UNSET)
        role: InvitationCreateRole | Unset
        if isinstance(_role, Unset):
            role = UNSET
        else:
            role = check_invitation_create_role(_role)

        note = d.pop("note", UNSET)

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        reason = d.pop("reason", UNSET)

        invitation_create = cls(
            role=role,
            note=note,
            expires_at=expires_at,
            reason=reason,
        )

        return invitation_create
