"""Bodies of the routes about API tokens."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.users.models import ApiTokenModel

Scope = Literal["read", "trade", "admin"]
_SCOPES = "Each contains those before it: `read` looks, `trade` does what a trader may, `admin` administrates."
_BOTS = "The only bots that it reaches; null: all that you do."


class TokenCreate(BaseModel):
    """A new API token."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=Text, description="What it is for.", examples=["FreqUI"])
    scopes: list[Scope] = Field(min_length=1, max_length=3, description=_SCOPES, examples=[["read", "trade"]])
    bot_ids: list[Annotated[str, Field(max_length=64, pattern=Text)]] | None = Field(
        default=None, min_length=1, max_length=200, description=_BOTS, examples=[["bot-k3v2q7d5mwxz4tha"]]
    )
    expires_at: AwareDatetime | None = Field(
        default=None,
        description="Until when it is good, at most ten years; null: until it is revoked.",
        examples=["2027-11-21T12:00:00Z"],
    )


class ApiTokenResponse(BaseModel):
    """An API token, without what it is."""

    id: str = Field(description="Identity of the token.", examples=["apitoken-k3v2q7d5mwxz4tha"])
    name: str = Field(description="What it is for.", examples=["FreqUI"])
    scopes: list[str] = Field(description=_SCOPES, examples=[["read", "trade"]])
    bot_ids: list[str] | None = Field(description=_BOTS, examples=[["bot-k3v2q7d5mwxz4tha"]])
    created_at: datetime = Field(description="When it was made.", examples=["2026-11-21T12:00:00Z"])
    expires_at: datetime | None = Field(description="Until when it is good.", examples=["2027-11-21T12:00:00Z"])
    last_used_at: datetime | None = Field(
        description="When it was used last, to within a minute; null: never.", examples=["2026-11-21T13:00:00Z"]
    )
    last_used_address: str = Field(description="From where; empty: never used.", examples=["192.0.2.7"])


class TokenMadeResponse(BaseModel):
    """A new API token."""

    api_token: ApiTokenResponse = Field(description="What it may.")
    token: str = Field(
        description="Send it as `Authorization: Bearer …`; told this once.", examples=["flt_Zt2m3yJ0lR2m0m6tq1h8"]
    )


class TokenPage(BaseModel):
    """API tokens that are good."""

    items: list[ApiTokenResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Always null.", examples=[None])


def token_body(row: ApiTokenModel) -> ApiTokenResponse:
    return ApiTokenResponse.model_validate({name: getattr(row, name) for name in ApiTokenResponse.model_fields})
