from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RolloutStart")


@_attrs_define
class RolloutStart:
    """Which version, and to which bots.

    Attributes:
        version (int | str): A number, a tag, or `head` for the newest.
        bots (list[str] | None | Unset): Your bots of this strategy that shall get it; left out: all of them.
        why (str | Unset): For the audit. Default: ''.
    """

    version: int | str
    bots: list[str] | None | Unset = UNSET
    why: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        version: int | str
        version = self.version

        bots: list[str] | None | Unset
        if isinstance(self.bots, Unset):
            bots = UNSET
        elif isinstance(self.bots, list):
            bots = self.bots

        else:
            bots = self.bots

        why = self.why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if bots is not UNSET:
            field_dict["bots"] = bots
        if why is not UNSET:
            field_dict["why"] = why

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_version(data: object) -> int | str:
            return cast(int | str, data)

        version = _parse_version(d.pop("version"))

        def _parse_bots(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                bots_type_0 = cast(list[str], data)

                return bots_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        bots = _parse_bots(d.pop("bots", UNSET))

        why = d.pop("why", UNSET)

        rollout_start = cls(
            version=version,
            bots=bots,
            why=why,
        )

        return rollout_start
