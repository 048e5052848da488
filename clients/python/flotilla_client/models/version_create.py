from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="VersionCreate")


@_attrs_define
class VersionCreate:
    """A new version.

    Attributes:
        source (str): The file: one FreqTrade strategy in Python.
        class_name (None | str | Unset): The strategy's class; may be left out where the file has one strategy alone.
        note (str | Unset): What changed, for yourself. Default: ''.
        expected_head (int | None | Unset): The newest version that you know; 412 if there is another.
    """

    source: str
    class_name: None | str | Unset = UNSET
    note: str | Unset = ""
    expected_head: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        class_name: None | str | Unset
        if isinstance(self.class_name, Unset):
            class_name = UNSET
        else:
            class_name = self.class_name

        note = self.note

        expected_head: int | None | Unset
        if isinstance(self.expected_head, Unset):
            expected_head = UNSET
        else:
            expected_head = self.expected_head

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
            }
        )
        if class_name is not UNSET:
            field_dict["class_name"] = class_name
        if note is not UNSET:
            field_dict["note"] = note
        if expected_head is not UNSET:
            field_dict["expected_head"] = expected_head

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

        note = d.pop("note", UNSET)

        def _parse_expected_head(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        expected_head = _parse_expected_head(d.pop("expected_head", UNSET))

        version_create = cls(
            source=source,
            class_name=class_name,
            note=note,
            expected_head=expected_head,
        )

        return version_create
