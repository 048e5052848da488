from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="StrategiesFindingResponse")


@_attrs_define
class StrategiesFindingResponse:
    """One thing that was found in a source.

    Attributes:
        code (str): Kind, such as `syntax`, `import`, `lookahead`, `trial`.
        severity (str): `error`: it may not run; `warning`: look at it.
        message (str): What is wrong, and what to do.
        line (int | None): From 1; null where it concerns the whole.
        column (int | None): From 1.
    """

    code: str
    severity: str
    message: str
    line: int | None
    column: int | None

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        severity = self.severity

        message = self.message

        line: int | None
        line = self.line

        column: int | None
        column = self.column

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "severity": severity,
                "message": message,
                "line": line,
                "column": column,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        severity = d.pop("severity")

        message = d.pop("message")

        def _parse_line(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        line = _parse_line(d.pop("line"))

        def _parse_column(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        column = _parse_column(d.pop("column"))

        strategies_finding_response = cls(
            code=code,
            severity=severity,
            message=message,
            line=line,
            column=column,
        )

        return strategies_finding_response
