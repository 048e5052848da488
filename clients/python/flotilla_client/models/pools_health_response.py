from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.pools_check_response import PoolsCheckResponse


T = TypeVar("T", bound="PoolsHealthResponse")


@_attrs_define
class PoolsHealthResponse:
    """What a pool says when it is asked now.

    Attributes:
        pool_id (str): The pool.
        healthy (bool): Whether everything is well.
        checks (list[PoolsCheckResponse]): What was looked at.
    """

    pool_id: str
    healthy: bool
    checks: list[PoolsCheckResponse]

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        healthy = self.healthy

        checks = []
        for checks_item_data in self.checks:
            checks_item = checks_item_data.to_dict()
            checks.append(checks_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "healthy": healthy,
                "checks": checks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pools_check_response import PoolsCheckResponse  # noqa: PLC0415

        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        healthy = d.pop("healthy")

        checks = []
        _checks = d.pop("checks")
        for checks_item_data in _checks:
            checks_item = PoolsCheckResponse.from_dict(checks_item_data)

            checks.append(checks_item)

        pools_health_response = cls(
            pool_id=pool_id,
            healthy=healthy,
            checks=checks,
        )

        return pools_health_response
