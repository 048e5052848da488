"""Settings of the web edge: `FLOTILLA_HOST`, `FLOTILLA_PORT`, and `FLOTILLA_API_*` for the rest.

Built once by whoever starts the server and passed down; none of it is secret.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from orchestrator.users.oidc_provider import OidcProvider

Network = IPv4Network | IPv6Network


class ApiSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_API_", frozen=True, extra="forbid", populate_by_name=True)

    host: str = Field(default="127.0.0.1", min_length=1, validation_alias="FLOTILLA_HOST")
    """Address to listen on. Anything but a loopback address offers the API to the network: give it a certificate
    (`tls_certificate`), or put a proxy with TLS in front of it and name that one (`trusted_proxies`)."""
    port: int = Field(default=8000, ge=0, le=65535, validation_alias="FLOTILLA_PORT")
    """Port to listen on; 0 lets the kernel choose."""
    log_to_stderr: bool = False
    """Whether the log goes to standard error as well as to its file: for containers and service managers."""
    access_token_seconds: int = Field(default=900, ge=30, le=86_400)
    """How long an access token is good for."""
    refresh_token_days: int = Field(default=30, ge=1, le=365)
    """How long a sign-in lasts without being used."""
    refresh_grace_seconds: float = Field(default=10, ge=0, le=60)
    """How long after its use a refresh token is still taken for a concurrent refresh, not for theft."""
    ticket_seconds: float = Field(default=30, gt=0, le=300)
    """How long a single-use ticket for a stream is good for."""
    tls_certificate: Path | None = None
    """Certificate of the server with its chain, PEM: HTTPS then, and no HTTP. Read again when the file changes."""
    tls_key: Path | None = None
    """Private key of it, PEM without a passphrase, which only its owner may read (0600; 0640 where root owns it)."""
    public_url: Annotated[tuple[str, ...], NoDecode] = ()
    """Where browsers find this installation, such as `https://flotilla.example`; several with commas. Changes of a
    sign-in are refused from pages elsewhere; none: whatever address a request names is its own."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Addresses or networks, with commas, of proxies in front. From them alone X-Forwarded-For, -Proto and -Host are
    believed; of the hops the last one that is none of them is the client."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, with commas, of pages elsewhere that may call bots' own APIs: a FreqUI of its own, say
    `https://frequi.example`. Nothing else of this API is open to them."""
    frequi_url: str | None = None
    """Where your FreqUI is served, such as `https://frequi.example`: the portal leads there, and its origin is one of
    `cors_origins`."""
    sign_ins_per_minute: int = Field(default=120, ge=1)
    """Requests below `/api/v1/auth` that change something, from one address (of IPv6 a /64)."""
    requests_per_address_per_minute: int = Field(default=18_000, ge=1)
    """Requests of any kind from one address, signed in or not; all who share an address share this."""
    reads_per_minute: int = Field(default=3_000, ge=1)
    """Requests of one user that read. A stream counts once, when it is opened."""
    changes_per_minute: int = Field(default=600, ge=1)
    """Requests of one user that change something."""
    relays_per_minute: int = Field(default=9_000, ge=1)
    """Requests of one user to bots' own APIs."""
    requests_per_token_per_minute: int = Field(default=6_000, ge=1)
    """Requests of any kind with one API token."""
    connections_per_address: int = Field(default=250, ge=1)
    """Connections that one address (of IPv6 a /64) may hold open; loopback and trusted proxies may hold any number."""
    header_seconds: float = Field(default=10, gt=0, le=300)
    """How long a client may take over the headers of a request, and over the TLS handshake."""
    body_seconds: float = Field(default=30, gt=0, le=3600)
    """How long a client may take over the body of a request."""
    relay_body_seconds: float = Field(default=120, gt=0, le=3600)
    """The same for a body that is relayed to a bot."""
    request_seconds: float = Field(default=90, gt=0, le=3600)
    """How long a request may take until its answer begins; then it is given up with a 503. Relayed ones have the
    relay's own limits."""
    login_attempts: int = Field(default=10, ge=1)
    """Failed sign-ins of one user name from one address that are free; then each must wait, longer each time."""
    login_wait_limit_seconds: float = Field(default=60, ge=1)
    """Longest wait between two such attempts."""
    oidc: tuple[OidcProvider, ...] = ()
    """OpenID providers that sign users in, a JSON list: `[{"id": "google", "issuer": "https://accounts.google.com",
    "client_id": "…", "client_secret_file": "/run/secrets/google", "create_users": true}]`; all fields are in
    `orchestrator.users.oidc_provider`. Needs `public_url`."""
    breached_passwords_file: Path | None = None
    """Stolen passwords, none of which anybody may take: SHA-1 hashes, sorted, as Have I Been Pwned publishes them. The
    file is searched, never loaded. Common ones are refused without it."""
    body_limit_bytes: int = Field(default=1_048_576, ge=1024)
    """Largest request body."""
    relay_body_limit_bytes: int = Field(default=8_388_608, ge=1024)
    """Largest request body that is relayed to a bot's own API."""
    relay_websockets_per_user: int = Field(default=20, ge=1)
    """How many WebSockets to bots one user may hold open."""
    log_streams_per_user: int = Field(default=20, ge=1)
    """How many logs one user may follow at once."""
    portfolio_streams_per_user: int = Field(default=100, ge=1)
    """How many streams of portfolios one user may hold open."""
    market_streams_per_user: int = Field(default=20, ge=1)
    """How many streams of prices one user may hold open."""

    @field_validator("public_url", "trusted_proxies", "cors_origins", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url", "cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin_of(one) for one in value)

    @field_validator("frequi_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        """Raises ValueError for what a browser could not open, and for what says more than where."""
        if not value:
            return None
        origin, parts = origin_of("://".join(urlsplit(value.strip())[:2])), urlsplit(value.strip())
        if parts.query or parts.fragment:
            raise ValueError(f"{value!r} has more than an address; leave out what begins with ? or #")
        return origin + parts.path.rstrip("/")

    @field_validator("oidc")
    @classmethod
    def _each_once(cls, value: tuple[OidcProvider, ...]) -> tuple[OidcProvider, ...]:
        if len({one.id for one in value}) < len(value):
            raise ValueError("each provider needs an id of its own")
        return value

    @model_validator(mode="after")
    def _certificate_with_key(self) -> "ApiSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("FLOTILLA_API_TLS_CERTIFICATE and FLOTILLA_API_TLS_KEY go together; set both or none")
        return self

    @property
    def relay_origins(self) -> tuple[str, ...]:
        """Origins of pages elsewhere that may call bots' own APIs."""
        frequi = () if self.frequi_url is None else (origin_of("://".join(urlsplit(self.frequi_url)[:2])),)
        return tuple(dict.fromkeys((*self.cors_origins, *frequi)))


def origin_of(url: str) -> str:
    """`https://host[:port]` as browsers write it: in lower case, without the scheme's own port. Raises ValueError for
    what is no origin."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{url!r} is no origin; write scheme and host alone, such as https://flotilla.example")
    if parts.username is not None or parts.fragment:
        raise ValueError("an origin has no user and no fragment")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, own) else f":{parts.port}")
