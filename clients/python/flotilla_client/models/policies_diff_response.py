from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.change_response import ChangeResponse


T = TypeVar("T", bound="PoliciesDiffResponse")


@_attrs_define
class PoliciesDiffResponse:
    """From one version to another.

    Attributes:
        from_version (int): The one before; 0 for the empty document.
        to_version (int): The one after.
        changes (list[ChangeResponse]): By path; empty where both say the same.
    """

    from_version: int
    to_version: int
    changes: list[ChangeResponse]

    def to_dict(self) -> dict[str, Any]:
        from_version = self.from_version

        to_version = self.to_version

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "from_version": from_version,
                "to_version": to_version,
                "changes": changes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_response import ChangeResponse  # noqa: PLC0415

        d = dict(src_dict)
        from_version = d.pop("from_version")

        to_version = d.pop("to_version")

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ChangeResponse.from_dict(changes_item_data)

            changes.append(changes_item)

        policies_diff_response = cls(
            from_version=from_version,
            to_version=to_version,
            changes=changes,
        )

        return policies_diff_response
