from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.provider_response import ProviderResponse


T = TypeVar("T", bound="MethodsResponse")


@_attrs_define
class MethodsResponse:
    """Ways to sign in.

    Attributes:
        password (bool): With user name and password.
        passkey (bool): With a passkey, from the address that this was asked at.
        oidc (list[ProviderResponse]): With a provider.
        first_run (bool): Whether nobody was set up yet: the password is the one that the first start made and told.
    """

    password: bool
    passkey: bool
    oidc: list[ProviderResponse]
    first_run: bool

    def to_dict(self) -> dict[str, Any]:
        password = self.password

        passkey = self.passkey

        oidc = []
        for oidc_item_data in self.oidc:
            oidc_item = oidc_item_data.to_dict()
            oidc.append(oidc_item)

        first_run = self.first_run

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "password": password,
                "passkey": passkey,
                "oidc": oidc,
                "first_run": first_run,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.provider_response import ProviderResponse  # noqa: PLC0415

        d = dict(src_dict)
        password = d.pop("password")

        passkey = d.pop("passkey")

        oidc = []
        _oidc = d.pop("oidc")
        for oidc_item_data in _oidc:
            oidc_item = ProviderResponse.from_dict(oidc_item_data)

            oidc.append(oidc_item)

        first_run = d.pop("first_run")

        methods_response = cls(
            password=password,
            passkey=passkey,
            oidc=oidc,
            first_run=first_run,
        )

        return methods_response
