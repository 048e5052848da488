"""Tables of strategies, and who may reach their rows.

A version is a place in a strategy's history and names a content; a content is a source under its SHA-256, kept once a
strategy, with what came of its check. So rolling back is a new version that names an old content, checked already.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    false,
    or_,
    text,
)
from sqlmodel import Field, SQLModel, col, select

from orchestrator.db.tenancy import Reach, by_owner, register
from orchestrator.db.types import UtcDateTime

_LIVING = text("archived_at IS NULL")
WAITING, PASSED, FAILED = "waiting", "passed", "failed"
"""How the check of a content stands."""
VIEW, USE = "view", "use"
"""Levels of a share: to read it, and to run bots of it as well."""


class StrategyModel(SQLModel, table=True):
    """Written by `strategies.service` alone."""

    __tablename__ = "strategies"
    __table_args__ = (
        Index("ix_strategies_owner", "owner_id", "created_at", "id"),
        Index("uq_strategies_name", "owner_id", "name", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING),
    )

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False))
    name: str = Field(max_length=64)
    """Unique among the owner's that are not archived."""
    head: int
    """Number of the newest version; the row is locked while one is added."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    archived_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class StrategyContentModel(SQLModel, table=True):
    """A source and its check. The source never changes; the check is written by `strategies.checks` alone."""

    __tablename__ = "strategy_contents"
    __table_args__ = (
        UniqueConstraint("strategy_id", "sha256", "class_name", name="uq_strategy_contents"),
        Index("ix_strategy_contents_check", "check_state", "asked_at"),
    )

    id: str = Field(primary_key=True, max_length=40)
    strategy_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategies.id", ondelete="RESTRICT"), nullable=False)
    )
    sha256: str = Field(max_length=64)
    """Of the source's UTF-8, hexadecimal."""
    class_name: str = Field(max_length=100)
    source: str = Field(sa_column=Column(Text, nullable=False))
    check_state: str = Field(max_length=16)
    """`waiting` for a pool, `passed` or `failed`."""
    findings: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """`pool.contract.checks.Finding` in wire form."""
    facts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """`pool.contract.checks.StrategyFacts` in wire form; None where it could not be loaded."""
    freqtrade: str | None = Field(default=None, max_length=32)
    """Version of FreqTrade that loaded it."""
    deep: bool = False
    """With FreqTrade's own analyses: those that were done, or of a check that waits, those that are asked for."""
    waits_for: str | None = Field(default=None, max_length=500)
    """Why the check has not come about yet, in a sentence."""
    asked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When the check was asked for last, or tried in vain."""
    checked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class StrategyVersionModel(SQLModel, table=True):
    """A place in a strategy's history; only ever added, by `strategies.service` alone."""

    __tablename__ = "strategy_versions"
    __table_args__ = (UniqueConstraint("strategy_id", "number", name="uq_strategy_versions"),)

    id: str = Field(primary_key=True, max_length=40)
    """`<strategy>-v<number>`, so that it tells both."""
    strategy_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategies.id", ondelete="RESTRICT"), nullable=False)
    )
    number: int
    """From 1, without holes."""
    content_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategy_contents.id", ondelete="RESTRICT"), nullable=False)
    )
    note: str = Field(default="", max_length=500)
    rolled_back_to: int | None = Field(default=None)
    """The version whose content this one brought back."""
    created_by: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def version_id(strategy_id: str, number: int) -> str:
    """Identity of a version."""
    return f"{strategy_id}-v{number}"


def number_of(version_id: str) -> int:
    """The number that a version's identity tells."""
    return int(version_id.rpartition("-v")[2])


class StrategyTagModel(SQLModel, table=True):
    """A name for a version, which may be given to another one later."""

    __tablename__ = "strategy_tags"

    strategy_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategies.id", ondelete="CASCADE"), primary_key=True)
    )
    name: str = Field(primary_key=True, max_length=32)
    number: int


class StrategyShareModel(SQLModel, table=True):
    """Whom the owner lets read (`view`), or read and run (`use`). Written by `strategies.sharing` alone."""

    __tablename__ = "strategy_shares"
    __table_args__ = (Index("ix_strategy_shares_user", "user_id"),)

    strategy_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategies.id", ondelete="CASCADE"), primary_key=True)
    )
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    level: str = Field(max_length=8)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class StrategyRolloutModel(SQLModel, table=True):
    """Bots of one user on their way to another version. Written by `strategies.rollouts` alone."""

    __tablename__ = "strategy_rollouts"
    __table_args__ = (
        Index("ix_strategy_rollouts_owner", "owner_id", "created_at", "id"),
        Index("ix_strategy_rollouts_state", "state"),
    )

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False))
    """Of the bots; a strategy that is shared is rolled out by each of its users for himself."""
    strategy_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategies.id", ondelete="RESTRICT"), nullable=False)
    )
    version_id: str = Field(
        sa_column=Column(String(40), ForeignKey("strategy_versions.id", ondelete="RESTRICT"), nullable=False)
    )
    state: str = Field(max_length=16)
    """`strategies.rollout.State`."""
    legs: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """`strategies.rollout.Leg`, one for each bot in the order of their turns, in wire form."""
    problem: str | None = Field(default=None, max_length=500)
    wish: str | None = Field(default=None, max_length=16)
    """`abort`, where somebody asked for that."""
    actor: str = Field(max_length=64)
    why: str = Field(default="", max_length=500)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


def _of_strategies(reach: Reach) -> ColumnElement[bool]:
    """The owner's alone, whatever an administrator; those shared with somebody, as far as the share goes."""
    if reach.bot_ids is not None:
        return false()
    own: ColumnElement[bool] = col(StrategyModel.owner_id) == reach.user_id
    if reach.level == "own":
        return own
    levels = (VIEW, USE) if reach.level == "view" else (USE,)
    shared = select(StrategyShareModel.strategy_id).where(
        col(StrategyShareModel.user_id) == reach.user_id, col(StrategyShareModel.level).in_(levels)
    )
    living = col(StrategyModel.archived_at).is_(None)
    return or_(own, and_(living, col(StrategyModel.id).in_(shared)))


def _below(column: Any) -> Any:
    """What belongs to a strategy is reached with it."""

    def criteria(reach: Reach) -> ColumnElement[bool]:
        within: ColumnElement[bool] = column.in_(select(StrategyModel.id).where(_of_strategies(reach)))
        return within

    return criteria


def _of_shares(reach: Reach) -> ColumnElement[bool]:
    """The owner sees all of his strategy's, a receiver his own."""
    if reach.bot_ids is not None:
        return false()
    own = select(StrategyModel.id).where(col(StrategyModel.owner_id) == reach.user_id)
    return or_(col(StrategyShareModel.strategy_id).in_(own), col(StrategyShareModel.user_id) == reach.user_id)


register(StrategyModel, _of_strategies)
register(StrategyContentModel, _below(col(StrategyContentModel.strategy_id)))
register(StrategyVersionModel, _below(col(StrategyVersionModel.strategy_id)))
register(StrategyTagModel, _below(col(StrategyTagModel.strategy_id)))
register(StrategyShareModel, _of_shares)
by_owner(StrategyRolloutModel, private=True)
