"""What people ask of risk: who is bound and why, halt, release. Session first; nothing here commits.

Administrators reach everybody's bots and the fleet, others what is theirs. What an administrator put on somebody else,
and flag files, which need access to the pools' directories, administrators alone take away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.bots import repository as bots
from orchestrator.errors import Conflict, NotAllowed, NotFound
from orchestrator.risk import confirmations, facts, halts
from orchestrator.risk.facts import BotRow
from orchestrator.risk.halts import Bond, Cause, Target
from orchestrator.risk.models import HaltModel
from orchestrator.risk.modes import Order, concerns, wanted
from orchestrator.users import repository as users
from pool.contract.risk import Mode


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    user_id: str
    admin: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A user's bots, what binds them, and what each was ordered last."""

    user_id: str
    bots: Sequence[BotRow]
    halts: Sequence[HaltModel]
    orders: Mapping[str, Order]
    seen: Mapping[str, str | None]
    """By bot, the mode that it told last."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to: halts that it made or ended, and the bots that they concern."""

    halts: Sequence[HaltModel]
    bots: Sequence[BotRow]


async def standing(session: AsyncSession, user_id: str) -> Standing:
    own = [bot for bot in await facts.bots(session) if bot.owner_id == user_id]
    binding = [
        halt
        for halt in await halts.in_force(session)
        if any(concerns(halt, bot.governed) for bot in own)
        or halt.scope == "fleet"
        or (halt.scope, halt.subject) == ("user", user_id)
    ]
    ids = [bot.bot_id for bot in own]
    return Standing(user_id, own, binding, await facts.orders(session, ids), await facts.seen_modes(session, ids))


async def target_of(
    session: AsyncSession, person: Person, scope: halts.Scope, bot_id: str | None, user: str | None
) -> Target:
    """`user` is an id or a name; None for oneself. Raises NotAllowed, NotFound, Conflict (a field that the scope has no
    use for)."""
    if scope == "fleet":
        if not person.admin:
            raise NotAllowed("Only an administrator may do this to the fleet; use the scope user for all of your bots.")
        return Target("fleet")
    if scope == "bot":
        view = await bots.find(session, bot_id or "", None)  # within the reach of who asks
        if view is None:
            raise NotFound("There is no such bot; list the bots to see which there are.", field="bot_id")
        return Target("bot", view.bot.id)
    if user is None or user == person.user_id:
        return Target("user", person.user_id)
    found = await users.find_by_id(session, user) or await users.find_by_username(session, user)
    if found is not None and found.id == person.user_id:
        return Target("user", person.user_id)
    if not person.admin:
        raise NotAllowed("Only an administrator may do this to another user; leave out `user`.", field="user")
    if found is None:
        raise NotFound("There is no such user.", field="user")
    return Target("user", found.id)


async def halt(session: AsyncSession, person: Person, target: Target, bond: Bond, why: str) -> Done:
    """Binds from the commit on."""
    concerned = await _bots_of(session, target)
    others = target.scope == "fleet" or any(bot.owner_id != person.user_id for bot in concerned)
    others = others or (target.scope == "user" and target.subject != person.user_id)
    row = await halts.halt(session, By(person.user_id, why), target, bond, Cause(admins_only=others and person.admin))
    return Done([row], concerned)


async def release(
    session: AsyncSession, person: Person, target: Target, why: str, code: str | None, key: str, now: datetime
) -> Done:
    """Ends the halts of just this target that he may end. Without its code, or with one that does not hold (any more),
    raises Conflict with a fresh one and what would follow. Raises NotAllowed."""
    all_of_it = await halts.of_target(session, target, lock=True)
    own = [row for row in all_of_it if person.admin or not row.admins_only]
    if all_of_it and not own:
        raise NotAllowed(
            "An administrator put this halt, or demands the limit that did; only one releases it before its time."
        )
    concerned = await _bots_of(session, target)
    if code is None or not confirmations.confirms(key, person.user_id, target, own, code, now):
        rest = [row for row in await halts.in_force(session) if row.id not in {one.id for one in own}]
        expires_at = now + confirmations.VALID
        raise Conflict(
            "This would let bots open risk again; read the consequences and confirm with the code within 60 s.",
            field="confirmation",
            confirmation=confirmations.code_of(key, person.user_id, target, own, expires_at),
            expires_at=expires_at.isoformat(),
            consequences=_consequences(own, rest, concerned, flags=person.admin),
        )
    await halts.release(session, By(person.user_id, why), target, own, flags=person.admin)
    return Done(own, concerned)


async def _bots_of(session: AsyncSession, target: Target) -> list[BotRow]:
    return [
        bot
        for bot in await facts.bots(session)
        if target.scope == "fleet"
        or (target.scope == "user" and bot.owner_id == target.subject)
        or (target.scope == "bot" and bot.bot_id == target.subject)
    ]


def _consequences(
    own: Sequence[HaltModel], rest: Sequence[HaltModel], concerned: Sequence[BotRow], *, flags: bool
) -> list[str]:
    told = [f"Ends: {row.mode} since {row.at:%Y-%m-%d %H:%M} UTC ({row.why or 'no reason given'})" for row in own]
    if not own:
        told.append("No halt of this scope is in force.")
    told.append(
        "Flag files that people wrote for these bots are taken away."
        if flags
        else "Flag files that people wrote stay; an administrator releases bots from them."
    )
    modes = [wanted(bot.governed, rest).mode for bot in concerned]
    free = sum(mode is Mode.ACTIVE for mode in modes)
    live = sum(bot.live for bot in concerned)
    told.append(f"{_bots(free)} may open trades again" + (f" ({live} of all concerned trade live)." if live else "."))
    if free < len(modes):
        bound = len(modes) - free
        told.append(f"{_bots(bound)} {'stays' if bound == 1 else 'stay'} bound by other halts.")
    if any(row.source == "loss_limit" for row in own):
        told.append("Losses count anew from the release on.")
    if any(row.flatten for row in own):
        told.append("What is being flattened stops being flattened; what was closed stays closed.")
    return told


def _bots(number: int) -> str:
    return "1 bot" if number == 1 else f"{number} bots"
