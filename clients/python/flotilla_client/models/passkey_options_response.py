from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.passkey_options_response_options import PasskeyOptionsResponseOptions


T = TypeVar("T", bound="PasskeyOptionsResponse")


@_attrs_define
class PasskeyOptionsResponse:
    """What a browser asks a passkey with.

    Attributes:
        challenge (str): Send it with the answer.
        expires_in (int): Seconds that it is good for.
        options (PasskeyOptionsResponseOptions): For `navigator.credentials`.
    """

    challenge: str
    expires_in: int
    options: PasskeyOptionsResponseOptions

    def to_dict(self) -> dict[str, Any]:
        challenge = self.challenge

        expires_in = self.expires_in

        options = self.options.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "challenge": challenge,
                "expires_in": expires_in,
                "options": options,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.passkey_options_response_options import (
            PasskeyOptionsResponseOptions,  # noqa: PLC0415
        )

        d = dict(src_dict)
        challenge = d.pop("challenge")

        expires_in = d.pop("expires_in")

        options = PasskeyOptionsResponseOptions.from_dict(d.pop("options"))

        passkey_options_response = cls(
            challenge=challenge,
            expires_in=expires_in,
            options=options,
        )

        return passkey_options_response
