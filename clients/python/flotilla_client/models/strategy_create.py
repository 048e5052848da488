from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="StrategyCreate")


@_attrs_define
class StrategyCreate:
    """A new strategy.

    Attributes:
        source (str): The file: one FreqTrade strategy in Python.
        name (str): Unique among your strategies, 1 to 64 printable characters.
        class_name (None | str | Unset): The strategy's class; may be left out where the file has one strategy alone.
        note (str | Unset): What changed, for yourself. Default: ''.
    """

    source: str
    name: str
    class_name: None | str | Unset = UNSET
    note: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        name = self.name

        class_name: None | str | Unset
        if isinstance(self.class_name, Unset):
            class_name = UNSET
        else:
            class_name = self.class_name

        note = self.note

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "name": name,
            }
        )
        if class_name is not UNSET:
            field_dict["class_name"] = class_name
        if note is not UNSET:
            field_dict["note"] = note

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        name = d.pop("name")

        def _parse_class_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        class_name = _parse_class_name(d.pop("class_name", UNSET))

        note = d.pop("note", UNSET)

        strategy_create = cls(
            source=source,
            name=name,
            class_name=class_name,
            note=note,
        )

        return strategy_create
