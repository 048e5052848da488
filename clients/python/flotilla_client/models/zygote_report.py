from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.zygote_report_state import ZygoteReportState, check_zygote_report_state
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.isolation_report import IsolationReport
    from ..models.memory import Memory


T = TypeVar("T", bound="ZygoteReport")


@_attrs_define
class ZygoteReport:
    """State of the warmed process that bots are forked from.

    Attributes:
        state (ZygoteReportState):
        pid (int | None):
        python (None | str):
        freqtrade (None | str):
        warm_seconds (float | None):
        immortal_objects (int | None):
        shared_markets (int | None):
        notes (list[str] | Unset):
        memory (Memory | None | Unset):
        restarts (int | Unset):  Default: 0.
        isolation (IsolationReport | None | Unset):
    """

    state: ZygoteReportState
    pid: int | None
    python: None | str
    freqtrade: None | str
    warm_seconds: float | None
    immortal_objects: int | None
    shared_markets: int | None
    notes: list[str] | Unset = UNSET
    memory: Memory | None | Unset = UNSET
    restarts: int | Unset = 0
    isolation: IsolationReport | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.isolation_report import IsolationReport  # noqa: PLC0415
        from ..models.memory import Memory  # noqa: PLC0415

        state: str = self.state

        pid: int | None
        pid = self.pid

        python: None | str
        python = self.python

        freqtrade: None | str
        freqtrade = self.freqtrade

        warm_seconds: float | None
        warm_seconds = self.warm_seconds

        immortal_objects: int | None
        immortal_objects = self.immortal_objects

        shared_markets: int | None
        shared_markets = self.shared_markets

        notes: list[str] | Unset = UNSET
        if not isinstance(self.notes, Unset):
            notes = self.notes

        memory: dict[str, Any] | None | Unset
        if isinstance(self.memory, Unset):
            memory = UNSET
        elif isinstance(self.memory, Memory):
            memory = self.memory.to_dict()
        else:
            memory = self.memory

        restarts = self.restarts

        isolation: dict[str, Any] | None | Unset
        if isinstance(self.isolation, Unset):
            isolation = UNSET
        elif isinstance(self.isolation, IsolationReport):
            isolation = self.isolation.to_dict()
        else:
            isolation = self.isolation

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "state": state,
                "pid": pid,
                "python": python,
                "freqtrade": freqtrade,
                "warm_seconds": warm_seconds,
                "immortal_objects": immortal_objects,
                "shared_markets": shared_markets,
            }
        )
        if notes is not UNSET:
            field_dict["notes"] = notes
        if memory is not UNSET:
            field_dict["memory"] = memory
        if restarts is not UNSET:
            field_dict["restarts"] = restarts
        if isolation is not UNSET:
            field_dict["isolation"] = isolation

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.isolation_report import IsolationReport  # noqa: PLC0415
        from ..models.memory import Memory  # noqa: PLC0415

        d = dict(src_dict)
        state = check_zygote_report_state(d.pop("state"))

        def _parse_pid(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        pid = _parse_pid(d.pop("pid"))

        def _parse_python(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        python = _parse_python(d.pop("python"))

        def _parse_freqtrade(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        freqtrade = _parse_freqtrade(d.pop("freqtrade"))

        def _parse_warm_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        warm_seconds = _parse_warm_seconds(d.pop("warm_seconds"))

        def _parse_immortal_objects(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        immortal_objects = _parse_immortal_objects(d.pop("immortal_objects"))

        def _parse_shared_markets(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        shared_markets = _parse_shared_markets(d.pop("shared_markets"))

        notes = cast(list[str], d.pop("notes", UNSET))

        def _parse_memory(data: object) -> Memory | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                memory_type_0 = Memory.from_dict(data)

                return memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Memory | None | Unset, data)

        memory = _parse_memory(d.pop("memory", UNSET))

        restarts = d.pop("restarts", UNSET)

        def _parse_isolation(data: object) -> IsolationReport | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                isolation_type_0 = IsolationReport.from_dict(data)

                return isolation_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(IsolationReport | None | Unset, data)

        isolation = _parse_isolation(d.pop("isolation", UNSET))

        zygote_report = cls(
            state=state,
            pid=pid,
            python=python,
            freqtrade=freqtrade,
            warm_seconds=warm_seconds,
            immortal_objects=immortal_objects,
            shared_markets=shared_markets,
            notes=notes,
            memory=memory,
            restarts=restarts,
            isolation=isolation,
        )

        return zygote_report
