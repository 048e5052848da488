"""Bots: what users want (`create`, `update`, `set_desired`, `restart`), and what is seen of them (`observe`).

Every function takes the session first and never commits. A user's change counts `generation` up and is carried out by
the reconciler; nothing here talks to a pool. `owner_id` None means: of any owner (administrators). `by` says who
acts, and why, for the audit: each change adds its row, what changes nothing adds none.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import BY_SYSTEM, By
from orchestrator.bots import capital, live, quotas, repository
from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel, IdempotencyModel
from orchestrator.bots.observe import Change, observe
from orchestrator.bots.refusals import name_taken, refusals
from orchestrator.bots.repository import BotFilters, BotView
from orchestrator.bots.spec import columns_of
from orchestrator.errors import (
    BotNotRunning,
    Conflict,
    IdempotencyMismatch,
    NotFound,
    PreconditionFailed,
)
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page
from orchestrator.templates.spec import BotSpec
from orchestrator.users import sharing
from orchestrator.users.quotas import NO_QUOTA, Quota
from pool.contract.slots import DesiredState, ObservedState

DELETED = "deleted"
"""The desired state of a bot whose deletion was asked for."""
IDEMPOTENCY_LIFETIME = timedelta(hours=24)
_NAME_LENGTH = 64

_VERBS = {"running": "start", "paused": "pause", "stopped": "stop", DELETED: "delete"}

Desired = Literal["running", "paused", "stopped", "deleted"]


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request's Idempotency-Key, and a hash of what it asks for (up to 64 characters)."""

    key: str
    request_hash: str


async def create(
    session: AsyncSession,
    owner_id: str,
    spec: BotSpec,
    *,
    desired_state: str = "running",
    idempotency: Idempotency | None = None,
    by: By = BY_SYSTEM,
    quota: Quota = NO_QUOTA,
    wallet_id: str | None = None,
    confirm_live: str | None = None,
) -> tuple[BotModel, bool]:
    """A new bot, with its starting balance from the wallet, or else from the owner's automatic one, and True; or the
    one that the same request made before, and False. `quota` is what users without one of their own have. One that
    trades live must pass `bots.live.refusals`, with its name as `confirm_live`. Raises Conflict (field `name`),
    IdempotencyMismatch, QuotaExceeded, NotAllowed, InvalidSpec (field `wallet`, `confirm_live`, `strategy.id`),
    StrategyNotReady, InsufficientFunds."""
    if idempotency is not None:
        answered = await _answered(session, owner_id, idempotency)
        if answered is not None:
            return answered, False
    for refusal in await refusals(session, owner_id, spec, quota=quota, wallet_id=wallet_id, confirm_live=confirm_live):
        raise refusal
    bot = _new_bot(owner_id, spec, desired_state)
    try:
        async with session.begin_nested():
            session.add(bot)
            await session.flush()
            session.add(_new_status(bot))
            if idempotency is not None:
                session.add(_answer(owner_id, idempotency, bot.id))
            await capital.open_(session, bot, wallet_id)
            made = {"owner_id": owner_id, **columns_of(spec), "wallet_id": bot.wallet_id, **_wanted(bot)}
            _audit(session, by, "create", bot, None, made)
            await session.flush()
    except IntegrityError:
        # Another request was quicker: either the same one, or one that took the name.
        if idempotency is not None:
            answered = await _answered(session, owner_id, idempotency)
            if answered is not None:
                return answered, False
        if await repository.find_by_name(session, owner_id, spec.name) is None:
            raise
        raise name_taken(spec.name) from None
    return bot, True


async def answered(session: AsyncSession, owner_id: str, idempotency: Idempotency) -> BotView | None:
    """The bot that the same request made or changed before, even if it was deleted since; None for a new request. Asked
    before anything is checked: a market that changed since makes no refusal of what was accepted. Raises
    IdempotencyMismatch."""
    bot = await _answered(session, owner_id, idempotency)
    if bot is None:
        return None
    status = await session.get(BotStatusModel, bot.id)
    return BotView(bot, status or _new_status(bot))


async def remember(session: AsyncSession, owner_id: str, idempotency: Idempotency, bot_id: str) -> None:
    """That the request is carried out, on a bot whose lock is held and of which it is not `answered`. Raises
    IdempotencyMismatch where another request took the key meanwhile."""
    try:
        async with session.begin_nested():
            session.add(_answer(owner_id, idempotency, bot_id))
            await session.flush()
    except IntegrityError:
        raise _used_otherwise() from None


async def get(session: AsyncSession, owner_id: str | None, bot_id: str, *, lock: bool = False) -> BotView:
    """With `lock` for writing. Raises NotFound, also for another owner's bot."""
    return await _find(session, owner_id, bot_id, lock=lock)


async def list_(
    session: AsyncSession,
    owner_id: str | None,
    *,
    limit: int,
    after: str | None = None,
    filters: BotFilters | None = None,
    snapshots: bool = True,
) -> Page[BotView]:
    """Bots in the order of their creation. Raises InvalidSpec (field `after`) for a foreign cursor. Snapshots are
    large: without them theirs must not be read."""
    return await repository.page(session, owner_id, limit, after, filters or BotFilters(), snapshots=snapshots)


async def update(
    session: AsyncSession,
    owner_id: str | None,
    bot_id: str,
    spec: BotSpec,
    expected_version: int | None = None,
    by: By = BY_SYSTEM,
) -> BotView:
    """Replaces the spec; another starting balance is given by the bot's wallet, or goes back to it. Raises NotFound,
    PreconditionFailed, Conflict (field `name`, or being deleted, or too busy to give back), NotAllowed, InvalidSpec
    (field `dry_run`, `exchange`, `pairs`), InsufficientFunds."""
    view = await _find(session, owner_id, bot_id, lock=True)
    bot = view.bot
    _check_version(bot, expected_version)
    _check_not_deleted(bot)
    values = columns_of(spec)
    changed = {name: value for name, value in values.items() if getattr(bot, name) != value}
    if not changed:
        return view
    live.check_change(bot, spec)
    if not bot.dry_run and bot.wallet_id is not None and changed.keys() & {"pairs", "stake_currency"}:
        await live.check_coins(session, bot.wallet_id, spec, bot.id)
    if spec.name != bot.name and await repository.find_by_name(session, bot.owner_id, spec.name) is not None:
        raise name_taken(spec.name)
    before = {name: getattr(bot, name) for name in changed} | {"generation": bot.generation}
    try:
        async with session.begin_nested():
            for name, value in changed.items():
                setattr(bot, name, value)
            _touch(session, bot)
            if "starting_balance" in changed:
                await capital.change(session, bot, view.status, before["starting_balance"], bot.starting_balance)
            _audit(session, by, "update", bot, before, {**changed, "generation": bot.generation})
            await session.flush()
    except IntegrityError:
        raise name_taken(spec.name) from None
    return view


async def set_desired(
    session: AsyncSession,
    owner_id: str | None,
    bot_id: str,
    desired: Desired,
    open_trades: Literal["keep", "flatten"] = "keep",
    expected_version: int | None = None,
    by: By = BY_SYSTEM,
    quota: Quota = NO_QUOTA,
) -> BotView:
    """Wants another state. What is wanted already changes nothing. `open_trades` counts for `stopped` and `deleted`,
    `quota`, what owners without one of their own have, for a stopped bot that is to run. Raises NotFound,
    PreconditionFailed, Conflict where the bot is being deleted, QuotaExceeded, NotAllowed."""
    view = await _find(session, owner_id, bot_id, lock=True)
    bot = view.bot
    _check_version(bot, expected_version)
    if desired in (DesiredState.RUNNING, DesiredState.PAUSED):
        open_trades = "keep"
    if (bot.desired_state, bot.open_trades) == (desired, open_trades):
        return view
    if desired != DELETED:
        _check_not_deleted(bot)
    starts = bot.desired_state == DesiredState.STOPPED and desired in (DesiredState.RUNNING, DesiredState.PAUSED)
    if starts:
        await quotas.check_start(session, bot, quota)
    if starts or (desired == "running" and bot.desired_state != DesiredState.RUNNING):
        await live.check_start(session, bot)
    before = _wanted(bot)
    bot.desired_state, bot.open_trades = desired, open_trades
    _touch(session, bot)
    _audit(session, by, _VERBS[desired], bot, before, _wanted(bot))
    await session.flush()
    return view


async def restart(
    session: AsyncSession,
    owner_id: str | None,
    bot_id: str,
    expected_version: int | None = None,
    by: By = BY_SYSTEM,
) -> BotView:
    """Asks for a new process; leaves quarantine. Raises NotFound, PreconditionFailed, Conflict, BotNotRunning where it
    shall be stopped, NotAllowed."""
    view = await _find(session, owner_id, bot_id, lock=True)
    bot = view.bot
    _check_version(bot, expected_version)
    _check_not_deleted(bot)
    if bot.desired_state == DesiredState.STOPPED:
        raise BotNotRunning("The bot is stopped; start it instead.", bot_id=bot.id)
    if bot.desired_state == DesiredState.RUNNING:  # a paused one enters no trades, and may go on to end those it has
        await live.check_start(session, bot)
    bot.restart_requested += 1
    bot.updated_at = utc_now()
    session.add(bot)
    asked = bot.restart_requested
    _audit(session, by, "restart", bot, {"restart_requested": asked - 1}, {"restart_requested": asked})
    await session.flush()
    return view


async def events(
    session: AsyncSession,
    owner_id: str | None,
    bot_id: str,
    *,
    limit: int,
    after: str | None = None,
    types: Collection[str] | None = None,
) -> Page[BotEventModel]:
    """Events of a bot, newest first. Raises NotFound, InvalidSpec (field `after`)."""
    await _find(session, owner_id, bot_id)
    return await repository.events_page(session, bot_id, limit, after, types)


async def mark_deleted(session: AsyncSession, bot_ids: Collection[str]) -> None:
    """The deletion of these bots was carried out: their rows stay for the history, their names are free again, what
    they had is their wallets'. Bots that nobody wants deleted are left alone."""
    now = utc_now()
    rows = await repository.statuses(session, bot_ids)
    gone = [(bot, status) for bot, status in rows if bot.desired_state == DELETED and bot.deleted_at is None]
    await capital.release(session, gone)
    for bot, _ in gone:
        bot.deleted_at = bot.updated_at = now
        bot.name = await _retired_name(session, bot)
        session.add(bot)
        await sharing.forget(session, bot.id)
    await session.flush()


async def _find(session: AsyncSession, owner_id: str | None, bot_id: str, *, lock: bool = False) -> BotView:
    view = await repository.find(session, bot_id, owner_id, lock=lock)
    if view is None:
        raise NotFound("There is no such bot; list the bots to see which there are.", bot_id=bot_id[:80])
    return view


async def _retired_name(session: AsyncSession, bot: BotModel) -> str:
    """`<name>~<id>`, or with another id where the owner named some bot just so."""
    suffix = f"~{bot.id}"
    while True:
        name = bot.name[: _NAME_LENGTH - len(suffix)] + suffix
        if await repository.find_by_name(session, bot.owner_id, name) is None:
            return name
        suffix = f"~{new_id('bot')}"


async def _answered(session: AsyncSession, owner_id: str, idempotency: Idempotency) -> BotModel | None:
    since = utc_now() - IDEMPOTENCY_LIFETIME
    await session.exec(delete(IdempotencyModel).where(col(IdempotencyModel.created_at) < since))
    row = await repository.idempotency(session, owner_id, idempotency.key, since)
    if row is None:
        return None
    if row.request_hash != idempotency.request_hash:
        raise _used_otherwise()
    return await session.get(BotModel, row.bot_id)


def _used_otherwise() -> IdempotencyMismatch:
    return IdempotencyMismatch(
        "This Idempotency-Key was used for another request; send a new key with a new request.",
        field="Idempotency-Key",
    )


def _answer(owner_id: str, idempotency: Idempotency, bot_id: str) -> IdempotencyModel:
    return IdempotencyModel(
        owner_id=owner_id,
        key=idempotency.key,
        request_hash=idempotency.request_hash,
        bot_id=bot_id,
        created_at=utc_now(),
    )


def _new_bot(owner_id: str, spec: BotSpec, desired_state: str) -> BotModel:
    now = utc_now()
    return BotModel(
        id=new_id("bot"),
        owner_id=owner_id,
        **columns_of(spec),
        desired_state=desired_state,
        generation=1,
        created_at=now,
        updated_at=now,
    )


def _new_status(bot: BotModel) -> BotStatusModel:
    stopped = bot.desired_state == DesiredState.STOPPED
    state = ObservedState.STOPPED if stopped else ObservedState.PENDING
    return BotStatusModel(bot_id=bot.id, observed_state=state, conditions=[])


def _wanted(bot: BotModel) -> dict[str, Any]:
    return {"desired_state": bot.desired_state, "open_trades": bot.open_trades, "generation": bot.generation}


def _audit(
    session: AsyncSession,
    by: By,
    verb: str,
    bot: BotModel,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    subject = audit.bot(bot.id)
    audit.record(session, by.actor, f"bot.{verb}", subject, by.why, before, after, tenant=bot.owner_id)


def _touch(session: AsyncSession, bot: BotModel) -> None:
    bot.generation += 1
    bot.updated_at = utc_now()
    session.add(bot)


def _check_version(bot: BotModel, expected: int | None) -> None:
    if expected is not None and bot.generation != expected:
        raise PreconditionFailed(
            "The bot was changed meanwhile; read it again and repeat the change.", generation=bot.generation
        )


def _check_not_deleted(bot: BotModel) -> None:
    if bot.desired_state == DELETED:
        raise Conflict("The bot is being deleted; create a new one instead.", bot_id=bot.id)


__all__ = [
    "BotFilters",
    "BotView",
    "Change",
    "Desired",
    "Idempotency",
    "Page",
    "answered",
    "create",
    "events",
    "get",
    "list_",
    "mark_deleted",
    "observe",
    "restart",
    "set_desired",
    "update",
]
