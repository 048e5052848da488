from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="FactorsResponse")


@_attrs_define
class FactorsResponse:
    """What one can prove with who one is.

    Attributes:
        password (bool): Whether the account has a password.
        totp_since (datetime.datetime | None): Since when an authenticator app counts; null without one.
        passkeys (int): How many passkeys there are.
        recovery_codes_left (int): How many were not used.
    """

    password: bool
    totp_since: datetime.datetime | None
    passkeys: int
    recovery_codes_left: int

    def to_dict(self) -> dict[str, Any]:
        password = self.password

        totp_since: None | str
        if isinstance(self.totp_since, datetime.datetime):
            totp_since = self.totp_since.isoformat()
        else:
            totp_since = self.totp_since

        passkeys = self.passkeys

        recovery_codes_left = self.recovery_codes_left

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "password": password,
                "totp_since": totp_since,
                "passkeys": passkeys,
                "recovery_codes_left": recovery_codes_left,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        password = d.pop("password")

        def _parse_totp_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                totp_since_type_0 = datetime.datetime.fromisoformat(data)

                return totp_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        totp_since = _parse_totp_since(d.pop("totp_since"))

        passkeys = d.pop("passkeys")

        recovery_codes_left = d.pop("recovery_codes_left")

        factors_response = cls(
            password=password,
            totp_since=totp_since,
            passkeys=passkeys,
            recovery_codes_left=recovery_codes_left,
        )

        return factors_response
