from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.halt_response import HaltResponse


T = TypeVar("T", bound="ActResponse")


@_attrs_define
class ActResponse:
    """What was done.

    Attributes:
        halts (list[HaltResponse]): What binds from now on, or bound until now.
        bots (list[str]): Bots that it concerns.
    """

    halts: list[HaltResponse]
    bots: list[str]

    def to_dict(self) -> dict[str, Any]:
        halts = []
        for halts_item_data in self.halts:
            halts_item = halts_item_data.to_dict()
            halts.append(halts_item)

        bots = self.bots

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "halts": halts,
                "bots": bots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.halt_response import HaltResponse  # noqa: PLC0415

        d = dict(src_dict)
        halts = []
        _halts = d.pop("halts")
        for halts_item_data in _halts:
            halts_item = HaltResponse.from_dict(halts_item_data)

            halts.append(halts_item)

        bots = cast(list[str], d.pop("bots"))

        act_response = cls(
            halts=halts,
            bots=bots,
        )

        return act_response
