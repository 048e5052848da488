from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="BotStrategyResponse")


@_attrs_define
class BotStrategyResponse:
    """A strategy, and the version that a bot is pinned to.

    Attributes:
        id (str): The strategy.
        version (int): Changed by roll-outs.
    """

    id: str
    version: int

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        version = d.pop("version")

        bot_strategy_response = cls(
            id=id,
            version=version,
        )

        return bot_strategy_response
