from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RolloutCreate")


@_attrs_define
class RolloutCreate:
    """What to roll out.

    Attributes:
        reason (str | Unset): Kept in the audit. Default: ''.
        image (None | str | Unset): Image of the new pools; none where pools are local processes: they get the code that
            is there.
        pools (list[str] | None | Unset): Which pools to replace; all that run if left out.
    """

    reason: str | Unset = ""
    image: None | str | Unset = UNSET
    pools: list[str] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        image: None | str | Unset
        if isinstance(self.image, Unset):
            image = UNSET
        else:
            image = self.image

        pools: list[str] | None | Unset
        if isinstance(self.pools, Unset):
            pools = UNSET
        elif isinstance(self.pools, list):
            pools = self.pools

        else:
            pools = self.pools

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if reason is not UNSET:
            field_dict["reason"] = reason
        if image is not UNSET:
            field_dict["image"] = image
        if pools is not UNSET:
            field_dict["pools"] = pools

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason", UNSET)

        def _parse_image(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image = _parse_image(d.pop("image", UNSET))

        def _parse_pools(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                pools_type_0 = cast(list[str], data)

                return pools_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        pools = _parse_pools(d.pop("pools", UNSET))

        rollout_create = cls(
            reason=reason,
            image=image,
            pools=pools,
        )

        return rollout_create
