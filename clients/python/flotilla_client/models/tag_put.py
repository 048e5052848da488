from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="TagPut")


@_attrs_define
class TagPut:
    """What a tag names.

    Attributes:
        version (int | str): A number, a tag, or `head` for the newest.
    """

    version: int | str

    def to_dict(self) -> dict[str, Any]:
        version: int | str
        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_version(data: object) -> int | str:
            return cast(int | str, data)

        version = _parse_version(d.pop("version"))

        tag_put = cls(
            version=version,
        )

        return tag_put
