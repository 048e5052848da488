from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.credential import Credential


T = TypeVar("T", bound="PasskeyRegistration")


@_attrs_define
class PasskeyRegistration:
    """A new passkey.

    Attributes:
        challenge (str): From the options.
        name (str): To tell it from others.
        passkey (Credential): What `PublicKeyCredential.toJSON()` answers in a browser, as WebAuthn has it.
    """

    challenge: str
    name: str
    passkey: Credential

    def to_dict(self) -> dict[str, Any]:
        challenge = self.challenge

        name = self.name

        passkey = self.passkey.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "challenge": challenge,
                "name": name,
                "passkey": passkey,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.credential import Credential  # noqa: PLC0415

        d = dict(src_dict)
        challenge = d.pop("challenge")

        name = d.pop("name")

        passkey = Credential.from_dict(d.pop("passkey"))

        passkey_registration = cls(
            challenge=challenge,
            name=name,
            passkey=passkey,
        )

        return passkey_registration
