"""Who is calling."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A signed-in user, as the access token tells."""

    user_id: str
    username: str
    role: str
