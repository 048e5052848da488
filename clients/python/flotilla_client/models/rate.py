from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Rate")


@_attrs_define
class Rate:
    """One unit of `source` was worth `rate` units of `target` at `at`.

    Attributes:
        source (str):
        target (str):
        rate (str):
        at (datetime.datetime):
    """

    source: str
    target: str
    rate: str
    at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        target = self.target

        rate = self.rate

        at = self.at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "target": target,
                "rate": rate,
                "at": at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        source = d.pop("source")

        target = d.pop("target")

        rate = d.pop("rate")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        rate = cls(
            source=source,
            target=target,
            rate=rate,
            at=at,
        )

        return rate
