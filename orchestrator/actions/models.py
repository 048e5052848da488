"""The table of actions."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ColumnElement, ForeignKey, Index, Integer, String
from sqlmodel import Field, SQLModel, col, select

from orchestrator.bots.models import BotModel, reachable
from orchestrator.db.tenancy import Reach, register
from orchestrator.db.types import MoneyColumn, UtcDateTime


class ActionModel(SQLModel, table=True):
    """What a rule did about a bot, as its stages told: one row however often they are told. Also an entry that was
    refused (`kind` is `refused`), and what needs a person (`alert`). Written by `actions.service.tell`."""

    __tablename__ = "actions"
    __table_args__ = (
        Index("uq_actions_identity", "bot_id", "action_id", unique=True),
        Index("ix_actions_owner", "owner_id", "number"),
        Index("ix_actions_bot", "bot_id", "number"),
        Index("ix_actions_recent", "bot_id", "updated_at"),
        Index("ix_actions_age", "updated_at"),
    )

    number: int | None = Field(
        default=None,
        sa_column=Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    )
    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), nullable=False))
    action_id: str = Field(max_length=64)
    """The bot's own id of it, or made of the event that told it."""
    owner_id: str = Field(max_length=40)
    """The bot's."""
    kind: str = Field(max_length=16)
    """A `pool.contract.risk.Action`'s, `refused` or `alert`."""
    stage: str = Field(max_length=16)
    """The latest: `pool.contract.risk.Stage`, or `refused`, `told`."""
    rule: str = Field(max_length=80)
    """The rule; of a refused entry the limit, of an alert what it is about."""
    level: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    policy: str = Field(default="", max_length=120)
    """Label of the document in force."""
    trade_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    pair: str = Field(default="", max_length=64)
    is_short: bool = False
    price_seen: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    threshold: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    amount: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    stake: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    """Of a refused entry."""
    fill_price: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    slippage_ratio: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    delay_seconds: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    """From the decision to the latest stage."""
    client_order_id: str | None = Field(default=None, max_length=64)
    order_id: str | None = Field(default=None, max_length=64)
    message: str = Field(default="", max_length=500)
    stages: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """`{stage, at, message, client_order_id}` in the order in which they were told, each once; empty for refusals and
    alerts."""
    times: int = 1
    """How often a refusal or an alert was told."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When it began, by the bot's clock."""
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When its latest stage was, by the bot's clock."""


def _of_reachable_bots(reach: Reach) -> ColumnElement[bool] | None:
    bound = reachable(reach)
    return None if bound is None else col(ActionModel.bot_id).in_(select(BotModel.id).where(bound))


register(ActionModel, _of_reachable_bots)
