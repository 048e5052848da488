"""Bodies of the audit routes."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class AuditResponse(BaseModel):
    """One thing that was done."""

    id: str = Field(description="Its number; later ones are higher.", examples=["42"])
    at: datetime = Field(description="When.", examples=["2026-11-20T12:00:00Z"])
    actor: str = Field(description="Who: a user's id, or `system`.", examples=["user-k3v2q7d5mwxz4tha"])
    actor_name: str | None = Field(description="That user's name; null for the system.", examples=["ann"])
    action: str = Field(description="What.", examples=["pool.cordon"])
    subject: str = Field(
        description="To what: `pool/<id>`, `bot/<id>`, `user/<id>`, `rollout/<id>` or `fleet`.",
        examples=["pool/pool-local"],
    )
    subject_name: str | None = Field(
        description="That bot's or user's name; null for what has none, or is gone.", examples=["trend-1"]
    )
    reason: str = Field(description="Why; empty where nobody said.", examples=["New kernel tonight."])
    before: dict[str, Any] | None = Field(description="What it was like before.", examples=[{"cordoned": False}])
    after: dict[str, Any] | None = Field(description="What it was like after.", examples=[{"cordoned": True}])
    tenant: str = Field(
        description="Whom it concerns: a user's id, or `fleet`; in whose chain it is.",
        examples=["user-k3v2q7d5mwxz4tha"],
    )
    sequence: int = Field(description="Its place in that chain, from 1.", examples=[17])
    hash: str = Field(description="SHA-256 of it and of the hash before it.", examples=["9f2c" * 16])


class BreakResponse(BaseModel):
    """The first place where a chain does not hold."""

    sequence: int = Field(description="Its place in the chain, from 1.", examples=[17])
    id: str | None = Field(description="The row's number; null where there is none.", examples=["42"])
    message: str = Field(description="What is wrong, in a sentence.", examples=["The row was changed."])


class ChainResponse(BaseModel):
    """What was found of one tenant's chain."""

    tenant: str = Field(
        description="Whose: a user's id, or `fleet`. `all` is the register over all of them, for administrators: it "
        "finds a chain that is gone with all that told of it.",
        examples=["fleet"],
    )
    rows: int = Field(description="How many rows it has.", examples=[128])
    hash: str = Field(
        description="Of its last row, or of the register. Noted elsewhere it shows later that nothing was put back.",
        examples=["9f2c" * 16],
    )
    seal: Literal["sealed", "broken", "unsealed", "other_key", "unchecked"] = Field(
        description="Whether its end is sealed with this installation's secret; `other_key` where that was replaced.",
        examples=["sealed"],
    )
    problem: BreakResponse | None = Field(description="Where it breaks first; null where it is whole.", examples=[None])


class VerifyResponse(BaseModel):
    """Whether the audit is whole."""

    whole: bool = Field(description="No chain has a problem.", examples=[True])
    chains: list[ChainResponse] = Field(description="By tenant.")


class AuditPage(BaseModel):
    """Some of what was done."""

    items: list[AuditResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
