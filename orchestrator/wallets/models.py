"""Wallets and the ledger's tables."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, text
from sqlmodel import Field, SQLModel

from orchestrator.db.tenancy import by_owner
from orchestrator.db.types import MoneyColumn, UtcDateTime

_LIVING = text("archived_at IS NULL")
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def _number() -> Any:
    return Field(default=None, sa_column=Column(_NUMBER, primary_key=True, autoincrement=True))


class WalletModel(SQLModel, table=True):
    """Money of one user: of paper, or of one account at an exchange. Written by `wallets.service`. Whoever writes to
    its ledger holds this row's lock."""

    __tablename__ = "wallets"
    __table_args__ = (
        Index("ix_wallets_owner", "owner_id", "created_at", "id"),
        Index("uq_wallets_name", "owner_id", "name", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING),
        Index(
            "uq_wallets_automatic", "owner_id", "automatic", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING
        ),
        Index(
            "uq_wallets_key", "exchange_key_id", "market", unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING
        ),
    )  # fmt: skip

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False))
    kind: str = Field(max_length=16)
    """`paper`, or `exchange`."""
    name: str = Field(max_length=64)
    """Unique among the owner's wallets that are not archived."""
    exchange: str | None = Field(default=None, max_length=40)
    """Of kind `exchange`: `paper`, or an id of ccxt."""
    exchange_key_id: str | None = Field(default=None, max_length=40)
    """Of kind `exchange`: the key of the account, which has one wallet for each market, so that nothing is counted
    twice."""
    market: str | None = Field(default=None, max_length=8)
    """Of kind `exchange`: `spot` or `futures`, whose money the exchange keeps apart. None of paper."""
    automatic: str | None = Field(default=None, max_length=16)
    """The stake currency whose dry bots take their capital here where no wallet is named; None of all others."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    archived_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class WalletBotModel(SQLModel, table=True):
    """Which wallet a bot has its capital from, for as long as it lives. No foreign key to the bot: the ledger outlives
    everything."""

    __tablename__ = "wallet_bots"
    __table_args__ = (Index("ix_wallet_bots_wallet", "wallet_id", "bot_id"),)

    bot_id: str = Field(primary_key=True, max_length=40)
    wallet_id: str = Field(sa_column=Column(String(40), ForeignKey("wallets.id", ondelete="RESTRICT"), nullable=False))
    owner_id: str = Field(max_length=40)
    currency: str = Field(max_length=64)
    """The bot's stake currency."""
    opened_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    books_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """Up to when its books are in the ledger; None where they never were read."""
    released_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When the bot was gone and what it had went back: what is booked later goes on to the wallet by itself."""


class LedgerAccountModel(SQLModel, table=True):
    """A place of a wallet (`wallets.ledger.Place`) and what is there: the sum of its postings, kept by
    `wallets.repository.post` and compared by `wallets.check`."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        Index("uq_ledger_accounts_place", "wallet_id", "bot_id", "kind", "currency", unique=True),
        Index("ix_ledger_accounts_bot", "bot_id"),
    )

    number: int | None = _number()
    wallet_id: str = Field(sa_column=Column(String(40), ForeignKey("wallets.id", ondelete="RESTRICT"), nullable=False))
    owner_id: str = Field(max_length=40)
    bot_id: str = Field(max_length=40)
    """Empty where no bot is concerned."""
    kind: str = Field(max_length=16)
    currency: str = Field(max_length=64)
    """A currency, or the pair of a futures contract."""
    balance: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))


class LedgerTransactionModel(SQLModel, table=True):
    """One movement. Append-only, which triggers guard, as are its postings."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        Index("uq_ledger_transactions_key", "wallet_id", "key", unique=True),
        Index("ix_ledger_transactions_wallet", "wallet_id", "number"),
        Index("ix_ledger_transactions_bot", "bot_id", "number"),
    )

    number: int | None = _number()
    wallet_id: str = Field(sa_column=Column(String(40), ForeignKey("wallets.id", ondelete="RESTRICT"), nullable=False))
    owner_id: str = Field(max_length=40)
    bot_id: str = Field(max_length=40)
    kind: str = Field(max_length=16)
    key: str = Field(max_length=400)
    """What makes it the same however often it is told."""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When it happened."""
    booked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    automatic: bool
    """Nobody asked for just this: topped up for a new bot, or told by a bot."""
    note: str = Field(max_length=500)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class LedgerPostingModel(SQLModel, table=True):
    """So much came to an account, or went from it. Append-only."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        Index("ix_ledger_postings_transaction", "transaction_number"),
        Index("ix_ledger_postings_account", "account_number", "number"),
    )

    number: int | None = _number()
    transaction_number: int = Field(
        sa_column=Column(_NUMBER, ForeignKey("ledger_transactions.number", ondelete="RESTRICT"), nullable=False)
    )
    account_number: int = Field(
        sa_column=Column(_NUMBER, ForeignKey("ledger_accounts.number", ondelete="RESTRICT"), nullable=False)
    )
    owner_id: str = Field(max_length=40)
    amount: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))


class LedgerOrderModel(SQLModel, table=True):
    """What the ledger has of one order (`wallets.booking.Booked`), so that it is booked once."""

    __tablename__ = "ledger_orders"
    __table_args__ = (Index("ix_ledger_orders_trade", "bot_id", "trade_id"),)

    bot_id: str = Field(primary_key=True, max_length=40)
    pair: str = Field(primary_key=True, max_length=64)
    order_id: str = Field(primary_key=True, max_length=255)
    owner_id: str = Field(max_length=40)
    trade_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    side: str = Field(max_length=8)
    purpose: str = Field(max_length=8)
    filled: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    cost: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    fee: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    fee_currency: str = Field(max_length=24)
    funding: Decimal = Field(sa_column=Column(MoneyColumn, nullable=False))
    realised: Decimal | None = Field(default=None, sa_column=Column(MoneyColumn, nullable=True))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    since: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    times: int


for _model in (
    WalletModel, WalletBotModel, LedgerAccountModel, LedgerTransactionModel, LedgerPostingModel, LedgerOrderModel,
):  # fmt: skip
    by_owner(_model, private=True)
