from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.node_response_report import NodeResponseReport
    from ..models.pool_condition_response import PoolConditionResponse


T = TypeVar("T", bound="NodeResponse")


@_attrs_define
class NodeResponse:
    """A machine that runs pools.

    Attributes:
        name (str): Its name.
        driver (str): How pools are run on it.
        report (NodeResponseReport): Cores, memory, disk and versions, as its driver tells.
        pools (int): How many pools it runs.
        promised_bytes (int): Memory limits of its pools, in all.
        conditions (list[PoolConditionResponse]): What it lacks, or why it is silent.
        last_seen_at (datetime.datetime | None): Last report.
    """

    name: str
    driver: str
    report: NodeResponseReport
    pools: int
    promised_bytes: int
    conditions: list[PoolConditionResponse]
    last_seen_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        driver = self.driver

        report = self.report.to_dict()

        pools = self.pools

        promised_bytes = self.promised_bytes

        conditions = []
        for conditions_item_data in self.conditions:
            conditions_item = conditions_item_data.to_dict()
            conditions.append(conditions_item)

        last_seen_at: None | str
        if isinstance(self.last_seen_at, datetime.datetime):
            last_seen_at = self.last_seen_at.isoformat()
        else:
            last_seen_at = self.last_seen_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "driver": driver,
                "report": report,
                "pools": pools,
                "promised_bytes": promised_bytes,
                "conditions": conditions,
                "last_seen_at": last_seen_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.node_response_report import NodeResponseReport  # noqa: PLC0415
        from ..models.pool_condition_response import PoolConditionResponse  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        driver = d.pop("driver")

        report = NodeResponseReport.from_dict(d.pop("report"))

        pools = d.pop("pools")

        promised_bytes = d.pop("promised_bytes")

        conditions = []
        _conditions = d.pop("conditions")
        for conditions_item_data in _conditions:
            conditions_item = PoolConditionResponse.from_dict(conditions_item_data)

            conditions.append(conditions_item)

        def _parse_last_seen_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen_at = _parse_last_seen_at(d.pop("last_seen_at"))

        node_response = cls(
            name=name,
            driver=driver,
            report=report,
            pools=pools,
            promised_bytes=promised_bytes,
            conditions=conditions,
            last_seen_at=last_seen_at,
        )

        return node_response
