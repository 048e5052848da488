from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="StrategyChoice")


@_attrs_define
class StrategyChoice:
    """A strategy of your own, or one that is shared with you for use.

    Attributes:
        id (str): The strategy.
        version (int | str | Unset): A number, a tag, or `head`: the bot stays at the version that this is now. Default:
            'head'.
    """

    id: str
    version: int | str | Unset = "head"

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        version: int | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
            }
        )
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_version(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        strategy_choice = cls(
            id=id,
            version=version,
        )

        return strategy_choice
