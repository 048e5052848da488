"""Exchange keys as they are stored: what is secret of them is sealed (`kit.sealing`), the rest tells what they are."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Text, text
from sqlmodel import Field, SQLModel

from orchestrator.db.tenancy import by_owner
from orchestrator.db.types import UtcDateTime
from orchestrator.kit.sealing import Sealed

ROTATE = "rotate"
"""The reminder that a key is to be replaced; those of its end are `expiry-<days>` and `expired`."""
_LIVING = text("removed_at IS NULL")


def _unique_among_living(name: str, *columns: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=_LIVING, postgresql_where=_LIVING)


class KeyState(StrEnum):
    """Whether a key may be used."""

    ACTIVE = "active"
    REFUSED = "refused"
    """Its exchange does not take it any more, or tells that it may do what no key here may."""
    EXPIRED = "expired"
    REMOVED = "removed"
    """By its owner; nothing secret is left of it."""


class ExchangeKeyModel(SQLModel, table=True):
    """Written by `exchange_keys.service`; what is sealed also by `exchange_keys.vault.rewrap`."""

    __tablename__ = "exchange_keys"
    __table_args__ = (
        _unique_among_living("uq_exchange_keys_name", "owner_id", "name"),
        _unique_among_living("uq_exchange_keys_fingerprint", "fingerprint"),
        _unique_among_living("uq_exchange_keys_account", "exchange", "account"),
        Index("ix_exchange_keys_kek", "kek_id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    owner_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="RESTRICT"), nullable=False))
    exchange: str = Field(max_length=40)
    name: str = Field(max_length=64)
    """Unique among the owner's keys that are not removed."""
    version: int
    """Counts up each time that the key is replaced by another one of its account."""

    kek_id: str = Field(max_length=16)
    """The key-encryption key that wraps the data key; empty once removed."""
    wrapped_key: str = Field(sa_column=Column(Text, nullable=False), repr=False)
    ciphertext: str = Field(sa_column=Column(Text, nullable=False), repr=False)

    fingerprint: str = Field(max_length=32)
    """HMAC of the key's public part: tells keys apart and nothing of them."""
    account: str | None = Field(default=None, max_length=32)
    """HMAC of the exchange's name of the account, of which one user has one key, since two wallets would
    count its money twice; None where the exchange tells none."""
    permissions: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """`exchange_keys.facts.Permission`, as the exchange told them last."""
    ip_restricted: bool | None = Field(default=None)
    """Whether only some addresses may use it; None where the exchange does not tell."""

    state: str = Field(max_length=16)
    """`KeyState`."""
    problem: str | None = Field(default=None, max_length=500)
    """Why it is not active, in a sentence."""
    checked_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When its exchange was asked about it last, with an answer."""
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When the exchange ends it, or its right to trade."""
    rotate_after: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When its owner wants to be reminded to replace it."""
    notices: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """Which reminders its owner got of this version."""
    last_used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When a bot got it last."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    updated_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    """When it was entered or replaced last."""
    removed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.kek_id, self.wrapped_key, self.ciphertext)

    @property
    def context(self) -> tuple[str, str, str]:
        """What its seal is bound to."""
        return context_of(self.owner_id, self.id, self.version)

    def take_seal(self, sealed: Sealed) -> None:
        self.kek_id, self.wrapped_key, self.ciphertext = sealed.kek_id, sealed.wrapped_key, sealed.ciphertext


def context_of(owner_id: str, key_id: str, version: int) -> tuple[str, str, str]:
    """What a seal is bound to: tenant, key and version."""
    return owner_id, key_id, str(version)


def shown(key: ExchangeKeyModel) -> dict[str, Any]:
    """Columns for the audit: none of them secret."""
    return {
        name: getattr(key, name)
        for name in ("owner_id", "exchange", "name", "version", "fingerprint", "permissions", "ip_restricted", "state")
    }


by_owner(ExchangeKeyModel, private=True)
