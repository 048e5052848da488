"""Bodies of the auth routes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.auth.guard import Purpose


class LoginRequest(BaseModel):
    """User name and password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: str = Field(min_length=1, max_length=64, description="User name.", examples=["admin"])
    password: str = Field(min_length=1, max_length=1024, description="Password.", examples=["correct horse battery"])


class TokenResponse(BaseModel):
    """An access token; the refresh token comes as a cookie that scripts cannot read."""

    access_token: str = Field(
        description="Send it as `Authorization: Bearer …`.", examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"]
    )
    token_type: Literal["bearer"] = Field(description="Always `bearer`.", examples=["bearer"])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[900])


class MeResponse(BaseModel):
    """The signed-in user."""

    id: str = Field(description="Identity of the user.", examples=["user-k3v2q7d5mwxz4tha"])
    username: str = Field(description="User name.", examples=["admin"])
    role: str = Field(description="`admin` or `trader`.", examples=["admin"])
    reporting_currency: str = Field(description="Currency that the portfolio is told in.", examples=["USDT"])
    created_at: datetime = Field(description="When the user was created.", examples=["2026-11-20T12:00:00Z"])


class TicketRequest(BaseModel):
    """What the ticket is to open."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(
        description="`portfolio` for the portfolio stream, `freqtrade` for a bot's own WebSocket.",
        examples=["portfolio"],
    )


class TicketResponse(BaseModel):
    """A ticket for one connection, sent as `?ticket=`."""

    ticket: str = Field(description="Good once.", examples=["Zt2m3yJ0lR2m0m6tq1h8Wk3mJv9yq5nS7uF4xE1aB0c"])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[30])
