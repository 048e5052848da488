from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.paper_key_create_balances import PaperKeyCreateBalances


T = TypeVar("T", bound="PaperKeyCreate")


@_attrs_define
class PaperKeyCreate:
    """A key of a new account on the paper exchange, with play money.

    Attributes:
        name (str): Unique among your keys.
        balances (PaperKeyCreateBalances | Unset): What the account has of each asset.
        futures (float | str | Unset): USDT as margin for futures. Default: 0.0.
    """

    name: str
    balances: PaperKeyCreateBalances | Unset = UNSET
    futures: float | str | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        balances: dict[str, Any] | Unset = UNSET
        if not isinstance(self.balances, Unset):
            balances = self.balances.to_dict()

        futures: float | str | Unset
        if isinstance(self.futures, Unset):
            futures = UNSET
        else:
            futures = self.futures

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if balances is not UNSET:
            field_dict["balances"] = balances
        if futures is not UNSET:
            field_dict["futures"] = futures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.paper_key_create_balances import PaperKeyCreateBalances  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        _balances = d.pop("balances", UNSET)
        balances: PaperKeyCreateBalances | Unset
        if isinstance(_balances, Unset):
            balances = UNSET
        else:
            balances = PaperKeyCreateBalances.from_dict(_balances)

        def _parse_futures(data: object) -> float | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(float | str | Unset, data)

        futures = _parse_futures(d.pop("futures", UNSET))

        paper_key_create = cls(
            name=name,
            balances=balances,
            futures=futures,
        )

        return paper_key_create
