from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="GatewayResponse")


@_attrs_define
class GatewayResponse:
    """The process that asks exchanges for all bots of the machine.

    Attributes:
        started_at (datetime.datetime): Since when it counts.
        memory_bytes (int): What it uses.
        cached_bytes (int): Answers that it keeps.
        cached_answers (int): How many these are.
        problems (list[str]): What is not as it should be, in sentences.
    """

    started_at: datetime.datetime
    memory_bytes: int
    cached_bytes: int
    cached_answers: int
    problems: list[str]

    def to_dict(self) -> dict[str, Any]:
        started_at = self.started_at.isoformat()

        memory_bytes = self.memory_bytes

        cached_bytes = self.cached_bytes

        cached_answers = self.cached_answers

        problems = self.problems

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "started_at": started_at,
                "memory_bytes": memory_bytes,
                "cached_bytes": cached_bytes,
                "cached_answers": cached_answers,
                "problems": problems,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        memory_bytes = d.pop("memory_bytes")

        cached_bytes = d.pop("cached_bytes")

        cached_answers = d.pop("cached_answers")

        problems = cast(list[str], d.pop("problems"))

        gateway_response = cls(
            started_at=started_at,
            memory_bytes=memory_bytes,
            cached_bytes=cached_bytes,
            cached_answers=cached_answers,
            problems=problems,
        )

        return gateway_response
