from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PoolSyncResponse")


@_attrs_define
class PoolSyncResponse:
    """What one agent told.

    Attributes:
        pool_id (str): The pool.
        problem (None | str): Why it told nothing; null where it did.
        slots (int): Slots that it has.
        missing (list[str]): Bots of the pool without a slot; they get one.
        foreign (list[str]): Slots of bots that do not belong there; they go once it is known where the bot is.
    """

    pool_id: str
    problem: None | str
    slots: int
    missing: list[str]
    foreign: list[str]

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        problem: None | str
        problem = self.problem

        slots = self.slots

        missing = self.missing

        foreign = self.foreign

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "problem": problem,
                "slots": slots,
                "missing": missing,
                "foreign": foreign,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        slots = d.pop("slots")

        missing = cast(list[str], d.pop("missing"))

        foreign = cast(list[str], d.pop("foreign"))

        pool_sync_response = cls(
            pool_id=pool_id,
            problem=problem,
            slots=slots,
            missing=missing,
            foreign=foreign,
        )

        return pool_sync_response
