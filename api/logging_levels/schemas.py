"""Bodies of the routes about the log's levels."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.kit.logs import Levels
from orchestrator.logging_levels.models import LogLevelsModel
from orchestrator.logging_levels.service import MOST_MODULES, levels_of

Level = Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"]
_LEVEL = "The least level that is told; `TRACE` tells the most."
_MODULES = "Other levels, by the module at and below which they count; of several that fit, the longest name."
_EXAMPLE = {"orchestrator.intake": "DEBUG"}


class LoggingPut(BaseModel):
    """How much the log shall tell."""

    model_config = ConfigDict(extra="forbid")

    level: Level = Field(description=_LEVEL, examples=["INFO"])
    modules: dict[str, Level] = Field(
        default_factory=dict, max_length=MOST_MODULES, description=_MODULES, examples=[_EXAMPLE]
    )
    why: str = Field(
        default="", max_length=500, pattern=Text, description="Why; kept in the audit.", examples=["A pool is silent."]
    )


class LoggingResponse(BaseModel):
    """How much the log tells."""

    level: Level = Field(description=_LEVEL, examples=["INFO"])
    modules: dict[str, Level] = Field(description=_MODULES, examples=[_EXAMPLE])
    default_level: Level = Field(description="The level where nobody set any.", examples=["INFO"])
    is_default: bool = Field(description="Whether nobody set any.", examples=[False])
    changed_at: datetime | None = Field(
        description="When it was set; null where nobody did.", examples=["2026-11-22T07:00:00Z"]
    )
    changed_by: str | None = Field(
        description="Id of the user who set it; null where nobody did.", examples=["user-k3v2q7d5mwxz4tha"]
    )


def logging_body(row: LogLevelsModel | None) -> LoggingResponse:
    levels = levels_of(row)
    return LoggingResponse.model_validate(
        {
            "level": levels.level,
            "modules": levels.modules,
            "default_level": Levels().level,
            "is_default": row is None,
            "changed_at": None if row is None else row.changed_at,
            "changed_by": None if row is None else row.changed_by,
        }
    )
