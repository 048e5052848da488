"""The one row of levels. Written by `logging_levels.service`."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime


class LogLevelsModel(SQLModel, table=True):
    """Not there: the default."""

    __tablename__ = "log_levels"

    id: str = Field(primary_key=True, max_length=16)
    """Always `fleet`."""
    level: str = Field(max_length=16)
    modules: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    """Levels by the module at and below which they count."""
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_by: str = Field(max_length=64)
    """User id."""
