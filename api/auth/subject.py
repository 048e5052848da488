"""Who is calling."""

from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.db.tenancy import Level, Reach
from orchestrator.users.api_tokens import SCOPES
from orchestrator.users.service import ADMIN

ALL_SCOPES = frozenset(SCOPES)


@dataclass(frozen=True, slots=True)
class Subject:
    """A user as he calls now: in a session, or by an API token."""

    user_id: str
    username: str
    role: str
    """`admin`, `trader` or `viewer`."""
    session_id: str | None = None
    token_id: str | None = None
    scopes: frozenset[str] = ALL_SCOPES
    """What he may do here: all in a session, what it says by a token."""
    bot_ids: frozenset[str] | None = None
    """The only bots that he reaches, by a token for single ones."""
    proved_at: datetime | None = None
    """When he proved last in this session who he is; None by a token."""
    password_given: bool = False
    """Whether he signed in with a password that an administrator made, so that he must change it first."""
    level: Level = "view"
    """What the route that was called does with things."""

    @property
    def administrates(self) -> bool:
        """Whether he may, here, steer pools and reach everybody's bots."""
        return self.role == ADMIN and "admin" in self.scopes

    @property
    def reach(self) -> Reach:
        """Which rows he gets to see."""
        return Reach(self.user_id, self.level, self.administrates, self.bot_ids)

    def as_user(self) -> "Subject":
        """The same without an administrator's reach."""
        return replace(self, scopes=self.scopes - {"admin"})

    def at(self, level: Level) -> "Subject":
        """The same, for what needs that level."""
        return replace(self, level=level)
