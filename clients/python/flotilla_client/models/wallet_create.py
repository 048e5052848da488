from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.wallet_create_kind import WalletCreateKind, check_wallet_create_kind
from ..models.wallet_create_market import WalletCreateMarket, check_wallet_create_market
from ..types import UNSET, Unset

T = TypeVar("T", bound="WalletCreate")


@_attrs_define
class WalletCreate:
    """A new wallet.

    Attributes:
        name (str): Unique among your wallets.
        kind (WalletCreateKind | Unset): `paper`, or `exchange` for the account of a key. Default: 'paper'.
        exchange_key_id (None | str | Unset): Of kind `exchange`: the account's key.
        market (WalletCreateMarket | Unset): Of kind `exchange`: which of the account's money, `spot` or `futures`;
            exchanges keep them apart. Default: 'spot'.
    """

    name: str
    kind: WalletCreateKind | Unset = "paper"
    exchange_key_id: None | str | Unset = UNSET
    market: WalletCreateMarket | Unset = "spot"

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        kind: str | Unset = UNSET
        if not isinstance(self.kind, Unset):
            kind = self.kind

        exchange_key_id: None | str | Unset
        if isinstance(self.exchange_key_id, Unset):
            exchange_key_id = UNSET
        else:
            exchange_key_id = self.exchange_key_id

        market: str | Unset = UNSET
        if not isinstance(self.market, Unset):
            market = self.market

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind
        if exchange_key_id is not UNSET:
            field_dict["exchange_key_id"] = exchange_key_id
        if market is not UNSET:
            field_dict["market"] = market

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        _kind = d.pop("kind", UNSET)
        kind: WalletCreateKind | Unset
        if isinstance(_kind, Unset):
            kind = UNSET
        else:
            kind = check_wallet_create_kind(_kind)

        def _parse_exchange_key_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        exchange_key_id = _parse_exchange_key_id(d.pop("exchange_key_id", UNSET))

        _market = d.pop("market", UNSET)
        market: WalletCreateMarket | Unset
        if isinstance(_market, Unset):
            market = UNSET
        else:
            market = check_wallet_create_market(_market)

        wallet_create = cls(
            name=name,
            kind=kind,
            exchange_key_id=exchange_key_id,
            market=market,
        )

        return wallet_create
