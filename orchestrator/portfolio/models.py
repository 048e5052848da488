"""Equity history."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, ForeignKey, Index, String
from sqlmodel import Field, SQLModel

from orchestrator.db.types import MoneyColumn, UtcDateTime


class EquityPointModel(SQLModel, table=True):
    """A user's portfolio at the end of a bucket, dry and live apart."""

    __tablename__ = "equity_points"
    __table_args__ = (Index("ix_equity_points_lookup", "user_id", "mode", "resolution_seconds", "at"),)

    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    mode: str = Field(primary_key=True, max_length=8)
    """`dry` or `live`."""
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
    stale_bots: int


class PortfolioPeakModel(SQLModel, table=True):
    """Highest profit (equity less starting capital) seen, which drawdown is measured from; survives restarts."""

    __tablename__ = "portfolio_peaks"

    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True))
    mode: str = Field(primary_key=True, max_length=8)
    currency: str = Field(primary_key=True, max_length=16)
    peak: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
