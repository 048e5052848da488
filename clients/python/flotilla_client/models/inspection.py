from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Inspection")


@_attrs_define
class Inspection:
    """A source to be read, and not kept.

    Attributes:
        source (str): The file: one FreqTrade strategy in Python.
        class_name (None | str | Unset): The strategy's class; may be left out where the file has one strategy alone.
    """

    source: str
    class_name: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        class_name: None | str | Unset
        if isinstance(self.class_name, Unset):
            class_name = UNSET
        else:
            class_name = self.class_name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
            }
        )
        if class_name is not UNSET:
            field_dict["class_name"] = class_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        def _parse_class_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        class_name = _parse_class_name(d.pop("class_name", UNSET))

        inspection = cls(
            source=source,
            class_name=class_name,
        )

        return inspection
