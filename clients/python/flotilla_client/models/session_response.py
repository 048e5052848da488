from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="SessionResponse")


@_attrs_define
class SessionResponse:
    """A sign-in.

    Attributes:
        id (str): Identity of the session.
        current (bool): Whether it is the one that asks.
        method (str): How it began: `password`, `passkey`, `oidc` or another.
        second_factor (None | str): What was asked for beside; null: nothing.
        address (str): Where it was used last.
        user_agent (str): With what, in its own words.
        created_at (datetime.datetime): When it began.
        last_used_at (datetime.datetime): When it was refreshed last.
        expires_at (datetime.datetime): When it ends if nobody uses it.
    """

    id: str
    current: bool
    method: str
    second_factor: None | str
    address: str
    user_agent: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime
    expires_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        current = self.current

        method = self.method

        second_factor: None | str
        second_factor = self.second_factor

        address = self.address

        user_agent = self.user_agent

        created_at = self.created_at.isoformat()

        last_used_at = self.last_used_at.isoformat()

        expires_at = self.expires_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "current": current,
                "method": method,
                "second_factor": second_factor,
                "address": address,
                "user_agent": user_agent,
                "created_at": created_at,
                "last_used_at": last_used_at,
                "expires_at": expires_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        current = d.pop("current")

        method = d.pop("method")

        def _parse_second_factor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        second_factor = _parse_second_factor(d.pop("second_factor"))

        address = d.pop("address")

        user_agent = d.pop("user_agent")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        last_used_at = datetime.datetime.fromisoformat(d.pop("last_used_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        session_response = cls(
            id=id,
            current=current,
            method=method,
            second_factor=second_factor,
            address=address,
            user_agent=user_agent,
            created_at=created_at,
            last_used_at=last_used_at,
            expires_at=expires_at,
        )

        return session_response
