"""Settings of the control plane: `FLOTILLA_HOME`, and `FLOTILLA_ORCH_*` for the rest.

Built once and passed down. `database_url` and `redis_url` may hold passwords: they are left out of representations and
errors, must not be logged, and may come as files (`FLOTILLA_SECRETS_DIR/flotilla_orch_database_url`). Flotilla's own
secrets are made at the first start and kept in `secrets.json`.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_dir
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PUSH_CONTACT = "mailto:flotilla@example.com"
"""Of whom nobody named one."""


class OrchestratorSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(
        env_prefix="FLOTILLA_ORCH_", frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Field(
        default_factory=lambda: Path(user_data_dir("flotilla", appauthor=False)), validation_alias="FLOTILLA_HOME"
    )
    """Where everything of this installation is kept; made with mode 0700."""
    secrets_file: Path | None = Field(default=None, validation_alias="FLOTILLA_SECRETS_FILE")
    """The `secrets.json` that all processes of an installation on several homes share; None for the home's own."""
    kek_file: Path | None = None
    """File with the key-encryption key that seals exchange keys (`kit.kek_source`), a Docker secret say; None, and no
    other source: `key-encryption-key` beside `secrets.json`, made at the first start. It belongs into no backup, and
    into a place of its own."""
    kek: SecretStr | None = None
    """The key-encryption key itself, several separated by commas, the newest first. Taken out of the environment."""
    kek_command: SecretStr | None = None
    """Command that says the key-encryption key on its standard output; run without a shell."""
    database_url: str | None = Field(default=None, repr=False)
    """SQLAlchemy URL with an async driver, which may hold a password; None for SQLite in the home directory."""
    templates_directory: Path = Path(__file__).resolve().parents[1] / "bot_templates"
    """Where the bot templates are read from."""
    redis_url: SecretStr | None = None
    """Redis as bus and cache between several processes, `redis://[:password@]host:port/0` (`rediss`, `unix` too); None
    within one. It should have `maxmemory-policy noeviction`, and an append-only file lest streams reset when it
    restarts."""
    pool_driver: Literal["process", "docker"] = "process"
    """How pools are run: local processes, or containers through the broker."""
    broker_socket: Path = Path("/run/flotilla/broker.sock")
    """Unix socket of the broker, the one process that may talk to Docker."""
    accept_docker: str | None = None
    """`installation@daemon` that takes the place of the one where the database's pools were, as the refusal tells it:
    after Docker was set up anew, say. May stay set."""
    pool_image: str = "flotilla-pool:latest"
    """Image of pools, as the broker's allow-list has it."""
    database_connections: int = Field(default=10, ge=2, le=200)
    """Connections to PostgreSQL that this process keeps at most; one more holds the leader's lock."""
    database_statement_seconds: float = Field(default=10, gt=0, le=3600)
    """How long a statement may take on PostgreSQL before it fails with a 503."""
    pool_placement: Literal["spread", "pack"] = "spread"
    """Whether bots go to the emptiest of their tenant's pools or to the fullest that has room."""
    pools_minimum: int = Field(default=0, ge=0)
    """Pools per tenant that are kept although empty."""
    pools_maximum: int = Field(default=10, ge=1)
    """Pools that one tenant may have."""
    pool_idle_minutes: float = Field(default=10, ge=0)
    """How long an empty pool beyond the minimum is kept."""
    pool_memory_headroom: float = Field(default=0.1, ge=0, lt=1)
    """Share of a pool's memory limit that no bot is placed into."""
    share_pools: bool = False
    """Whether tenants share pools for bots of shipped templates whose hash is allow-listed."""
    shared_template_hashes: list[str] = Field(default_factory=list)
    """SHA-256 of the strategies that may run in a shared pool, as `flotilla templates` shows them."""
    pool_slots: int = Field(default=50, ge=1, le=1000)
    """How many bots the local pool takes."""
    pool_memory_limit_bytes: int | None = Field(default=None, ge=1)
    """What the local pool may use in all; no new bot is placed in it beyond that. None for no limit."""
    user_max_bots: int | None = Field(default=None, ge=0)
    """How many bots a user may have to whom an administrator gave no quota of his own. None for no limit."""
    user_max_memory_bytes: int | None = Field(default=None, ge=0)
    """What the bots of such a user may use in all, and the memory limits of his pools. None for no limit."""
    paper_exchange: bool = True
    """Whether to run the paper exchange."""
    paper_symbols: int = Field(default=200, ge=20, le=1500)
    """How many markets the paper exchange has."""
    gateway: bool = True
    """Whether to run the market-data gateway, through which the bots of a machine share what exchanges tell all alike.
    A pool is told at its start: one that runs goes on as it was until it is restarted or rolled out."""
    signed_requests: Literal["straight", "gateway"] = "straight"
    """How bots' signed requests go where there is a gateway: `straight` to the exchange, with its leave, or through it.
    A pool is told at its start, too."""
    reconcile_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    """Longest time between two looks at what is wanted and what is."""
    action_seconds: float = Field(default=15.0, gt=0)
    """Deadline of one action on a pool."""
    actions_per_pool: int = Field(default=8, ge=1)
    """How many actions run on one pool at a time."""
    agent_silence_seconds: float = Field(default=10.0, gt=0)
    """After this long without an answer of its agent a bot's state counts as unknown."""
    event_retention_days: int = Field(default=90, ge=0, le=36_500)
    """How long events of bots are kept; 0 for ever."""
    agent_token_days: float = Field(default=30, gt=0, le=3650)
    """How old the bearer token of a pool's agent may become before it is replaced; bots do not notice."""
    finding_patience_seconds: float = Field(default=20.0, ge=0, le=3600)
    """How long an exchange account may differ from the books before that is a finding: what is on its way is none."""
    account_unread_minutes: float = Field(default=5.0, ge=1, le=1440)
    """How long an exchange account may stay unread before that is a finding and its bots open nothing."""
    push_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, with commas, of push services that pushes may go to although they have no public address or no HTTPS:
    one of one's own, such as `https://push.lan:8443`. All others are reached by HTTPS at public addresses alone."""
    push_contact: str = PUSH_CONTACT
    """`mailto:` or `https:` address that push services are told, so that they can say when pushes trouble them; some
    refuse pushes of nobody in particular."""
    stop_seconds: float = Field(default=60.0, gt=0)
    """How long pools get for stopping their bots in good order before they are killed."""

    @field_validator("database_url")
    @classmethod
    def _well_formed(cls, url: str | None) -> str | None:
        """Here, because those who use the URL quote parts of it when they cannot read it."""
        try:
            if url is not None:
                make_url(url)
        except (ArgumentError, ValueError):
            raise ValueError("it is no URL of a database; write driver://user:password@host/name, quoted") from None
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first; then files of `FLOTILLA_SECRETS_DIR` with the names of variables in small letters."""
        directory = os.environ.get("FLOTILLA_SECRETS_DIR")
        files = [SecretsSettingsSource(settings_cls, secrets_dir=directory)] if directory else []
        return (init_settings, env_settings, *files)

    @model_validator(mode="after")
    def _has_one_kek(self) -> "OrchestratorSettings":
        if sum(one is not None for one in (self.kek_file, self.kek, self.kek_command)) > 1:
            raise ValueError("set only one of FLOTILLA_ORCH_KEK_FILE, FLOTILLA_ORCH_KEK and FLOTILLA_ORCH_KEK_COMMAND")
        return self

    @field_validator("push_origins", mode="before")
    @classmethod
    def _origins(cls, told: Any) -> Any:
        return tuple(part.strip() for part in told.split(",") if part.strip()) if isinstance(told, str) else told

    @field_validator("push_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for one in origins:
            parts = urlsplit(one)
            if parts.scheme not in ("http", "https") or one != f"{parts.scheme}://{parts.netloc}" or "@" in one:
                raise ValueError("write origins such as https://push.lan:8443, without a path, separated by commas")
        return origins

    @field_validator("push_contact")
    @classmethod
    def _is_contact(cls, contact: str) -> str:
        if not contact.startswith(("mailto:", "https://")):
            raise ValueError("write mailto:somebody@example.com, or an https:// address")
        return contact

    @field_validator("redis_url")
    @classmethod
    def _is_of_redis(cls, url: SecretStr | None) -> SecretStr | None:
        """Here, because its parser quotes parts of a URL that it cannot read."""
        try:
            parts = urlsplit(url.get_secret_value()) if url is not None else None
            known = parts is None or (parts.scheme in {"redis", "rediss", "unix"} and parts.port != 0)
        except ValueError:
            known = False
        if not known:
            raise ValueError("it is no URL of Redis; write redis://:password@host:port/0, the password percent-encoded")
        return url

    @property
    def url(self) -> str:
        """The database's URL; may hold a password."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'flotilla.db'}"
