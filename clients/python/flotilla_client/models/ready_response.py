from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.ready_response_checks import ReadyResponseChecks


T = TypeVar("T", bound="ReadyResponse")


@_attrs_define
class ReadyResponse:
    """Everything that trading needs is there.

    Attributes:
        status (str): Always `ready`; a 503 problem names what is missing.
        checks (ReadyResponseChecks): Each check by name; of pools one, and for administrators one of each by its id.
    """

    status: str
    checks: ReadyResponseChecks

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        checks = self.checks.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "status": status,
                "checks": checks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ready_response_checks import ReadyResponseChecks  # noqa: PLC0415

        d = dict(src_dict)
        status = d.pop("status")

        checks = ReadyResponseChecks.from_dict(d.pop("checks"))

        ready_response = cls(
            status=status,
            checks=checks,
        )

        return ready_response
