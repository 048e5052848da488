from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.exchange_response_trading_modes_item import (
    ExchangeResponseTradingModesItem,
    check_exchange_response_trading_modes_item,
)

if TYPE_CHECKING:
    from ..models.live_response import LiveResponse


T = TypeVar("T", bound="ExchangeResponse")


@_attrs_define
class ExchangeResponse:
    """An exchange that bots can trade on.

    Attributes:
        id (str): What a new bot calls it: `paper`, or an id of ccxt.
        trading_modes (list[ExchangeResponseTradingModesItem]): How bots may trade there.
        takes_keys (bool): Whether keys of accounts there can be entered: only of exchanges that tell what a key may do.
        has_passphrase (bool): Whether the exchange gives out a passphrase with a key, which is entered with it.
        live (LiveResponse): Whether you could have a bot there that trades live.
        lists_pairs (bool): Whether its pairs can be searched; elsewhere a bot takes any pair, and waits in a visible
            condition where the exchange does not have it.
    """

    id: str
    trading_modes: list[ExchangeResponseTradingModesItem]
    takes_keys: bool
    has_passphrase: bool
    live: LiveResponse
    lists_pairs: bool

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        trading_modes = []
        for trading_modes_item_data in self.trading_modes:
            trading_modes_item: str = trading_modes_item_data
            trading_modes.append(trading_modes_item)

        takes_keys = self.takes_keys

        has_passphrase = self.has_passphrase

        live = self.live.to_dict()

        lists_pairs = self.lists_pairs

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "trading_modes": trading_modes,
                "takes_keys": takes_keys,
                "has_passphrase": has_passphrase,
                "live": live,
                "lists_pairs": lists_pairs,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.live_response import LiveResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        trading_modes = []
        _trading_modes = d.pop("trading_modes")
        for trading_modes_item_data in _trading_modes:
            trading_modes_item = check_exchange_response_trading_modes_item(trading_modes_item_data)

            trading_modes.append(trading_modes_item)

        takes_keys = d.pop("takes_keys")

        has_passphrase = d.pop("has_passphrase")

        live = LiveResponse.from_dict(d.pop("live"))

        lists_pairs = d.pop("lists_pairs")

        exchange_response = cls(
            id=id,
            trading_modes=trading_modes,
            takes_keys=takes_keys,
            has_passphrase=has_passphrase,
            live=live,
            lists_pairs=lists_pairs,
        )

        return exchange_response
