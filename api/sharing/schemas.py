"""Bodies of the routes about shares."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.users.models import PORTFOLIO
from orchestrator.users.sharing import Share

What = Literal["bot", "portfolio"]
Level = Literal["view", "operate"]
_LEVEL = "`view`: look; `operate`: also start, pause, stop, halt, and close trades. Nobody else changes or deletes it."


class ShareCreate(BaseModel):
    """What to share with whom."""

    model_config = ConfigDict(extra="forbid")

    user: str = Field(min_length=1, max_length=64, pattern=Text, description="Name of the user.", examples=["bob"])
    what: What = Field(description="One bot, or all of yours, those to come included.", examples=["bot"])
    bot_id: str | None = Field(
        default=None, max_length=64, pattern=Text, description="Which bot.", examples=["bot-k3v2q7d5mwxz4tha"]
    )
    level: Level = Field(default="view", description=_LEVEL, examples=["view"])


class ShareChange(BaseModel):
    """Another level."""

    model_config = ConfigDict(extra="forbid")

    level: Level = Field(description=_LEVEL, examples=["operate"])


class ShareResponse(BaseModel):
    """A share."""

    id: str = Field(description="Identity of the share.", examples=["share-k3v2q7d5mwxz4tha"])
    given: bool = Field(description="Whether you gave it; else you got it.", examples=[True])
    owner: str = Field(description="Name of whose it is.", examples=["ann"])
    user: str = Field(description="Name of whom it is shared with.", examples=["bob"])
    what: What = Field(description="One bot, or the whole portfolio.", examples=["bot"])
    bot_id: str | None = Field(description="Which bot; null: all.", examples=["bot-k3v2q7d5mwxz4tha"])
    bot_name: str | None = Field(description="Its name; null: all.", examples=["trend-1"])
    level: Level = Field(description=_LEVEL, examples=["view"])
    created_at: datetime = Field(description="Since when.", examples=["2026-11-21T12:00:00Z"])


class SharePage(BaseModel):
    """All shares that you gave or got."""

    items: list[ShareResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Always null.", examples=[None])


def share_body(share: Share, user_id: str, names: Mapping[str, str]) -> ShareResponse:
    """`names` has those of bots, by id."""
    row = share.row
    bot_id = None if row.what == PORTFOLIO else row.what
    return ShareResponse.model_validate(
        {
            "id": row.id,
            "given": row.owner_id == user_id,
            "owner": share.owner,
            "user": share.grantee,
            "what": "portfolio" if bot_id is None else "bot",
            "bot_id": bot_id,
            "bot_name": None if bot_id is None else names.get(bot_id, ""),
            "level": row.level,
            "created_at": row.created_at,
        }
    )
