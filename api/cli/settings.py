"""Settings of the `flotilla` command as a client of the API. A password is never one: it is in a file, or asked for."""

from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - replaced, not bound
ADMIN = "admin"


def demo_name(template: str) -> str:
    """What the first start calls its bot of that template."""
    return f"demo-{template.replace('_', '-')}"


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
    token: SecretStr | None = None
    """An API token, with which the command signs in instead of a password."""
    token_file: Path | None = None
    """File with it alone, which other processes cannot see."""
    api_tls_certificate: Path | None = None
    """Of the control plane, as it has it itself: HTTPS then, unless a URL is given."""
    ca_file: Path | None = None
    """Certificates, PEM, that the control plane's own is checked by; none: those that everybody trusts."""

    def default_url(self) -> str:
        host = _WILDCARDS.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'http' if self.api_tls_certificate is None else 'https'}://{host}:{self.port}"

    def is_here(self, url: str) -> bool:
        """Whether the URL is this machine's own control plane: nobody else is sent the password from `home`."""
        host = urlsplit(url).hostname or ""
        return host in _LOOPBACK or url.rstrip("/") == self.default_url()
