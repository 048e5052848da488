from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.pools_leg_response_left import PoolsLegResponseLeft


T = TypeVar("T", bound="PoolsLegResponse")


@_attrs_define
class PoolsLegResponse:
    """One pool and its replacement.

    Attributes:
        source_pool_id (str): The pool that is replaced.
        target_pool_id (None | str): Its replacement; null before it is made.
        phase (str): `waiting`, `preparing`, `moving` or `done`.
        moved (list[str]): Bots that are well in the replacement.
        left (PoolsLegResponseLeft): Bots that stay in the old pool, which then stays too, and why in a sentence.
        bot_id (None | str): The bot that is under way or looked at.
    """

    source_pool_id: str
    target_pool_id: None | str
    phase: str
    moved: list[str]
    left: PoolsLegResponseLeft
    bot_id: None | str

    def to_dict(self) -> dict[str, Any]:
        source_pool_id = self.source_pool_id

        target_pool_id: None | str
        target_pool_id = self.target_pool_id

        phase = self.phase

        moved = self.moved

        left = self.left.to_dict()

        bot_id: None | str
        bot_id = self.bot_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source_pool_id": source_pool_id,
                "target_pool_id": target_pool_id,
                "phase": phase,
                "moved": moved,
                "left": left,
                "bot_id": bot_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pools_leg_response_left import PoolsLegResponseLeft  # noqa: PLC0415

        d = dict(src_dict)
        source_pool_id = d.pop("source_pool_id")

        def _parse_target_pool_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        target_pool_id = _parse_target_pool_id(d.pop("target_pool_id"))

        phase = d.pop("phase")

        moved = cast(list[str], d.pop("moved"))

        left = PoolsLegResponseLeft.from_dict(d.pop("left"))

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        pools_leg_response = cls(
            source_pool_id=source_pool_id,
            target_pool_id=target_pool_id,
            phase=phase,
            moved=moved,
            left=left,
            bot_id=bot_id,
        )

        return pools_leg_response
