from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.strategies_check_response import StrategiesCheckResponse


T = TypeVar("T", bound="SourceResponse")


@_attrs_define
class SourceResponse:
    """A version with its source.

    Attributes:
        number (int): Counts up.
        sha256 (str): Of the source: the same source, the same hash.
        class_name (str): Its FreqTrade class.
        note (str): What changed.
        tags (list[str]): Names that it has.
        rolled_back_to (int | None): The version whose content it brought back.
        created_by (str): User who made it.
        created_at (datetime.datetime): When.
        check (StrategiesCheckResponse): What came of a version's check. The same source has the same check, whatever
            its version.
        source (str): The file.
    """

    number: int
    sha256: str
    class_name: str
    note: str
    tags: list[str]
    rolled_back_to: int | None
    created_by: str
    created_at: datetime.datetime
    check: StrategiesCheckResponse
    source: str

    def to_dict(self) -> dict[str, Any]:
        number = self.number

        sha256 = self.sha256

        class_name = self.class_name

        note = self.note

        tags = self.tags

        rolled_back_to: int | None
        rolled_back_to = self.rolled_back_to

        created_by = self.created_by

        created_at = self.created_at.isoformat()

        check = self.check.to_dict()

        source = self.source

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "number": number,
                "sha256": sha256,
                "class_name": class_name,
                "note": note,
                "tags": tags,
                "rolled_back_to": rolled_back_to,
                "created_by": created_by,
                "created_at": created_at,
                "check": check,
                "source": source,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.strategies_check_response import StrategiesCheckResponse  # noqa: PLC0415

        d = dict(src_dict)
        number = d.pop("number")

        sha256 = d.pop("sha256")

        class_name = d.pop("class_name")

        note = d.pop("note")

        tags = cast(list[str], d.pop("tags"))

        def _parse_rolled_back_to(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rolled_back_to = _parse_rolled_back_to(d.pop("rolled_back_to"))

        created_by = d.pop("created_by")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        check = StrategiesCheckResponse.from_dict(d.pop("check"))

        source = d.pop("source")

        source_response = cls(
            number=number,
            sha256=sha256,
            class_name=class_name,
            note=note,
            tags=tags,
            rolled_back_to=rolled_back_to,
            created_by=created_by,
            created_at=created_at,
            check=check,
            source=source,
        )

        return source_response
