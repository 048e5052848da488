"""What users prove with that they are who they are, besides passwords."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from orchestrator.db.types import UtcDateTime
from orchestrator.kit.sealing import Sealed


class TotpModel(SQLModel, table=True):
    """The secret that a user's authenticator app makes codes of, sealed. Written by `users.totp`."""

    __tablename__ = "totp"

    user_id: str = Field(
        sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, nullable=False)
    )
    kek_id: str = Field(max_length=16)
    wrapped_key: str = Field(max_length=200)
    ciphertext: str = Field(max_length=200)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    confirmed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    """When a code showed that the app has the secret; until then it counts for nothing."""
    last_step: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    """Number of the 30 s of the last code that was taken: none of then or before is taken again."""

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.kek_id, self.wrapped_key, self.ciphertext)


class RecoveryCodeModel(SQLModel, table=True):
    """A code for when the second factor is lost, hashed; good once. Written by `users.recovery`."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes"),)

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    code_hash: str = Field(max_length=64)
    """SHA-256, in hexadecimal."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class PasskeyModel(SQLModel, table=True):
    """The public half of a passkey. Written by `users.passkeys`."""

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_user", "user_id", "created_at"),)

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    name: str = Field(max_length=64)
    credential_id: str = Field(unique=True, max_length=1400)
    """As the authenticator names it, in base64url."""
    public_key: str = Field(max_length=4000)
    """COSE, in base64url."""
    sign_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    """How often it signed, where the authenticator counts; one that falls behind was copied."""
    backed_up: bool
    """Whether it is kept by a service, and so on several devices."""
    transports: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class IdentityModel(SQLModel, table=True):
    """Whom an OpenID provider calls what: an account of it that signs a user in. Written by `users.identities`."""

    __tablename__ = "identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_identities"),
        Index("ix_identities_user", "user_id"),
    )

    id: str = Field(primary_key=True, max_length=40)
    user_id: str = Field(sa_column=Column(String(40), ForeignKey("users.id", ondelete="CASCADE"), nullable=False))
    provider: str = Field(max_length=40)
    """As the settings call it."""
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    """Whose the account is, in the provider's words; never used for anybody else there."""
    name: str = Field(max_length=254)
    """How the provider calls him, for people: changeable, so it opens nothing."""
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
