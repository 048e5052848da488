from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="RotateResponse")


@_attrs_define
class RotateResponse:
    """What the rotation did.

    Attributes:
        new_kek (None | str): The one that was made; null where you keep them elsewhere yourself.
        rewrapped (int): Exchange keys that it seals now.
        damaged (int): Exchange keys that are damaged and have to be replaced.
        locked (int): Exchange keys under a key-encryption key that is not there.
    """

    new_kek: None | str
    rewrapped: int
    damaged: int
    locked: int

    def to_dict(self) -> dict[str, Any]:
        new_kek: None | str
        new_kek = self.new_kek

        rewrapped = self.rewrapped

        damaged = self.damaged

        locked = self.locked

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "new_kek": new_kek,
                "rewrapped": rewrapped,
                "damaged": damaged,
                "locked": locked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_new_kek(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        new_kek = _parse_new_kek(d.pop("new_kek"))

        rewrapped = d.pop("rewrapped")

        damaged = d.pop("damaged")

        locked = d.pop("locked")

        rotate_response = cls(
            new_kek=new_kek,
            rewrapped=rewrapped,
            damaged=damaged,
            locked=locked,
        )

        return rotate_response
