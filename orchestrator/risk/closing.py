"""Bulk closing: which open trades a choice means, and closing each by its bot's own forced exit."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from loguru import logger
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository as bots
from orchestrator.bots.repository import BotFilters, BotView
from orchestrator.errors import AgentUnreachable, Error, NotFound, RelayTimeout
from orchestrator.pools.directory import AgentDirectory
from pool.contract.slots import Command, CommandName
from pool.contract.snapshots import BotSnapshot, OpenTrade

Which = Literal["all", "winners", "losers"]
_PAGE = 200
_AT_ONCE = 256
_AT_ONCE_OF_A_BOT = 4
_ANSWER_SECONDS = 60.0
"""Longer than one command may take, and shorter than a request to the API."""
_LATER = "The bot has not answered yet; its exit goes on being asked for. Look what became of it."
_under_way: set["asyncio.Task[Closed]"] = set()
"""Held, so that none is forgotten when nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be closed; None means any."""

    which: Which
    asset: str | None = None
    bot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Closable:
    """An open trade as its bot told it last."""

    bot_id: str
    bot_name: str
    pool_id: str | None
    stake_currency: str
    live: bool
    trade: OpenTrade


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of it. `ok` None: it was not tried."""

    what: Closable
    ok: bool | None
    message: str


@dataclass(slots=True)
class _Asked:
    """One bot of those that are asked."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE_OF_A_BOT))
    silent: bool = False
    """It did not answer: it is asked for nothing more."""


async def choose(session: AsyncSession, owner_id: str, choice: Choice) -> list[Closable]:
    """By bot and trade. Raises NotFound for a bot that is not his."""
    found = [one for view in await _views(session, owner_id, choice.bot_id) for one in _closable(view)]
    return [one for one in found if _meant(one.trade, choice)]


async def close(agents: AgentDirectory, chosen: Sequence[Closable], seconds: float = _ANSWER_SECONDS) -> list[Closed]:
    """Asks every bot to exit these trades now; one that does not answer holds up no other. What has no answer within
    `seconds` is told so, and is done nevertheless, whatever becomes of who asked."""
    every = asyncio.Semaphore(_AT_ONCE)
    asked: defaultdict[str, _Asked] = defaultdict(_Asked)

    async def one(what: Closable) -> Closed:
        async with asked[what.bot_id].turn, every:
            return await _close(agents, what, asked[what.bot_id])

    tasks = [asyncio.create_task(one(what), name=f"close-{what.bot_id}") for what in chosen]
    for task in tasks:
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
    return [
        task.result() if task.done() else Closed(what, False, _LATER) for what, task in zip(chosen, tasks, strict=True)
    ]


async def _close(agents: AgentDirectory, what: Closable, bot: _Asked) -> Closed:
    if bot.silent:
        return Closed(what, False, "It was not asked: the bot did not answer about another trade. Try again.")
    if what.pool_id is None:
        return Closed(what, False, "The bot has no process; start it, then try again.")
    try:
        agent = await agents.agent_for(what.pool_id)
        command = Command(name=CommandName.FORCE_EXIT, trade_id=what.trade.trade_id)
        result = await agent.command(what.bot_id, command)
    except Error as error:
        bot.silent = bot.silent or isinstance(error, AgentUnreachable | RelayTimeout)
        logger.info("trade {} of {} was not closed: {}", what.trade.trade_id, what.bot_id, error.message)
        return Closed(what, False, error.message)
    return Closed(what, result.ok, result.message or ("Its exit was asked for." if result.ok else "It was refused."))


async def _views(session: AsyncSession, owner_id: str, bot_id: str | None) -> list[BotView]:
    if bot_id is not None:
        view = await bots.find(session, bot_id, owner_id)
        if view is None:
            raise NotFound("There is no such bot; list the bots to see which there are.", field="bot_id")
        return [view]
    views: list[BotView] = []
    after: str | None = None
    while True:
        page = await bots.page(session, owner_id, _PAGE, after, BotFilters())
        views.extend(page.items)
        after = page.next
        if after is None:
            return views


def _closable(view: BotView) -> list[Closable]:
    """None of a bot that has not reported yet, or whose report cannot be read."""
    if view.status.snapshot is None:
        return []
    try:
        snapshot = BotSnapshot.model_validate(view.status.snapshot)
    except ValidationError:
        return []
    bot, live = view.bot, snapshot.mode == "live"
    return [
        Closable(bot.id, bot.name, bot.pool_id, snapshot.stake_currency, live, trade) for trade in snapshot.open_trades
    ]


def _meant(trade: OpenTrade, choice: Choice) -> bool:
    if choice.asset is not None and trade.base_currency.upper() != choice.asset.upper():
        return False
    match choice.which:
        case "winners":
            return trade.profit_abs > 0
        case "losers":
            return trade.profit_abs < 0
        case "all":
            return True
