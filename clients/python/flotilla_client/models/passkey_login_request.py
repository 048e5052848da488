from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.credential import Credential


T = TypeVar("T", bound="PasskeyLoginRequest")


@_attrs_define
class PasskeyLoginRequest:
    """A passkey's answer.

    Attributes:
        challenge (str): From the options.
        passkey (Credential): What `PublicKeyCredential.toJSON()` answers in a browser, as WebAuthn has it.
    """

    challenge: str
    passkey: Credential

    def to_dict(self) -> dict[str, Any]:
        challenge = self.challenge

        passkey = self.passkey.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "challenge": challenge,
                "passkey": passkey,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.credential import Credential  # noqa: PLC0415

        d = dict(src_dict)
        challenge = d.pop("challenge")

        passkey = Credential.from_dict(d.pop("passkey"))

        passkey_login_request = cls(
            challenge=challenge,
            passkey=passkey,
        )

        return passkey_login_request
