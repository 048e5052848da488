from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.logging_response_default_level import (
    LoggingResponseDefaultLevel,
    check_logging_response_default_level,
)
from ..models.logging_response_level import (
    LoggingResponseLevel,
    check_logging_response_level,
)

if TYPE_CHECKING:
    from ..models.logging_response_modules import LoggingResponseModules


T = TypeVar("T", bound="LoggingResponse")


@_attrs_define
class LoggingResponse:
    """How much the log tells.

    Attributes:
        level (LoggingResponseLevel): The least level that is told; `TRACE` tells the most.
        modules (LoggingResponseModules): Other levels, by the module at and below which they count; of several that
            fit, the longest name.
        default_level (LoggingResponseDefaultLevel): The level where nobody set any.
        is_default (bool): Whether nobody set any.
        changed_at (datetime.datetime | None): When it was set; null where nobody did.
        changed_by (None | str): Id of the user who set it; null where nobody did.
    """

    level: LoggingResponseLevel
    modules: LoggingResponseModules
    default_level: LoggingResponseDefaultLevel
    is_default: bool
    changed_at: datetime.datetime | None
    changed_by: None | str

    def to_dict(self) -> dict[str, Any]:
        level: str = self.level

        modules = self.modules.to_dict()

        default_level: str = self.default_level

        is_default = self.is_default

        changed_at: None | str
        if isinstance(self.changed_at, datetime.datetime):
            changed_at = self.changed_at.isoformat()
        else:
            changed_at = self.changed_at

        changed_by: None | str
        changed_by = self.changed_by

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "level": level,
                "modules": modules,
                "default_level": default_level,
                "is_default": is_default,
                "changed_at": changed_at,
                "changed_by": changed_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.logging_response_modules import LoggingResponseModules  # noqa: PLC0415

        d = dict(src_dict)
        level = check_logging_response_level(d.pop("level"))

        modules = LoggingResponseModules.from_dict(d.pop("modules"))

        default_level = check_logging_response_default_level(d.pop("default_level"))

        is_default = d.pop("is_default")

        def _parse_changed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                changed_at_type_0 = datetime.datetime.fromisoformat(data)

                return changed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        changed_at = _parse_changed_at(d.pop("changed_at"))

        def _parse_changed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        changed_by = _parse_changed_by(d.pop("changed_by"))

        logging_response = cls(
            level=level,
            modules=modules,
            default_level=default_level,
            is_default=is_default,
            changed_at=changed_at,
            changed_by=changed_by,
        )

        return logging_response
