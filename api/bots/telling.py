"""Bots as their caller is told of them: with the policy that each is to keep, whose it is, and what he may do with it.

All of it is read within the caller's reach; what a policy says of a bot is for whoever may look at the bot.
"""

from collections.abc import Sequence

from fastapi import Response

from api.auth.subject import Subject
from api.bots.schemas import BotResponse, Standing, bot_body
from api.deps import Services, etag
from orchestrator.bots.repository import BotView
from orchestrator.policies.book import PolicyBook
from orchestrator.users import repository as users
from orchestrator.users import sharing


async def bodies(services: Services, caller: Subject, views: Sequence[BotView]) -> list[BotResponse]:
    """In the same order."""
    if not views:
        return []
    owner_ids = {view.bot.owner_id for view in views}
    async with services.reading(caller) as session:
        policies = await PolicyBook().read(
            session, [(view.bot.id, view.bot.owner_id) for view in views], these_only=True
        )
        names = await users.names(session, owner_ids)
        shared = await sharing.levels(session, caller.user_id) if owner_ids - {caller.user_id} else {}
    told = []
    for view in views:
        bot = view.bot
        got = {shared.get(bot.id), shared.get(bot.owner_id)}
        access = "operate" if "operate" in got else "view"
        if caller.administrates or bot.owner_id == caller.user_id:
            access = "own"
        told.append(bot_body(view, policies.get(bot.id), Standing(names.get(bot.owner_id, ""), access)))
    return told


async def answer(services: Services, caller: Subject, view: BotView, response: Response) -> BotResponse:
    """The bot with its ETag."""
    response.headers["ETag"] = etag(view.bot.generation)
    return (await bodies(services, caller, [view]))[0]
