"""Settings of the control plane: `FLOTILLA_HOME`, and `FLOTILLA_ORCH_*` for the rest.

Built once and passed down. Of these only `database_url` may hold a secret, the password of the database; it is left out
of representations and errors, and must not be logged. Flotilla's own secrets are made at the first start and kept in
`secrets.json`.
"""

from pathlib import Path

from platformdirs import user_data_dir
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class OrchestratorSettings(BaseSettings):
    """Raises pydantic.ValidationError naming the bad variable."""

    model_config = SettingsConfigDict(
        env_prefix="FLOTILLA_ORCH_", frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Field(
        default_factory=lambda: Path(user_data_dir("flotilla", appauthor=False)), validation_alias="FLOTILLA_HOME"
    )
    """Where everything of this installation is kept; made with mode 0700."""
    database_url: str | None = Field(default=None, repr=False)
    """SQLAlchemy URL with an async driver, which may hold a password; None for SQLite in the home directory."""
    templates_directory: Path = Path(__file__).resolve().parents[1] / "bot_templates"
    """Where the bot templates are read from."""
    pool_slots: int = Field(default=50, ge=1, le=1000)
    """How many bots the local pool takes."""
    pool_memory_limit_bytes: int | None = Field(default=None, ge=1)
    """What the local pool may use in all; no new bot is placed in it beyond that. None for no limit."""
    paper_exchange: bool = True
    """Whether to run the paper exchange."""
    paper_symbols: int = Field(default=200, ge=20, le=1500)
    """How many markets the paper exchange has."""
    reconcile_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    """Longest time between two looks at what is wanted and what is."""
    action_seconds: float = Field(default=15.0, gt=0)
    """Deadline of one action on a pool."""
    actions_per_pool: int = Field(default=8, ge=1)
    """How many actions run on one pool at a time."""
    agent_silence_seconds: float = Field(default=10.0, gt=0)
    """After this long without an answer of its agent a bot's state counts as unknown."""
    lease_seconds: float = Field(default=15.0, ge=1)
    """How long another control plane waits before it takes over from one that died."""
    event_retention_days: int = Field(default=90, ge=0, le=36_500)
    """How long events of bots are kept; 0 for ever."""
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

    @property
    def url(self) -> str:
        """The database's URL; may hold a password."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'flotilla.db'}"
