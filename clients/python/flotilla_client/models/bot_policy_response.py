from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="BotPolicyResponse")


@_attrs_define
class BotPolicyResponse:
    """Which policy a bot is to keep, and which it says it keeps.

    Attributes:
        label (str): Versions that it follows from: `<default>.<override>.<guardrails>`, 0 for none.
        fingerprint (str): SHA-256 of what it is told.
        fingerprint_in_force (None | str): Of what its process says it keeps; null while it says nothing.
        in_force (bool): Whether these are the same.
    """

    label: str
    fingerprint: str
    fingerprint_in_force: None | str
    in_force: bool

    def to_dict(self) -> dict[str, Any]:
        label = self.label

        fingerprint = self.fingerprint

        fingerprint_in_force: None | str
        fingerprint_in_force = self.fingerprint_in_force

        in_force = self.in_force

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "label": label,
                "fingerprint": fingerprint,
                "fingerprint_in_force": fingerprint_in_force,
                "in_force": in_force,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        label = d.pop("label")

        fingerprint = d.pop("fingerprint")

        def _parse_fingerprint_in_force(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fingerprint_in_force = _parse_fingerprint_in_force(d.pop("fingerprint_in_force"))

        in_force = d.pop("in_force")

        bot_policy_response = cls(
            label=label,
            fingerprint=fingerprint,
            fingerprint_in_force=fingerprint_in_force,
            in_force=in_force,
        )

        return bot_policy_response
