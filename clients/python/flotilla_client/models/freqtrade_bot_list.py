from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.freqtrade_bot_list_frequi import FreqtradeBotListFrequi
    from ..models.freqtrade_bot_response import FreqtradeBotResponse


T = TypeVar("T", bound="FreqtradeBotList")


@_attrs_define
class FreqtradeBotList:
    """All bots of the caller, in the order of their creation.

    Attributes:
        items (list[FreqtradeBotResponse]): One for each bot.
        frequi (FreqtradeBotListFrequi): The same as FreqUI keeps them, by its own numbers (`ftbot.0`, …).
    """

    items: list[FreqtradeBotResponse]
    frequi: FreqtradeBotListFrequi

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        frequi = self.frequi.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "frequi": frequi,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.freqtrade_bot_list_frequi import FreqtradeBotListFrequi  # noqa: PLC0415
        from ..models.freqtrade_bot_response import FreqtradeBotResponse  # noqa: PLC0415

        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = FreqtradeBotResponse.from_dict(items_item_data)

            items.append(items_item)

        frequi = FreqtradeBotListFrequi.from_dict(d.pop("frequi"))

        freqtrade_bot_list = cls(
            items=items,
            frequi=frequi,
        )

        return freqtrade_bot_list
