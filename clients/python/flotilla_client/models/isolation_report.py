from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.isolation_part import IsolationPart


T = TypeVar("T", bound="IsolationReport")


@_attrs_define
class IsolationReport:
    """What stands between the bots of this pool, found out by the zygote in a child of its own that it isolated.

    Attributes:
        parts (list[IsolationPart]):
    """

    parts: list[IsolationPart]

    def to_dict(self) -> dict[str, Any]:
        parts = []
        for parts_item_data in self.parts:
            parts_item = parts_item_data.to_dict()
            parts.append(parts_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "parts": parts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.isolation_part import IsolationPart  # noqa: PLC0415

        d = dict(src_dict)
        parts = []
        _parts = d.pop("parts")
        for parts_item_data in _parts:
            parts_item = IsolationPart.from_dict(parts_item_data)

            parts.append(parts_item)

        isolation_report = cls(
            parts=parts,
        )

        return isolation_report
