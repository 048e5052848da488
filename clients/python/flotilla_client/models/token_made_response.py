from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.api_token_response import ApiTokenResponse


T = TypeVar("T", bound="TokenMadeResponse")


@_attrs_define
class TokenMadeResponse:
    """A new API token.

    Attributes:
        api_token (ApiTokenResponse): An API token, without what it is.
        token (str): Send it as `Authorization: Bearer …`; told this once.
    """

    api_token: ApiTokenResponse
    token: str

    def to_dict(self) -> dict[str, Any]:
        api_token = self.api_token.to_dict()

        token = self.token

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "api_token": api_token,
                "token": token,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.api_token_response import ApiTokenResponse  # noqa: PLC0415

        d = dict(src_dict)
        api_token = ApiTokenResponse.from_dict(d.pop("api_token"))

        token = d.pop("token")

        token_made_response = cls(
            api_token=api_token,
            token=token,
        )

        return token_made_response
