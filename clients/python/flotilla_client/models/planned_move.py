from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PlannedMove")


@_attrs_define
class PlannedMove:
    """A move that is planned.

    Attributes:
        bot_id (str): The bot.
        source_pool_id (str): From here.
        target_pool_id (str): To here.
        why (str): What it is good for.
    """

    bot_id: str
    source_pool_id: str
    target_pool_id: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        source_pool_id = self.source_pool_id

        target_pool_id = self.target_pool_id

        why = self.why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "source_pool_id": source_pool_id,
                "target_pool_id": target_pool_id,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        source_pool_id = d.pop("source_pool_id")

        target_pool_id = d.pop("target_pool_id")

        why = d.pop("why")

        planned_move = cls(
            bot_id=bot_id,
            source_pool_id=source_pool_id,
            target_pool_id=target_pool_id,
            why=why,
        )

        return planned_move
