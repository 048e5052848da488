from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="StrategiesLegResponse")


@_attrs_define
class StrategiesLegResponse:
    """One bot of a roll-out.

    Attributes:
        bot_id (str): The bot.
        phase (str): `waiting`, `trial` (has it, is looked at), `done`, `back` (went back) or `left`.
        from_version (int | None): What it had before.
        since (datetime.datetime | None): Since when.
        problem (None | str): Why it went back, or was left.
    """

    bot_id: str
    phase: str
    from_version: int | None
    since: datetime.datetime | None
    problem: None | str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        phase = self.phase

        from_version: int | None
        from_version = self.from_version

        since: None | str
        if isinstance(self.since, datetime.datetime):
            since = self.since.isoformat()
        else:
            since = self.since

        problem: None | str
        problem = self.problem

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "phase": phase,
                "from_version": from_version,
                "since": since,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        phase = d.pop("phase")

        def _parse_from_version(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        from_version = _parse_from_version(d.pop("from_version"))

        def _parse_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                since_type_0 = datetime.datetime.fromisoformat(data)

                return since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        since = _parse_since(d.pop("since"))

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        strategies_leg_response = cls(
            bot_id=bot_id,
            phase=phase,
            from_version=from_version,
            since=since,
            problem=problem,
        )

        return strategies_leg_response
