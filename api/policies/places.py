"""Whose policy a request is about. Administrators may name other users, and reach every bot."""

from typing import Annotated

from fastapi import Depends, Query

from api.auth.access import Admin, BotOwner, BotViewer, Reader, Trader
from api.auth.subject import Subject as Person
from api.deps import BotId, ServicesDep, Text
from orchestrator.bots import service as bots
from orchestrator.errors import NotAllowed, NotFound
from orchestrator.policies.subjects import GUARDRAILS, Subject, default_of, override_of
from orchestrator.users import repository as users

User = Annotated[
    str | None,
    Query(
        max_length=64,
        pattern=Text,
        description="Id or name of another user, for administrators.",
        examples=["ann"],
    ),
]
Reason = Annotated[
    str,
    Query(max_length=500, pattern=Text, description="Why; kept with the version.", examples=["Less risk."]),
]
Confirm = Annotated[
    bool,
    Query(description="Go on although open trades would be closed at once.", examples=[True]),
]


async def default_seen(caller: Reader, services: ServicesDep, user: User = None) -> Subject:
    """The default of the caller, or of the named user. Raises NotAllowed, NotFound."""
    return await _default(caller, services, user)


async def default_changed(caller: Trader, services: ServicesDep, user: User = None) -> Subject:
    """The same, for who changes it."""
    return await _default(caller, services, user)


async def override_seen(bot_id: BotId, caller: BotViewer, services: ServicesDep) -> Subject:
    """The override of a bot. Raises NotFound, also for another user's bot."""
    return await _override(caller, services, bot_id)


async def override_changed(bot_id: BotId, caller: BotOwner, services: ServicesDep) -> Subject:
    """The same, for who changes it."""
    return await _override(caller, services, bot_id)


async def guardrails_place(admin: Admin) -> Subject:
    """The guardrails. Raises NotAllowed."""
    return GUARDRAILS


DefaultSeen = Annotated[Subject, Depends(default_seen)]
DefaultChanged = Annotated[Subject, Depends(default_changed)]
OverrideSeen = Annotated[Subject, Depends(override_seen)]
OverrideChanged = Annotated[Subject, Depends(override_changed)]
GuardrailsPlace = Annotated[Subject, Depends(guardrails_place)]


async def _default(caller: Person, services: ServicesDep, user: str | None) -> Subject:
    if user is None or user in (caller.user_id, caller.username):
        return default_of(caller.user_id)
    if not caller.administrates:
        raise NotAllowed("Only an administrator may do this for another user; leave out `user`.", field="user")
    async with services.reading(caller) as session:
        found = await users.find_by_id(session, user) or await users.find_by_username(session, user)
    if found is None:
        raise NotFound("There is no such user.", field="user")
    return default_of(found.id)


async def _override(caller: Person, services: ServicesDep, bot_id: str) -> Subject:
    async with services.reading(caller) as session:
        view = await bots.get(session, None, bot_id)
    return override_of(view.bot.owner_id, view.bot.id)
