from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PasskeyResponse")


@_attrs_define
class PasskeyResponse:
    """A passkey, without what it signs with, which nobody but its device has.

    Attributes:
        id (str): Identity of the passkey.
        name (str): Name.
        backed_up (bool): Whether a service keeps it, for several devices.
        created_at (datetime.datetime): When it was registered.
        last_used_at (datetime.datetime | None): When it was used last.
    """

    id: str
    name: str
    backed_up: bool
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        backed_up = self.backed_up

        created_at = self.created_at.isoformat()

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "backed_up": backed_up,
                "created_at": created_at,
                "last_used_at": last_used_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        backed_up = d.pop("backed_up")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_last_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_used_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_used_at = _parse_last_used_at(d.pop("last_used_at"))

        passkey_response = cls(
            id=id,
            name=name,
            backed_up=backed_up,
            created_at=created_at,
            last_used_at=last_used_at,
        )

        return passkey_response
