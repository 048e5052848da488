"""Equity history of users and bots, and high-water marks. Written by `portfolio.history`, `portfolio.bot_history` and
`portfolio.peaks` alone."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import MoneyColumn, UtcDateTime


class EquityPointModel(SQLModel, table=True):
    """A user's portfolio at the end of a bucket: in all, and dry and live apart."""

    __tablename__ = "equity_points"
    __table_args__ = (Index("ix_equity_points_age", "resolution_seconds", "at"),)

    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    mode: str = Field(primary_key=True, max_length=8)
    """`all`, `dry` or `live`."""
    resolution_seconds: int = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    """Start of the bucket."""
    currency: str = Field(max_length=16)
    equity: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    equity_low: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    equity_high: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    starting_capital: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    realised: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    unrealised: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    bots: int
    """How many bots the figures are made of."""
    stale_bots: int
    """How many of them did not report and count with their last values."""


class BotSnapshotModel(SQLModel, table=True):
    """A bot's account at the end of a bucket, in its stake currency.

    On PostgreSQL a table of partitions: one per resolution, and within it one per span of time (see `db.partitions`).
    No foreign key: rows of bots stay for ever, and the check would cost more than the row.
    """

    __tablename__ = "bot_snapshots"
    __table_args__ = (
        Index("ix_bot_snapshots_age", "resolution_seconds", "at"),
        {"postgresql_partition_by": "LIST (resolution_seconds)"},
    )

    bot_id: str = Field(sa_column=Column(String(40), primary_key=True))
    resolution_seconds: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    """Start of the bucket."""
    currency: str = Field(max_length=16)
    equity: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    equity_low: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    equity_high: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    starting_capital: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    realised: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    unrealised: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    exposure: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    """Worth of the open positions."""
    open_trades: int
    closed_trades: int


class PortfolioPeakModel(SQLModel, table=True):
    """Highest profit (equity less starting capital) seen, which drawdown is measured from; survives restarts.

    `members` is each bot's part when last measured, `{bot_id: {"profit", "capital"}}` in decimal strings: so a bot that
    joins or leaves the sum counts neither as profit nor as drawdown. See `portfolio.peaks`.
    """

    __tablename__ = "portfolio_peaks"

    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    mode: str = Field(primary_key=True, max_length=8)
    """`all`, `dry` or `live`."""
    currency: str = Field(primary_key=True, max_length=16)
    peak: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    members: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class BotPeakModel(SQLModel, table=True):
    """Highest profit of one bot. Starts anew where the bot's stake currency changed."""

    __tablename__ = "bot_peaks"

    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True))
    currency: str = Field(max_length=16)
    peak: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
