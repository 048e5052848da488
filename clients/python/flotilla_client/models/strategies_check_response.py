from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.facts_response import FactsResponse
    from ..models.strategies_finding_response import StrategiesFindingResponse


T = TypeVar("T", bound="StrategiesCheckResponse")


@_attrs_define
class StrategiesCheckResponse:
    """What came of a version's check. The same source has the same check, whatever its version.

    Attributes:
        state (str): `waiting`, `passed` or `failed`; bots run what passed.
        waits_for (None | str): Why it has not come about, while it waits.
        findings (list[StrategiesFindingResponse]): By line.
        facts (FactsResponse | None): Null where FreqTrade could not load it.
        freqtrade (None | str): Version of FreqTrade that loaded it.
        deep (bool): With FreqTrade's lookahead-analysis and recursive-analysis: done, or asked for while it waits.
        checked_at (datetime.datetime | None): When.
    """

    state: str
    waits_for: None | str
    findings: list[StrategiesFindingResponse]
    facts: FactsResponse | None
    freqtrade: None | str
    deep: bool
    checked_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.facts_response import FactsResponse  # noqa: PLC0415

        state = self.state

        waits_for: None | str
        waits_for = self.waits_for

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        facts: dict[str, Any] | None
        if isinstance(self.facts, FactsResponse):
            facts = self.facts.to_dict()
        else:
            facts = self.facts

        freqtrade: None | str
        freqtrade = self.freqtrade

        deep = self.deep

        checked_at: None | str
        if isinstance(self.checked_at, datetime.datetime):
            checked_at = self.checked_at.isoformat()
        else:
            checked_at = self.checked_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "state": state,
                "waits_for": waits_for,
                "findings": findings,
                "facts": facts,
                "freqtrade": freqtrade,
                "deep": deep,
                "checked_at": checked_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.facts_response import FactsResponse  # noqa: PLC0415
        from ..models.strategies_finding_response import StrategiesFindingResponse  # noqa: PLC0415

        d = dict(src_dict)
        state = d.pop("state")

        def _parse_waits_for(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        waits_for = _parse_waits_for(d.pop("waits_for"))

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = StrategiesFindingResponse.from_dict(findings_item_data)

            findings.append(findings_item)

        def _parse_facts(data: object) -> FactsResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                facts_type_0 = FactsResponse.from_dict(data)

                return facts_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FactsResponse | None, data)

        facts = _parse_facts(d.pop("facts"))

        def _parse_freqtrade(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        freqtrade = _parse_freqtrade(d.pop("freqtrade"))

        deep = d.pop("deep")

        def _parse_checked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                checked_at_type_0 = datetime.datetime.fromisoformat(data)

                return checked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        checked_at = _parse_checked_at(d.pop("checked_at"))

        strategies_check_response = cls(
            state=state,
            waits_for=waits_for,
            findings=findings,
            facts=facts,
            freqtrade=freqtrade,
            deep=deep,
            checked_at=checked_at,
        )

        return strategies_check_response
