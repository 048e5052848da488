from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.effective_policy_response_document import (
        EffectivePolicyResponseDocument,
    )
    from ..models.effective_policy_response_sources import EffectivePolicyResponseSources


T = TypeVar("T", bound="EffectivePolicyResponse")


@_attrs_define
class EffectivePolicyResponse:
    """What follows from default, override and guardrails.

    Attributes:
        label (str): Versions that it follows from: `<default>.<override>.<guardrails>`, 0 for none.
        fingerprint (str): SHA-256 of what a bot is told.
        document (EffectivePolicyResponseDocument): Every field of the document.
        sources (EffectivePolicyResponseSources): By path, where a value is from: `default`, `override`, `guardrail` or
            `built-in`.
        stake_at_most (None | str): Guardrail: of a bot's equity, for one entry.
        fingerprint_in_force (None | str): What the bot itself says it keeps; null where it does not say, and for a
            default.
        in_force (bool | None): Whether it keeps just this; null as above.
    """

    label: str
    fingerprint: str
    document: EffectivePolicyResponseDocument
    sources: EffectivePolicyResponseSources
    stake_at_most: None | str
    fingerprint_in_force: None | str
    in_force: bool | None

    def to_dict(self) -> dict[str, Any]:
        label = self.label

        fingerprint = self.fingerprint

        document = self.document.to_dict()

        sources = self.sources.to_dict()

        stake_at_most: None | str
        stake_at_most = self.stake_at_most

        fingerprint_in_force: None | str
        fingerprint_in_force = self.fingerprint_in_force

        in_force: bool | None
        in_force = self.in_force

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "label": label,
                "fingerprint": fingerprint,
                "document": document,
                "sources": sources,
                "stake_at_most": stake_at_most,
                "fingerprint_in_force": fingerprint_in_force,
                "in_force": in_force,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.effective_policy_response_document import (
            EffectivePolicyResponseDocument,  # noqa: PLC0415
        )
        from ..models.effective_policy_response_sources import (
            EffectivePolicyResponseSources,  # noqa: PLC0415
        )

        d = dict(src_dict)
        label = d.pop("label")

        fingerprint = d.pop("fingerprint")

        document = EffectivePolicyResponseDocument.from_dict(d.pop("document"))

        sources = EffectivePolicyResponseSources.from_dict(d.pop("sources"))

        def _parse_stake_at_most(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stake_at_most = _parse_stake_at_most(d.pop("stake_at_most"))

        def _parse_fingerprint_in_force(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fingerprint_in_force = _parse_fingerprint_in_force(d.pop("fingerprint_in_force"))

        def _parse_in_force(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        in_force = _parse_in_force(d.pop("in_force"))

        effective_policy_response = cls(
            label=label,
            fingerprint=fingerprint,
            document=document,
            sources=sources,
            stake_at_most=stake_at_most,
            fingerprint_in_force=fingerprint_in_force,
            in_force=in_force,
        )

        return effective_policy_response
