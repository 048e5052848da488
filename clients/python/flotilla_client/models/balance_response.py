from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.bot_share_response import BotShareResponse


T = TypeVar("T", bound="BalanceResponse")


@_attrs_define
class BalanceResponse:
    """One currency of a wallet.

    Attributes:
        currency (str): A currency; of futures the pair of the contracts.
        free (str): What no bot has.
        bots (list[BotShareResponse]): What bots have.
        total (str): All of it.
    """

    currency: str
    free: str
    bots: list[BotShareResponse]
    total: str

    def to_dict(self) -> dict[str, Any]:
        currency = self.currency

        free = self.free

        bots = []
        for bots_item_data in self.bots:
            bots_item = bots_item_data.to_dict()
            bots.append(bots_item)

        total = self.total

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "currency": currency,
                "free": free,
                "bots": bots,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_share_response import BotShareResponse  # noqa: PLC0415

        d = dict(src_dict)
        currency = d.pop("currency")

        free = d.pop("free")

        bots = []
        _bots = d.pop("bots")
        for bots_item_data in _bots:
            bots_item = BotShareResponse.from_dict(bots_item_data)

            bots.append(bots_item)

        total = d.pop("total")

        balance_response = cls(
            currency=currency,
            free=free,
            bots=bots,
            total=total,
        )

        return balance_response
