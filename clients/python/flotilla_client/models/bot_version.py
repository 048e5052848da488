from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="BotVersion")


@_attrs_define
class BotVersion:
    """Which version of its strategy a bot shall run.

    Attributes:
        version (int | str): A number, a tag, or `head` for the newest.
        why (str | Unset): For the audit. Default: ''.
    """

    version: int | str
    why: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        version: int | str
        version = self.version

        why = self.why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if why is not UNSET:
            field_dict["why"] = why

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_version(data: object) -> int | str:
            return cast(int | str, data)

        version = _parse_version(d.pop("version"))

        why = d.pop("why", UNSET)

        bot_version = cls(
            version=version,
            why=why,
        )

        return bot_version
