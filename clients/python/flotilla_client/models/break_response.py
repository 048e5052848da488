from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="BreakResponse")


@_attrs_define
class BreakResponse:
    """The first place where a chain does not hold.

    Attributes:
        sequence (int): Its place in the chain, from 1.
        id (None | str): The row's number; null where there is none.
        message (str): What is wrong, in a sentence.
    """

    sequence: int
    id: None | str
    message: str

    def to_dict(self) -> dict[str, Any]:
        sequence = self.sequence

        id: None | str
        id = self.id

        message = self.message

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sequence": sequence,
                "id": id,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sequence = d.pop("sequence")

        def _parse_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        id = _parse_id(d.pop("id"))

        message = d.pop("message")

        break_response = cls(
            sequence=sequence,
            id=id,
            message=message,
        )

        return break_response
