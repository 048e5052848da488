from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.balance_response import BalanceResponse


T = TypeVar("T", bound="WalletResponse")


@_attrs_define
class WalletResponse:
    """A wallet, and what the ledger has in it.

    Attributes:
        id (str): Identity of the wallet.
        name (str): Unique among your wallets.
        kind (str): `paper` or `exchange`.
        exchange (None | str): Of kind `exchange`: where the account is.
        exchange_key_id (None | str): Of kind `exchange`: the account's key.
        market (None | str): Of kind `exchange`: which of the account's money, `spot` or `futures`. Paper, null, is for
            both.
        automatic (None | str): The currency of dry bots that name no wallet and have their capital from here; null for
            none.
        created_at (datetime.datetime): Made.
        archived_at (datetime.datetime | None): Taken out of use; null while in use.
        balances (list[BalanceResponse]): By currency; those of which there is nothing are left out.
    """

    id: str
    name: str
    kind: str
    exchange: None | str
    exchange_key_id: None | str
    market: None | str
    automatic: None | str
    created_at: datetime.datetime
    archived_at: datetime.datetime | None
    balances: list[BalanceResponse]

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        kind = self.kind

        exchange: None | str
        exchange = self.exchange

        exchange_key_id: None | str
        exchange_key_id = self.exchange_key_id

        market: None | str
        market = self.market

        automatic: None | str
        automatic = self.automatic

        created_at = self.created_at.isoformat()

        archived_at: None | str
        if isinstance(self.archived_at, datetime.datetime):
            archived_at = self.archived_at.isoformat()
        else:
            archived_at = self.archived_at

        balances = []
        for balances_item_data in self.balances:
            balances_item = balances_item_data.to_dict()
            balances.append(balances_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "kind": kind,
                "exchange": exchange,
                "exchange_key_id": exchange_key_id,
                "market": market,
                "automatic": automatic,
                "created_at": created_at,
                "archived_at": archived_at,
                "balances": balances,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.balance_response import BalanceResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        kind = d.pop("kind")

        def _parse_exchange(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exchange = _parse_exchange(d.pop("exchange"))

        def _parse_exchange_key_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exchange_key_id = _parse_exchange_key_id(d.pop("exchange_key_id"))

        def _parse_market(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        market = _parse_market(d.pop("market"))

        def _parse_automatic(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        automatic = _parse_automatic(d.pop("automatic"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_archived_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                archived_at_type_0 = datetime.datetime.fromisoformat(data)

                return archived_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        archived_at = _parse_archived_at(d.pop("archived_at"))

        balances = []
        _balances = d.pop("balances")
        for balances_item_data in _balances:
            balances_item = BalanceResponse.from_dict(balances_item_data)

            balances.append(balances_item)

        wallet_response = cls(
            id=id,
            name=name,
            kind=kind,
            exchange=exchange,
            exchange_key_id=exchange_key_id,
            market=market,
            automatic=automatic,
            created_at=created_at,
            archived_at=archived_at,
            balances=balances,
        )

        return wallet_response
