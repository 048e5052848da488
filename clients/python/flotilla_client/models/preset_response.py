from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.preset_response_document import PresetResponseDocument


T = TypeVar("T", bound="PresetResponse")


@_attrs_define
class PresetResponse:
    """A named setting of the risk dial.

    Attributes:
        name (str): Name.
        dial (int): 0 to 100.
        horizon (str): Multiplies profits, distances and times.
        description (str): In a sentence.
        document (PresetResponseDocument): What it writes.
    """

    name: str
    dial: int
    horizon: str
    description: str
    document: PresetResponseDocument

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        dial = self.dial

        horizon = self.horizon

        description = self.description

        document = self.document.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "dial": dial,
                "horizon": horizon,
                "description": description,
                "document": document,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preset_response_document import PresetResponseDocument  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        dial = d.pop("dial")

        horizon = d.pop("horizon")

        description = d.pop("description")

        document = PresetResponseDocument.from_dict(d.pop("document"))

        preset_response = cls(
            name=name,
            dial=dial,
            horizon=horizon,
            description=description,
            document=document,
        )

        return preset_response
