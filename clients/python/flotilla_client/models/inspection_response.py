from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.strategies_finding_response import StrategiesFindingResponse


T = TypeVar("T", bound="InspectionResponse")


@_attrs_define
class InspectionResponse:
    """What reading a source alone finds.

    Attributes:
        passed (bool): No error was found; a pool's check goes further.
        class_name (None | str): The class that is meant; null if unclear.
        findings (list[StrategiesFindingResponse]): By line.
    """

    passed: bool
    class_name: None | str
    findings: list[StrategiesFindingResponse]

    def to_dict(self) -> dict[str, Any]:
        passed = self.passed

        class_name: None | str
        class_name = self.class_name

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "passed": passed,
                "class_name": class_name,
                "findings": findings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.strategies_finding_response import StrategiesFindingResponse  # noqa: PLC0415

        d = dict(src_dict)
        passed = d.pop("passed")

        def _parse_class_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        class_name = _parse_class_name(d.pop("class_name"))

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = StrategiesFindingResponse.from_dict(findings_item_data)

            findings.append(findings_item)

        inspection_response = cls(
            passed=passed,
            class_name=class_name,
            findings=findings,
        )

        return inspection_response
