"""Settings of the `flotilla` command as a client of the API. None is secret: passwords come from a file or a prompt."""

from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - replaced, not bound
ADMIN = "admin"


class CliSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(env_prefix="FLOTILLA_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path("flotilla"))
    """Where the control plane of this machine keeps its things; the first admin's password is read from there."""
    host: str = "127.0.0.1"
    """Host of the control plane, unless a URL is given."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port of the control plane, unless a URL is given."""
    user: str = ADMIN
    """Who signs in."""
    password_file: Path | None = None
    """File with the password alone; default: the first admin's, where that is who signs in to this machine."""

    def default_url(self) -> str:
        host = _WILDCARDS.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"http://{host}:{self.port}"

    def is_here(self, url: str) -> bool:
        """Whether the URL is this machine's own control plane: nobody else is sent the password from `home`."""
        host = urlsplit(url).hostname or ""
        return host in _LOOPBACK or url.rstrip("/") == self.default_url()
