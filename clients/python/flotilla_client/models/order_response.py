from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.order_response_kind import OrderResponseKind, check_order_response_kind

T = TypeVar("T", bound="OrderResponse")


@_attrs_define
class OrderResponse:
    """Something that a pool's driver will do.

    Attributes:
        pool_id (str): The pool.
        kind (OrderResponseKind): What.
        requested_at (datetime.datetime): Since when it is wanted.
        problem (None | str): Why it was not done yet; null mostly.
    """

    pool_id: str
    kind: OrderResponseKind
    requested_at: datetime.datetime
    problem: None | str

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        kind: str = self.kind

        requested_at = self.requested_at.isoformat()

        problem: None | str
        problem = self.problem

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "kind": kind,
                "requested_at": requested_at,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        kind = check_order_response_kind(d.pop("kind"))

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        order_response = cls(
            pool_id=pool_id,
            kind=kind,
            requested_at=requested_at,
            problem=problem,
        )

        return order_response
