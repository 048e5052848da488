"""Bodies of the routes about sessions."""

from datetime import datetime

from pydantic import BaseModel, Field

from orchestrator.users.models import SessionModel


class SessionResponse(BaseModel):
    """A sign-in."""

    id: str = Field(description="Identity of the session.", examples=["session-k3v2q7d5mwxz4tha"])
    current: bool = Field(description="Whether it is the one that asks.", examples=[True])
    method: str = Field(description="How it began: `password`, `passkey`, `oidc` or another.", examples=["password"])
    second_factor: str | None = Field(description="What was asked for beside; null: nothing.", examples=["totp"])
    address: str = Field(description="Where it was used last.", examples=["192.0.2.7"])
    user_agent: str = Field(description="With what, in its own words.", examples=["Mozilla/5.0"])
    created_at: datetime = Field(description="When it began.", examples=["2026-11-21T12:00:00Z"])
    last_used_at: datetime = Field(description="When it was refreshed last.", examples=["2026-11-21T13:00:00Z"])
    expires_at: datetime = Field(description="When it ends if nobody uses it.", examples=["2026-12-21T13:00:00Z"])


class SessionPage(BaseModel):
    """Sessions that live."""

    items: list[SessionResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Always null.", examples=[None])


class SessionsEndedResponse(BaseModel):
    """What was ended."""

    ended: int = Field(description="How many sessions.", examples=[2])


def session_body(row: SessionModel, current: str | None) -> SessionResponse:
    told = {name: getattr(row, name) for name in SessionResponse.model_fields if name != "current"}
    return SessionResponse.model_validate({**told, "current": row.id == current})
