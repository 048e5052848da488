"""Bodies that the relay answers itself; FreqTrade's and FreqUI's own names where they read them."""

from pydantic import BaseModel, Field

_JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImZyZXF0cmFkZStqd3QifQ…"
_BASE = "https://flotilla.example/api/v1/bots/bot-k3v2q7d5mwxz4tha/freqtrade"
_KEPT = {
    "botName": "trend-1", "apiUrl": _BASE, "username": "ann", "accessToken": "", "refreshToken": "",
    "autoRefresh": True, "sortId": 0,
}  # fmt: skip


class AccessTokenResponse(BaseModel):
    """FreqTrade's `AccessToken`."""

    access_token: str = Field(description="For calls, and for the WebSocket's `?token=`.", examples=[_JWT])


class TokensResponse(AccessTokenResponse):
    """FreqTrade's `AccessAndRefreshToken`."""

    refresh_token: str = Field(description="For `token/refresh` alone.", examples=[_JWT])


class FreqtradeBotResponse(BaseModel):
    """What FreqTrade's clients are told of a bot."""

    id: str = Field(description="Identity of the bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Its owner's name for it.", examples=["trend-1"])
    url: str = Field(description="FreqUI's API URL, `server_url` of FreqTrade's Python client.", examples=[_BASE])
    username: str = Field(description="The caller's, to sign in with; an API token is the password.", examples=["ann"])
    dry_run: bool = Field(description="Whether it trades without money.", examples=[True])


class FreqUiBotResponse(BaseModel):
    """A bot as FreqUI keeps it (`AuthStorage`), signed out."""

    botName: str = Field(description="Shown for it.", examples=["trend-1"])  # noqa: N815 - FreqUI's own names
    apiUrl: str = Field(description="Address of the bot.", examples=[_BASE])  # noqa: N815
    username: str = Field(description="Filled in when FreqUI asks for a token.", examples=["ann"])
    accessToken: str = Field(description="Always empty.", examples=[""])  # noqa: N815
    refreshToken: str = Field(description="Always empty.", examples=[""])  # noqa: N815
    autoRefresh: bool = Field(description="Whether FreqUI keeps it up to date.", examples=[True])  # noqa: N815
    sortId: int = Field(description="Its place in FreqUI's list.", examples=[0])  # noqa: N815


class FreqtradeBotList(BaseModel):
    """All bots of the caller, in the order of their creation."""

    items: list[FreqtradeBotResponse] = Field(description="One for each bot.")
    frequi: dict[str, FreqUiBotResponse] = Field(
        description="The same as FreqUI keeps them, by its own numbers (`ftbot.0`, …).",
        examples=[{"ftbot.0": _KEPT}],
    )
    frequi_url: str | None = Field(
        description="Where a FreqUI is served, by `FLOTILLA_API_FREQUI_URL`; null where nobody named one.",
        examples=["https://frequi.example"],
    )
