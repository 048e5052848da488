from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.isolation_report import IsolationReport
    from ..models.memory import Memory
    from ..models.zygote_report import ZygoteReport


T = TypeVar("T", bound="PoolReport")


@_attrs_define
class PoolReport:
    """The pool as its agent sees it.

    Attributes:
        protocol (int):
        pool_id (str):
        incarnation (str):
        started_at (datetime.datetime):
        slots_total (int):
        slots_used (int):
        zygote (ZygoteReport): State of the warmed process that bots are forked from.
        init_memory (Memory | None):
        agent_memory (Memory | None):
        bots_memory (Memory | None):
        memory_limit_bytes (int | None):
        paper_exchange (bool):
        recent_fork_milliseconds (list[float]):
        bots_alive (int | None | Unset):
        isolation (IsolationReport | None | Unset):
        image_version (None | str | Unset):
        notes (list[str] | Unset):
        token_made_at (datetime.datetime | None | Unset):
    """

    protocol: int
    pool_id: str
    incarnation: str
    started_at: datetime.datetime
    slots_total: int
    slots_used: int
    zygote: ZygoteReport
    init_memory: Memory | None
    agent_memory: Memory | None
    bots_memory: Memory | None
    memory_limit_bytes: int | None
    paper_exchange: bool
    recent_fork_milliseconds: list[float]
    bots_alive: int | None | Unset = UNSET
    isolation: IsolationReport | None | Unset = UNSET
    image_version: None | str | Unset = UNSET
    notes: list[str] | Unset = UNSET
    token_made_at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.isolation_report import IsolationReport  # noqa: PLC0415
        from ..models.memory import Memory  # noqa: PLC0415

        protocol = self.protocol

        pool_id = self.pool_id

        incarnation = self.incarnation

        started_at = self.started_at.isoformat()

        slots_total = self.slots_total

        slots_used = self.slots_used

        zygote = self.zygote.to_dict()

        init_memory: dict[str, Any] | None
        if isinstance(self.init_memory, Memory):
            init_memory = self.init_memory.to_dict()
        else:
            init_memory = self.init_memory

        agent_memory: dict[str, Any] | None
        if isinstance(self.agent_memory, Memory):
            agent_memory = self.agent_memory.to_dict()
        else:
            agent_memory = self.agent_memory

        bots_memory: dict[str, Any] | None
        if isinstance(self.bots_memory, Memory):
            bots_memory = self.bots_memory.to_dict()
        else:
            bots_memory = self.bots_memory

        memory_limit_bytes: int | None
        memory_limit_bytes = self.memory_limit_bytes

        paper_exchange = self.paper_exchange

        recent_fork_milliseconds = self.recent_fork_milliseconds

        bots_alive: int | None | Unset
        if isinstance(self.bots_alive, Unset):
            bots_alive = UNSET
        else:
            bots_alive = self.bots_alive

        isolation: dict[str, Any] | None | Unset
        if isinstance(self.isolation, Unset):
            isolation = UNSET
        elif isinstance(self.isolation, IsolationReport):
            isolation = self.isolation.to_dict()
        else:
            isolation = self.isolation

        image_version: None | str | Unset
        if isinstance(self.image_version, Unset):
            image_version = UNSET
        else:
            image_version = self.image_version

        notes: list[str] | Unset = UNSET
        if not isinstance(self.notes, Unset):
            notes = self.notes

        token_made_at: None | str | Unset
        if isinstance(self.token_made_at, Unset):
            token_made_at = UNSET
        elif isinstance(self.token_made_at, datetime.datetime):
            token_made_at = self.token_made_at.isoformat()
        else:
            token_made_at = self.token_made_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "protocol": protocol,
                "pool_id": pool_id,
                "incarnation": incarnation,
                "started_at": started_at,
                "slots_total": slots_total,
                "slots_used": slots_used,
                "zygote": zygote,
                "init_memory": init_memory,
                "agent_memory": agent_memory,
                "bots_memory": bots_memory,
                "memory_limit_bytes": memory_limit_bytes,
                "paper_exchange": paper_exchange,
                "recent_fork_milliseconds": recent_fork_milliseconds,
            }
        )
        if bots_alive is not UNSET:
            field_dict["bots_alive"] = bots_alive
        if isolation is not UNSET:
            field_dict["isolation"] = isolation
        if image_version is not UNSET:
            field_dict["image_version"] = image_version
        if notes is not UNSET:
            field_dict["notes"] = notes
        if token_made_at is not UNSET:
            field_dict["token_made_at"] = token_made_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.isolation_report import IsolationReport  # noqa: PLC0415
        from ..models.memory import Memory  # noqa: PLC0415
        from ..models.zygote_report import ZygoteReport  # noqa: PLC0415

        d = dict(src_dict)
        protocol = d.pop("protocol")

        pool_id = d.pop("pool_id")

        incarnation = d.pop("incarnation")

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        slots_total = d.pop("slots_total")

        slots_used = d.pop("slots_used")

        zygote = ZygoteReport.from_dict(d.pop("zygote"))

        def _parse_init_memory(data: object) -> Memory | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                init_memory_type_0 = Memory.from_dict(data)

                return init_memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Memory | None, data)

        init_memory = _parse_init_memory(d.pop("init_memory"))

        def _parse_agent_memory(data: object) -> Memory | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                agent_memory_type_0 = Memory.from_dict(data)

                return agent_memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Memory | None, data)

        agent_memory = _parse_agent_memory(d.pop("agent_memory"))

        def _parse_bots_memory(data: object) -> Memory | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bots_memory_type_0 = Memory.from_dict(data)

                return bots_memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Memory | None, data)

        bots_memory = _parse_bots_memory(d.pop("bots_memory"))

        def _parse_memory_limit_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        memory_limit_bytes = _parse_memory_limit_bytes(d.pop("memory_limit_bytes"))

        paper_exchange = d.pop("paper_exchange")

        recent_fork_milliseconds = cast(list[float], d.pop("recent_fork_milliseconds"))

        def _parse_bots_alive(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        bots_alive = _parse_bots_alive(d.pop("bots_alive", UNSET))

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

        def _parse_image_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        image_version = _parse_image_version(d.pop("image_version", UNSET))

        notes = cast(list[str], d.pop("notes", UNSET))

        def _parse_token_made_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                token_made_at_type_0 = datetime.datetime.fromisoformat(data)

                return token_made_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        token_made_at = _parse_token_made_at(d.pop("token_made_at", UNSET))

        pool_report = cls(
            protocol=protocol,
            pool_id=pool_id,
            incarnation=incarnation,
            started_at=started_at,
            slots_total=slots_total,
            slots_used=slots_used,
            zygote=zygote,
            init_memory=init_memory,
            agent_memory=agent_memory,
            bots_memory=bots_memory,
            memory_limit_bytes=memory_limit_bytes,
            paper_exchange=paper_exchange,
            recent_fork_milliseconds=recent_fork_milliseconds,
            bots_alive=bots_alive,
            isolation=isolation,
            image_version=image_version,
            notes=notes,
            token_made_at=token_made_at,
        )

        return pool_report
