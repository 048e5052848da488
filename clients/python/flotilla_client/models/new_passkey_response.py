from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.passkey_response import PasskeyResponse


T = TypeVar("T", bound="NewPasskeyResponse")


@_attrs_define
class NewPasskeyResponse:
    """A passkey that was just registered.

    Attributes:
        recovery_codes (list[str] | None): Each good once, told once: for when the factor is lost. Null where there are
            some already.
        passkey (PasskeyResponse): A passkey, without what it signs with, which nobody but its device has.
    """

    recovery_codes: list[str] | None
    passkey: PasskeyResponse

    def to_dict(self) -> dict[str, Any]:
        recovery_codes: list[str] | None
        if isinstance(self.recovery_codes, list):
            recovery_codes = self.recovery_codes

        else:
            recovery_codes = self.recovery_codes

        passkey = self.passkey.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "recovery_codes": recovery_codes,
                "passkey": passkey,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.passkey_response import PasskeyResponse  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_recovery_codes(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                recovery_codes_type_0 = cast(list[str], data)

                return recovery_codes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        recovery_codes = _parse_recovery_codes(d.pop("recovery_codes"))

        passkey = PasskeyResponse.from_dict(d.pop("passkey"))

        new_passkey_response = cls(
            recovery_codes=recovery_codes,
            passkey=passkey,
        )

        return new_passkey_response
