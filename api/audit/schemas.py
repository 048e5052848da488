"""Bodies of the audit routes."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class AuditResponse(BaseModel):
    """One thing that was done."""

    id: str = Field(description="Its number; later ones are higher.", examples=["42"])
    at: datetime = Field(description="When.", examples=["2026-11-20T12:00:00Z"])
    actor: str = Field(description="Who: a user's id, or `system`.", examples=["user-k3v2q7d5mwxz4tha"])
    actor_name: str | None = Field(description="That user's name; null for the system.", examples=["ann"])
    action: str = Field(description="What.", examples=["pool.cordon"])
    subject: str = Field(
        description="To what: `pool/<id>`, `bot/<id>`, `rollout/<id>` or `fleet`.", examples=["pool/pool-local"]
    )
    reason: str = Field(description="Why; empty where nobody said.", examples=["New kernel tonight."])
    before: dict[str, Any] | None = Field(description="What it was like before.", examples=[{"cordoned": False}])
    after: dict[str, Any] | None = Field(description="What it was like after.", examples=[{"cordoned": True}])


class AuditPage(BaseModel):
    """Some of what was done."""

    items: list[AuditResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
