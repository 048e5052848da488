from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="MoveResponse")


@_attrs_define
class MoveResponse:
    """A bot on its way to another pool.

    Attributes:
        bot_id (str): The bot.
        source_pool_id (str): From here.
        target_pool_id (str): To here.
        phase (str): `stopping`, `copying`, `refused`, `assigning` or `cleaning`.
        reason (str): `move`, `drain`, `rebalance` or `rollout`.
        problem (None | str): Why it does not get on; null mostly.
        started_at (datetime.datetime): Since when.
    """

    bot_id: str
    source_pool_id: str
    target_pool_id: str
    phase: str
    reason: str
    problem: None | str
    started_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        source_pool_id = self.source_pool_id

        target_pool_id = self.target_pool_id

        phase = self.phase

        reason = self.reason

        problem: None | str
        problem = self.problem

        started_at = self.started_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "source_pool_id": source_pool_id,
                "target_pool_id": target_pool_id,
                "phase": phase,
                "reason": reason,
                "problem": problem,
                "started_at": started_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        source_pool_id = d.pop("source_pool_id")

        target_pool_id = d.pop("target_pool_id")

        phase = d.pop("phase")

        reason = d.pop("reason")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        move_response = cls(
            bot_id=bot_id,
            source_pool_id=source_pool_id,
            target_pool_id=target_pool_id,
            phase=phase,
            reason=reason,
            problem=problem,
            started_at=started_at,
        )

        return move_response
