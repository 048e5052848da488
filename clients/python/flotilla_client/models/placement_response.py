from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="PlacementResponse")


@_attrs_define
class PlacementResponse:
    """Where the bot would be placed now; it may be another place by then.

    Attributes:
        pool (None | str): A pool that has room; null where none has.
        new_pool (bool): Whether a pool would be made for it.
        new_pool_bytes (int | None): What that takes of memory beside its bots; null where none is made.
        new_pool_measured_on (int): How many pools that was measured on; 0: it is what pools are reckoned with.
        waits_for (None | str): Why it would wait without a place, and what to do; null where it would not.
    """

    pool: None | str
    new_pool: bool
    new_pool_bytes: int | None
    new_pool_measured_on: int
    waits_for: None | str

    def to_dict(self) -> dict[str, Any]:
        pool: None | str
        pool = self.pool

        new_pool = self.new_pool

        new_pool_bytes: int | None
        new_pool_bytes = self.new_pool_bytes

        new_pool_measured_on = self.new_pool_measured_on

        waits_for: None | str
        waits_for = self.waits_for

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool": pool,
                "new_pool": new_pool,
                "new_pool_bytes": new_pool_bytes,
                "new_pool_measured_on": new_pool_measured_on,
                "waits_for": waits_for,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_pool(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        pool = _parse_pool(d.pop("pool"))

        new_pool = d.pop("new_pool")

        def _parse_new_pool_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        new_pool_bytes = _parse_new_pool_bytes(d.pop("new_pool_bytes"))

        new_pool_measured_on = d.pop("new_pool_measured_on")

        def _parse_waits_for(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        waits_for = _parse_waits_for(d.pop("waits_for"))

        placement_response = cls(
            pool=pool,
            new_pool=new_pool,
            new_pool_bytes=new_pool_bytes,
            new_pool_measured_on=new_pool_measured_on,
            waits_for=waits_for,
        )

        return placement_response
