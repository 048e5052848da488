from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.pool_condition_response import PoolConditionResponse
    from ..models.pool_report import PoolReport


T = TypeVar("T", bound="PoolResponse")


@_attrs_define
class PoolResponse:
    """A pool: init, zygote, agent and the bots forked from the zygote.

    Attributes:
        id (str): Identity of the pool.
        tenant_id (None | str): The user whose bots it takes; null for a pool shared by users.
        node (str): Machine it runs on.
        driver (str): How it is run.
        image (None | str): Image of its container; null where it is none.
        image_id (None | str): What that reference meant when the pool was made; it stays with it. Null at first.
        desired_state (str): `running`, `stopped` or `removed`.
        observed_state (str): `starting`, `ready`, `degraded`, `unreachable` or `stopped`.
        cordoned (bool): No new bot is placed in it.
        draining (bool): Its bots are moved elsewhere.
        slots_total (int): Bots that it takes.
        slots_used (int): Bots that have a slot in it; in a shared pool those you may see, unless you are an
            administrator.
        memory_limit_bytes (int | None): What it may use; null without a limit.
        pss_bytes (int | None): Memory of everything in it, shared pages counted once; null before the first sample, and
            of a shared pool unless you are an administrator.
        cpu_percent (float | None): Of one core, by all its bots that you may see; null before the first sample.
        restarts (int | None): Of its zygote; null before the first report.
        bot_restarts (int): Of its bots, in all.
        protocol (int | None): Version that its agent speaks; null at first.
        image_version (None | str): Version of the code that it runs.
        freqtrade (None | str): Version of FreqTrade in it; null at first.
        report (None | PoolReport): The pool's last account of itself: zygote, memory of each part, isolation; null at
            first, and of a shared pool unless you are an administrator.
        conditions (list[PoolConditionResponse]): What holds now; empty where all is well.
        created_at (datetime.datetime): When it was made.
        last_seen_at (datetime.datetime | None): Last report.
    """

    id: str
    tenant_id: None | str
    node: str
    driver: str
    image: None | str
    image_id: None | str
    desired_state: str
    observed_state: str
    cordoned: bool
    draining: bool
    slots_total: int
    slots_used: int
    memory_limit_bytes: int | None
    pss_bytes: int | None
    cpu_percent: float | None
    restarts: int | None
    bot_restarts: int
    protocol: int | None
    image_version: None | str
    freqtrade: None | str
    report: None | PoolReport
    conditions: list[PoolConditionResponse]
    created_at: datetime.datetime
    last_seen_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.pool_report import PoolReport  # noqa: PLC0415

        id = self.id

        tenant_id: None | str
        tenant_id = self.tenant_id

        node = self.node

        driver = self.driver

        image: None | str
        image = self.image

        image_id: None | str
        image_id = self.image_id

        desired_state = self.desired_state

        observed_state = self.observed_state

        cordoned = self.cordoned

        draining = self.draining

        slots_total = self.slots_total

        slots_used = self.slots_used

        memory_limit_bytes: int | None
        memory_limit_bytes = self.memory_limit_bytes

        pss_bytes: int | None
        pss_bytes = self.pss_bytes

        cpu_percent: float | None
        cpu_percent = self.cpu_percent

        restarts: int | None
        restarts = self.restarts

        bot_restarts = self.bot_restarts

        protocol: int | None
        protocol = self.protocol

        image_version: None | str
        image_version = self.image_version

        freqtrade: None | str
        freqtrade = self.freqtrade

        report: dict[str, Any] | None
        if isinstance(self.report, PoolReport):
            report = self.report.to_dict()
        else:
            report = self.report

        conditions = []
        for conditions_item_data in self.conditions:
            conditions_item = conditions_item_data.to_dict()
            conditions.append(conditions_item)

        created_at = self.created_at.isoformat()

        last_seen_at: None | str
        if isinstance(self.last_seen_at, datetime.datetime):
            last_seen_at = self.last_seen_at.isoformat()
        else:
            last_seen_at = self.last_seen_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "tenant_id": tenant_id,
                "node": node,
                "driver": driver,
                "image": image,
                "image_id": image_id,
                "desired_state": desired_state,
                "observed_state": observed_state,
                "cordoned": cordoned,
                "draining": draining,
                "slots_total": slots_total,
                "slots_used": slots_used,
                "memory_limit_bytes": memory_limit_bytes,
                "pss_bytes": pss_bytes,
                "cpu_percent": cpu_percent,
                "restarts": restarts,
                "bot_restarts": bot_restarts,
                "protocol": protocol,
                "image_version": image_version,
                "freqtrade": freqtrade,
                "report": report,
                "conditions": conditions,
                "created_at": created_at,
                "last_seen_at": last_seen_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pool_condition_response import PoolConditionResponse  # noqa: PLC0415
        from ..models.pool_report import PoolReport  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_tenant_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        tenant_id = _parse_tenant_id(d.pop("tenant_id"))

        node = d.pop("node")

        driver = d.pop("driver")

        def _parse_image(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image = _parse_image(d.pop("image"))

        def _parse_image_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image_id = _parse_image_id(d.pop("image_id"))

        desired_state = d.pop("desired_state")

        observed_state = d.pop("observed_state")

        cordoned = d.pop("cordoned")

        draining = d.pop("draining")

        slots_total = d.pop("slots_total")

        slots_used = d.pop("slots_used")

        def _parse_memory_limit_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory_limit_bytes = _parse_memory_limit_bytes(d.pop("memory_limit_bytes"))

        def _parse_pss_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        pss_bytes = _parse_pss_bytes(d.pop("pss_bytes"))

        def _parse_cpu_percent(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        cpu_percent = _parse_cpu_percent(d.pop("cpu_percent"))

        def _parse_restarts(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        restarts = _parse_restarts(d.pop("restarts"))

        bot_restarts = d.pop("bot_restarts")

        def _parse_protocol(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        protocol = _parse_protocol(d.pop("protocol"))

        def _parse_image_version(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image_version = _parse_image_version(d.pop("image_version"))

        def _parse_freqtrade(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        freqtrade = _parse_freqtrade(d.pop("freqtrade"))

        def _parse_report(data: object) -> None | PoolReport:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                report_type_0 = PoolReport.from_dict(data)

                return report_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PoolReport, data)

        report = _parse_report(d.pop("report"))

        conditions = []
        _conditions = d.pop("conditions")
        for conditions_item_data in _conditions:
            conditions_item = PoolConditionResponse.from_dict(conditions_item_data)

            conditions.append(conditions_item)

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

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

        pool_response = cls(
            id=id,
            tenant_id=tenant_id,
            node=node,
            driver=driver,
            image=image,
            image_id=image_id,
            desired_state=desired_state,
            observed_state=observed_state,
            cordoned=cordoned,
            draining=draining,
            slots_total=slots_total,
            slots_used=slots_used,
            memory_limit_bytes=memory_limit_bytes,
            pss_bytes=pss_bytes,
            cpu_percent=cpu_percent,
            restarts=restarts,
            bot_restarts=bot_restarts,
            protocol=protocol,
            image_version=image_version,
            freqtrade=freqtrade,
            report=report,
            conditions=conditions,
            created_at=created_at,
            last_seen_at=last_seen_at,
        )

        return pool_response
