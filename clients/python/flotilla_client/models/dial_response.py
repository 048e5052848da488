from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.change_response import ChangeResponse
    from ..models.dial_response_document import DialResponseDocument
    from ..models.refused_field_response import RefusedFieldResponse


T = TypeVar("T", bound="DialResponse")


@_attrs_define
class DialResponse:
    """The document that a dial writes; nothing is changed before it is put.

    Attributes:
        dial (int): 0 to 100.
        horizon (str): Multiplies profits, distances and times.
        document (DialResponseDocument): The whole document.
        changes (list[ChangeResponse]): What differs from the default in force.
        refused (list[RefusedFieldResponse]): What a guardrail would refuse of it.
    """

    dial: int
    horizon: str
    document: DialResponseDocument
    changes: list[ChangeResponse]
    refused: list[RefusedFieldResponse]

    def to_dict(self) -> dict[str, Any]:
        dial = self.dial

        horizon = self.horizon

        document = self.document.to_dict()

        changes = []
        for changes_item_data in self.changes:
            changes_item = changes_item_data.to_dict()
            changes.append(changes_item)

        refused = []
        for refused_item_data in self.refused:
            refused_item = refused_item_data.to_dict()
            refused.append(refused_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "dial": dial,
                "horizon": horizon,
                "document": document,
                "changes": changes,
                "refused": refused,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.change_response import ChangeResponse  # noqa: PLC0415
        from ..models.dial_response_document import DialResponseDocument  # noqa: PLC0415
        from ..models.refused_field_response import RefusedFieldResponse  # noqa: PLC0415

        d = dict(src_dict)
        dial = d.pop("dial")

        horizon = d.pop("horizon")

        document = DialResponseDocument.from_dict(d.pop("document"))

        changes = []
        _changes = d.pop("changes")
        for changes_item_data in _changes:
            changes_item = ChangeResponse.from_dict(changes_item_data)

            changes.append(changes_item)

        refused = []
        _refused = d.pop("refused")
        for refused_item_data in _refused:
            refused_item = RefusedFieldResponse.from_dict(refused_item_data)

            refused.append(refused_item)

        dial_response = cls(
            dial=dial,
            horizon=horizon,
            document=document,
            changes=changes,
            refused=refused,
        )

        return dial_response
