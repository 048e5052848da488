"""Whose portfolio is asked for: one's own, or one that is shared with who asks."""

from typing import Annotated

from fastapi import Query

from api.auth.subject import Subject
from api.deps import Services, Text
from orchestrator.users import sharing

OfUser = Annotated[
    str | None,
    Query(
        max_length=64,
        pattern=Text,
        description="Id or name of a user whose whole portfolio is shared with you; administrators: of any.",
        examples=["ann"],
    ),
]


async def owner_of(services: Services, caller: Subject, user: str | None) -> str:
    """His id. Raises NotFound, for who does not exist and who does not share alike."""
    if user is None or user in (caller.user_id, caller.username):
        return caller.user_id
    async with services.reading(caller) as session:
        found = await sharing.portfolio_owner(session, caller.user_id, user, everybody=caller.administrates)
    return found.id
