"""OpenID providers, as settings name them. Values."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class OidcProvider(BaseModel):
    """One that may say who somebody is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")
    """As our addresses name it; its redirect address is `/api/v1/auth/oidc/<id>/callback`."""
    label: str = Field(default="", max_length=64)
    """For a button; the id where it is left out."""
    issuer: str = Field(max_length=255)
    """`https://…`, to which `/.well-known/openid-configuration` is added."""
    client_id: str = Field(min_length=1, max_length=255)
    client_secret_file: Path | None = None
    """Read at each use; None for a public client, which has PKCE alone."""
    client_auth: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    """How the secret is shown to the provider."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    username_claim: str = Field(default="preferred_username", min_length=1, max_length=64)
    """Which claim a new user is called by, in small letters."""
    create_users: bool = False
    """Whether somebody unknown becomes a user. Otherwise users link their accounts themselves, signed in."""
    role: Literal["admin", "trader", "viewer"] | None = "viewer"
    """Role of users who are made so; None: only those get in whom `roles` has one for."""
    role_claim: str | None = Field(default=None, max_length=64)
    """Claim whose value, or values, `roles` maps, when a user is made."""
    roles: dict[str, Literal["admin", "trader", "viewer"]] = Field(default_factory=dict)
    """Value of the claim → role; of several the one that may most."""
    email_domains: tuple[str, ...] = ()
    """Only accounts with a verified e-mail address of one of these are let in; none: all."""

    @field_validator("issuer")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if not is_safe_address(value) or parts.query or parts.fragment:
            raise ValueError("must be an https address without query, such as https://accounts.example.com")
        return value

    @field_validator("scopes")
    @classmethod
    def _asks_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return value if "openid" in value else ("openid", *value)

    @field_validator("email_domains")
    @classmethod
    def _small(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one.strip().lower().removeprefix("@") for one in value)

    @property
    def shown(self) -> str:
        """Its label, for people."""
        return self.label or self.id


def is_safe_address(address: str) -> bool:
    """Whether it is an address with TLS, or one of this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
