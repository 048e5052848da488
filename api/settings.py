"""Settings of the web edge: `FLOTILLA_HOST`, `FLOTILLA_PORT`, and `FLOTILLA_API_*` for the rest.

Built once by whoever starts the server and passed down; none of it is secret.
"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_API_", frozen=True, extra="forbid", populate_by_name=True)

    host: str = Field(default="127.0.0.1", min_length=1, validation_alias="FLOTILLA_HOST")
    """Address to listen on. Anything but a loopback address offers the API to the network: put TLS in front of it."""
    port: int = Field(default=8000, ge=0, le=65535, validation_alias="FLOTILLA_PORT")
    """Port to listen on; 0 lets the kernel choose."""
    access_token_seconds: int = Field(default=900, ge=30, le=86_400)
    """How long an access token is good for."""
    refresh_token_days: int = Field(default=30, ge=1, le=365)
    """How long a sign-in lasts without being used."""
    refresh_grace_seconds: float = Field(default=10, ge=0, le=60)
    """How long after its use a refresh token is still taken for a concurrent refresh, not for theft."""
    ticket_seconds: float = Field(default=30, gt=0, le=300)
    """How long a single-use ticket for a stream is good for."""
    login_attempts: int = Field(default=10, ge=1)
    """Failed sign-ins of one user name from one address that are free; then each must wait, longer each time."""
    login_wait_limit_seconds: float = Field(default=60, ge=1)
    """Longest wait between two such attempts."""
    body_limit_bytes: int = Field(default=1_048_576, ge=1024)
    """Largest request body."""
    relay_body_limit_bytes: int = Field(default=8_388_608, ge=1024)
    """Largest request body that is relayed to a bot's own API."""
    relay_websockets_per_user: int = Field(default=20, ge=1)
    """How many WebSockets to bots one user may hold open."""
    log_streams_per_user: int = Field(default=20, ge=1)
    """How many logs one user may follow at once."""
