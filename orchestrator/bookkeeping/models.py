"""What bookkeeping remembers: how far it read, and what exchange accounts told. Written by `bookkeeping` alone."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String
from sqlmodel import Field, SQLModel

from orchestrator.db.tenancy import by_owner
from orchestrator.db.types import MoneyColumn, UtcDateTime


def _wallet() -> Any:
    return Field(sa_column=Column(String(40), ForeignKey("wallets.id", ondelete="RESTRICT"), primary_key=True))


class BotBooksModel(SQLModel, table=True):
    """How far the books of a bot were read."""

    __tablename__ = "bot_books"

    bot_id: str = Field(sa_column=Column(String(40), ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True))
    mode: str = Field(primary_key=True, max_length=8)
    """`dry` or `live`."""
    owner_id: str = Field(max_length=40)
    database: str = Field(max_length=64)
    """`pool.contract.books.Books.database` that the cursor is of."""
    settled: str = Field(max_length=40)
    """Cursor behind which nothing changes any more."""
    read_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When its pool answered last."""
    problem: str | None = Field(default=None, max_length=500)
    """Why they are not read now, in a sentence."""
    closed: bool = False
    """Nothing will be in them any more that was not read: the bot was deleted, or trades otherwise since."""


class AccountOrderModel(SQLModel, table=True):
    """An order on an exchange account that belongs to a bot, as the bot's books have it."""

    __tablename__ = "account_orders"
    __table_args__ = (Index("ix_account_orders_bot", "bot_id"),)

    wallet_id: str = _wallet()
    pair: str = Field(primary_key=True, max_length=64)
    order_id: str = Field(primary_key=True, max_length=255)
    """The exchange's."""
    owner_id: str = Field(max_length=40)
    bot_id: str = Field(max_length=40)
    trade_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    """None while FreqTrade has no row of it."""
    purpose: str = Field(default="", max_length=8)
    """`entry` or `exit`; empty while FreqTrade has no row of it."""
    open: bool
    """As FreqTrade believes, or where it has no row the journal."""
    filled: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    """As FreqTrade believes."""
    told_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class AccountFillModel(SQLModel, table=True):
    """An execution that an exchange told of an account."""

    __tablename__ = "account_fills"
    __table_args__ = (
        Index("ix_account_fills_order", "wallet_id", "pair", "order_id"),
        Index("ix_account_fills_booked", "wallet_id", "booked"),
        Index("ix_account_fills_at", "wallet_id", "at"),
    )

    wallet_id: str = _wallet()
    pair: str = Field(primary_key=True, max_length=64)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """The exchange's, counting up within the pair."""
    owner_id: str = Field(max_length=40)
    order_id: str = Field(max_length=255)
    side: str = Field(max_length=8)
    amount: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    cost: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    fee: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    fee_currency: str = Field(max_length=24)
    realised: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    """Of futures: what the exchange says that it brought, fees aside. None of spot."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    booked: str = Field(default="", max_length=40)
    """Id of the bot under whose order it is in the ledger, or of the finding by which it was adopted; empty before."""


class AccountIncomeModel(SQLModel, table=True):
    """What an account of futures got or paid for holding a contract, or for being liquidated."""

    __tablename__ = "account_incomes"
    __table_args__ = (
        Index("ix_account_incomes_booked", "wallet_id", "booked"),
        Index("ix_account_incomes_at", "wallet_id", "at"),
    )

    wallet_id: str = _wallet()
    kind: str = Field(primary_key=True, max_length=40)
    """The exchange's name of it, such as `FUNDING_FEE`."""
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """The exchange's, unique within its kind."""
    owner_id: str = Field(max_length=40)
    pair: str = Field(max_length=64)
    currency: str = Field(max_length=24)
    amount: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    """Received; below zero paid."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    booked: str = Field(default="", max_length=40)
    """As of fills."""


class AccountReadingModel(SQLModel, table=True):
    """What an exchange account told last."""

    __tablename__ = "account_readings"

    wallet_id: str = _wallet()
    owner_id: str = Field(max_length=40)
    opened_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """By the exchange's clock: what was on the account then is the ledger's beginning, fills since are booked. None
    while it could not be read yet."""
    read_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    agreed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When its balances were those of the ledger last, to the last digit."""
    balances: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """By currency `{free, locked}`, as decimal strings."""
    positions: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """By pair, amount as decimal string."""
    problem: str | None = Field(default=None, max_length=500)
    """Why it cannot be read now, in a sentence."""


for _model in (BotBooksModel, AccountOrderModel, AccountFillModel, AccountIncomeModel, AccountReadingModel):
    by_owner(_model, private=True)
