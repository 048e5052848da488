from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="RemovalResponse")


@_attrs_define
class RemovalResponse:
    """A pool on its way out.

    Attributes:
        pool_id (str): The pool.
        purge (bool): Whether its disk goes too, trades included.
    """

    pool_id: str
    purge: bool

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        purge = self.purge

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "purge": purge,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        purge = d.pop("purge")

        removal_response = cls(
            pool_id=pool_id,
            purge=purge,
        )

        return removal_response
