from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PreviewWalletResponse")


@_attrs_define
class PreviewWalletResponse:
    """Where the bot's capital would be from.

    Attributes:
        id (None | str): The wallet; null for your own paper wallet of the currency, which would be made.
        name (None | str): Its name; null where it would be made.
        currency (str): Stake currency.
        free (str): What no bot has.
        needed (str): The bot's starting balance.
        tops_up (bool): Whether it gets by itself what it lacks.
        suffices (bool): Whether the bot would get its capital.
    """

    id: None | str
    name: None | str
    currency: str
    free: str
    needed: str
    tops_up: bool
    suffices: bool

    def to_dict(self) -> dict[str, Any]:
        id: None | str
        id = self.id

        name: None | str
        name = self.name

        currency = self.currency

        free = self.free

        needed = self.needed

        tops_up = self.tops_up

        suffices = self.suffices

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "currency": currency,
                "free": free,
                "needed": needed,
                "tops_up": tops_up,
                "suffices": suffices,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id"))

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        currency = d.pop("currency")

        free = d.pop("free")

        needed = d.pop("needed")

        tops_up = d.pop("tops_up")

        suffices = d.pop("suffices")

        preview_wallet_response = cls(
            id=id,
            name=name,
            currency=currency,
            free=free,
            needed=needed,
            tops_up=tops_up,
            suffices=suffices,
        )

        return preview_wallet_response
