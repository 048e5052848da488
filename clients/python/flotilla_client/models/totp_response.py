from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="TotpResponse")


@_attrs_define
class TotpResponse:
    """What an authenticator app reads; told once.

    Attributes:
        secret (str): In base32, to type it.
        uri (str): To open it.
        qr_svg (str): To scan it: the URI as a QR code.
    """

    secret: str
    uri: str
    qr_svg: str

    def to_dict(self) -> dict[str, Any]:
        secret = self.secret

        uri = self.uri

        qr_svg = self.qr_svg

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "secret": secret,
                "uri": uri,
                "qr_svg": qr_svg,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        secret = d.pop("secret")

        uri = d.pop("uri")

        qr_svg = d.pop("qr_svg")

        totp_response = cls(
            secret=secret,
            uri=uri,
            qr_svg=qr_svg,
        )

        return totp_response
