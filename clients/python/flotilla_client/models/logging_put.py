from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

from ..models.logging_put_level import LoggingPutLevel, check_logging_put_level
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.logging_put_modules import LoggingPutModules


T = TypeVar("T", bound="LoggingPut")


@_attrs_define
class LoggingPut:
    """How much the log shall tell.

    Attributes:
        level (LoggingPutLevel): The least level that is told; `TRACE` tells the most.
        modules (LoggingPutModules | Unset): Other levels, by the module at and below which they count; of several that
            fit, the longest name.
        why (str | Unset): Why; kept in the audit. Default: ''.
    """

    level: LoggingPutLevel
    modules: LoggingPutModules | Unset = UNSET
    why: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        level: str = self.level

        modules: dict[str, Any] | Unset = UNSET
        if not isinstance(self.modules, Unset):
            modules = self.modules.to_dict()

        why = self.why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "level": level,
            }
        )
        if modules is not UNSET:
            field_dict["modules"] = modules
        if why is not UNSET:
            field_dict["why"] = why

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.logging_put_modules import LoggingPutModules  # noqa: PLC0415

        d = dict(src_dict)
        level = check_logging_put_level(d.pop("level"))

        _modules = d.pop("modules", UNSET)
        modules: LoggingPutModules | Unset
        if isinstance(_modules, Unset):
            modules = UNSET
        else:
            modules = LoggingPutModules.from_dict(_modules)

        why = d.pop("why", UNSET)

        logging_put = cls(
            level=level,
            modules=modules,
            why=why,
        )

        return logging_put
