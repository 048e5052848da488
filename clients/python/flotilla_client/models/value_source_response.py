from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.origin import Origin, check_origin

T = TypeVar("T", bound="ValueSourceResponse")


@_attrs_define
class ValueSourceResponse:
    """Where a value of the configuration is from.

    Attributes:
        path (str): Keys with dots between them.
        origin (Origin): Where a value is from.
        field (None | str): The field of a new bot's request that decides it; null where none does.
    """

    path: str
    origin: Origin
    field: None | str

    def to_dict(self) -> dict[str, Any]:
        path = self.path

        origin: str = self.origin

        field: None | str
        field = self.field

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "path": path,
                "origin": origin,
                "field": field,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        path = d.pop("path")

        origin = check_origin(d.pop("origin"))

        def _parse_field(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        field = _parse_field(d.pop("field"))

        value_source_response = cls(
            path=path,
            origin=origin,
            field=field,
        )

        return value_source_response
