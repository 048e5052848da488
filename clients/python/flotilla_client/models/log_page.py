from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="LogPage")


@_attrs_define
class LogPage:
    """The end of a bot's log.

    Attributes:
        items (list[str]): Lines, oldest first.
        next_ (None | str): Always null.
    """

    items: list[str]
    next_: None | str

    def to_dict(self) -> dict[str, Any]:
        items = self.items

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "items": items,
                "next": next_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        items = cast(list[str], d.pop("items"))

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        log_page = cls(
            items=items,
            next_=next_,
        )

        return log_page
