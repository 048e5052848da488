from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="PoolsCheckResponse")


@_attrs_define
class PoolsCheckResponse:
    """One thing that was looked at.

    Attributes:
        name (str): What: `agent`, `zygote`, `memory`, `bots`.
        ok (bool): Whether it is well.
        detail (str): What was found, in a sentence.
    """

    name: str
    ok: bool
    detail: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        ok = self.ok

        detail = self.detail

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "ok": ok,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        ok = d.pop("ok")

        detail = d.pop("detail")

        pools_check_response = cls(
            name=name,
            ok=ok,
            detail=detail,
        )

        return pools_check_response
