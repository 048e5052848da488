from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

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
        frequi_url (None | str): Where a FreqUI is served, by `FLOTILLA_API_FREQUI_URL`; null where nobody named one.
    """

    items: list[FreqtradeBotResponse]
    frequi: FreqtradeBotListFrequi
    frequi_url: None | str

    def to_dict(self) -> dict[str, Any]:
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        frequi = self.frequi.to_dict()

        frequi_url: None | str
        frequi_url = self.frequi_url

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "frequi": frequi,
                "frequi_url": frequi_url,
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

        def _parse_frequi_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        frequi_url = _parse_frequi_url(d.pop("frequi_url"))

        freqtrade_bot_list = cls(
            items=items,
            frequi=frequi,
            frequi_url=frequi_url,
        )

        return freqtrade_bot_list
