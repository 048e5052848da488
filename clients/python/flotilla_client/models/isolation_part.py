from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.isolation_part_name import IsolationPartName, check_isolation_part_name

T = TypeVar("T", bound="IsolationPart")


@_attrs_define
class IsolationPart:
    """One wall between bots, or around them.

    Attributes:
        name (IsolationPartName):
        in_force (bool):
        detail (str):
    """

    name: IsolationPartName
    in_force: bool
    detail: str

    def to_dict(self) -> dict[str, Any]:
        name: str = self.name

        in_force = self.in_force

        detail = self.detail

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "in_force": in_force,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = check_isolation_part_name(d.pop("name"))

        in_force = d.pop("in_force")

        detail = d.pop("detail")

        isolation_part = cls(
            name=name,
            in_force=in_force,
            detail=detail,
        )

        return isolation_part
