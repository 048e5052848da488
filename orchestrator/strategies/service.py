"""Strategies of users' own: made, edited, tagged, rolled back, archived.

Every function takes the session first and never commits; sessions that carry a reach see what is within it, so nobody
else's strategy is there, an administrator's session included.
"""

import re
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, NotFound, PreconditionFailed, QuotaExceeded
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.kit.pages import Page
from orchestrator.strategies import repository, usage
from orchestrator.strategies.drafts import Draft
from orchestrator.strategies.models import (
    FAILED,
    WAITING,
    StrategyContentModel,
    StrategyModel,
    StrategyTagModel,
    StrategyVersionModel,
    version_id,
)
from orchestrator.strategies.repository import StrategyView, VersionView

NOTE_LENGTH = 500
MOST_STRATEGIES, MOST_VERSIONS = 200, 1000
"""Of a user, and of a strategy: a source may be large."""
_MOST_TAGS = 50
_TAG = re.compile(r"[a-z][a-z0-9._-]{0,31}")


async def create(session: AsyncSession, owner_id: str, name: str, draft: Draft, by: By, note: str = "") -> StrategyView:
    """A strategy with its first version. Raises Conflict (field `name`), QuotaExceeded."""
    if await repository.count(session, owner_id) >= MOST_STRATEGIES:
        raise QuotaExceeded(f"You have {MOST_STRATEGIES} strategies, more are not kept; archive one.")
    now = utc_now()
    strategy = StrategyModel(
        id=new_id("strategy"), owner_id=owner_id, name=name, head=0, created_at=now, updated_at=now
    )
    try:
        async with session.begin_nested():
            session.add(strategy)
            await session.flush()
    except IntegrityError:
        if await repository.find_by_name(session, owner_id, name) is None:
            raise
        taken = f"You have a strategy named {name!r} already; choose another name."
        raise Conflict(taken, field="name") from None
    head = await _append(session, strategy, await _content(session, strategy, draft), by, note)
    told = {"name": name, "sha256": draft.sha256, "class_name": draft.class_name}
    tell(session, by, "create", strategy, None, told)
    await session.flush()
    return StrategyView(strategy, head)


async def get(session: AsyncSession, strategy_id: str) -> StrategyView:
    """Raises NotFound, also for one that is archived."""
    strategy = await find(session, strategy_id)
    return StrategyView(strategy, await _version(session, strategy, strategy.head))


async def list_(session: AsyncSession, *, limit: int, after: str | None, archived: bool = False) -> Page[StrategyView]:
    """In the order of their creation. Raises InvalidSpec (field `after`)."""
    return await repository.page(session, limit, after, archived=archived)


async def add_version(
    session: AsyncSession, strategy_id: str, draft: Draft, by: By, note: str = "", expected_head: int | None = None
) -> tuple[VersionView, bool]:
    """A new version, and True; the head and False where the source is its already. Raises NotFound, PreconditionFailed
    where the head is another than expected, QuotaExceeded."""
    strategy = await find(session, strategy_id, lock=True)
    _check_head(strategy, expected_head)
    head = await _version(session, strategy, strategy.head)
    if strategy.head >= MOST_VERSIONS:
        raise QuotaExceeded(f"It has {MOST_VERSIONS} versions, more are not kept; go on in another strategy.")
    if (head.content.sha256, head.content.class_name) == (draft.sha256, draft.class_name):
        return head, False
    added = await _append(session, strategy, await _content(session, strategy, draft), by, note)
    told = {"version": added.version.number, "sha256": draft.sha256, "note": note}
    tell(session, by, "edit", strategy, {"version": head.version.number}, told)
    await session.flush()
    return added, True


async def roll_back(
    session: AsyncSession, strategy_id: str, to: int, by: By, note: str = "", expected_head: int | None = None
) -> VersionView:
    """A new version that names the content of an old one. Raises NotFound, PreconditionFailed, Conflict where the head
    has that content."""
    strategy = await find(session, strategy_id, lock=True)
    _check_head(strategy, expected_head)
    old, head = await _version(session, strategy, to), await _version(session, strategy, strategy.head)
    if old.content.id == head.content.id:
        raise Conflict(f"The newest version has the content of version {to} already.", field="version")
    added = await _append(session, strategy, old.content, by, note, rolled_back_to=to)
    told = {"version": added.version.number, "rolled_back_to": to}
    tell(session, by, "roll_back", strategy, {"version": head.version.number}, told)
    await session.flush()
    return added


async def version(session: AsyncSession, strategy_id: str, ref: str | int, *, source: bool = False) -> VersionView:
    """By number or tag, or `head`. Raises NotFound."""
    strategy = await find(session, strategy_id)
    return await _version(session, strategy, await _number(session, strategy, ref), source=source)


async def versions(session: AsyncSession, strategy_id: str, *, limit: int, after: str | None) -> Page[VersionView]:
    """Newest first. Raises NotFound, InvalidSpec (field `after`)."""
    await find(session, strategy_id)
    return await repository.versions(session, strategy_id, limit, after)


async def tag(session: AsyncSession, strategy_id: str, name: str, ref: str | int, by: By) -> VersionView:
    """Names a version; a tag that another version has moves to it. Raises NotFound, InvalidSpec (field `tag`)."""
    if _TAG.fullmatch(name) is None or name == "head":
        raise InvalidSpec(
            "A tag begins with a lower-case letter, has at most 32 of a-z, 0-9, dot, dash, underscore, and is not "
            "`head`.",
            field="tag",
        )
    strategy = await find(session, strategy_id, lock=True)
    number = (await _version(session, strategy, await _number(session, strategy, ref))).version.number
    found = await repository.tagged(session, strategy_id, name)
    before = None if found is None else {"version": found.number}
    if found is None:
        if len(await repository.tags_of(session, strategy_id)) >= _MOST_TAGS:
            raise InvalidSpec(f"A strategy has at most {_MOST_TAGS} tags; remove one.", field="tag")
        found = StrategyTagModel(strategy_id=strategy_id, name=name, number=number)
    found.number = number
    session.add(found)
    tell(session, by, "tag", strategy, before, {"tag": name, "version": number})
    await session.flush()
    return await _version(session, strategy, number)


async def untag(session: AsyncSession, strategy_id: str, name: str, by: By) -> None:
    """Raises NotFound."""
    strategy = await find(session, strategy_id, lock=True)
    found = await repository.tagged(session, strategy_id, name)
    if found is None:
        raise NotFound(f"The strategy has no tag {name[:32]!r}.", field="tag")
    tell(session, by, "untag", strategy, {"tag": name, "version": found.number}, None)
    await session.delete(found)
    await session.flush()


async def archive(session: AsyncSession, strategy_id: str, by: By) -> None:
    """Takes it off all lists; its name is free again, its versions stay for the history of bots. Raises NotFound,
    Conflict while bots run it, those of receivers too."""
    strategy = await find(session, strategy_id, lock=True)
    bots = await usage.count(session, strategy_id)
    if bots:
        what = "1 bot runs" if bots == 1 else f"{bots} bots run"
        raise Conflict(f"{what} this strategy; delete them first, or give them another one.", bots=bots)
    strategy.archived_at = strategy.updated_at = utc_now()
    session.add(strategy)
    tell(session, by, "archive", strategy, {"name": strategy.name}, None)
    await session.flush()


# ---- parts, some of them for the modules beside this one


async def find(session: AsyncSession, strategy_id: str, *, lock: bool = False) -> StrategyModel:
    """One that is not archived, with `lock` until the end of the transaction. Raises NotFound."""
    strategy = await repository.find(session, strategy_id, lock=lock)
    if strategy is None:
        raise NotFound("There is no such strategy; list the strategies to see which there are.", field="strategy_id")
    return strategy


async def _number(session: AsyncSession, strategy: StrategyModel, ref: str | int) -> int:
    if isinstance(ref, int):
        return ref
    if ref == "head":
        return strategy.head
    if ref.isascii() and ref.isdigit() and len(ref) <= 9:
        return int(ref)
    found = await repository.tagged(session, strategy.id, ref)
    if found is None:
        raise NotFound(f"The strategy has no version {ref[:32]!r}: name a number, a tag or head.", field="version")
    return found.number


async def _version(session: AsyncSession, strategy: StrategyModel, number: int, *, source: bool = False) -> VersionView:
    found = await repository.version(session, strategy.id, number, source=source) if number < 2**31 else None
    if found is None:
        raise NotFound(f"The strategy has no version {number}; the newest is {strategy.head}.", field="version")
    return found


async def _content(session: AsyncSession, strategy: StrategyModel, draft: Draft) -> StrategyContentModel:
    """The same source is kept once, with the check that it had."""
    found = await repository.content(session, strategy.id, draft.sha256, draft.class_name)
    if found is not None:
        return found
    made = StrategyContentModel(
        id=new_id("content"),
        strategy_id=strategy.id,
        sha256=draft.sha256,
        class_name=draft.class_name,
        source=draft.source,
        check_state=WAITING if draft.report.passed else FAILED,
        findings=[finding.model_dump(mode="json") for finding in draft.report.findings],
        waits_for="It waits for a pool that checks it." if draft.report.passed else None,
        asked_at=utc_now(),
        checked_at=None if draft.report.passed else utc_now(),
    )
    session.add(made)
    await session.flush()
    return made


async def _append(
    session: AsyncSession,
    strategy: StrategyModel,
    content: StrategyContentModel,
    by: By,
    note: str,
    rolled_back_to: int | None = None,
) -> VersionView:
    now = utc_now()
    strategy.head, strategy.updated_at = strategy.head + 1, now
    added = StrategyVersionModel(
        id=version_id(strategy.id, strategy.head),
        strategy_id=strategy.id,
        number=strategy.head,
        content_id=content.id,
        note=note[:NOTE_LENGTH],
        rolled_back_to=rolled_back_to,
        created_by=by.actor,
        created_at=now,
    )
    session.add(added)
    session.add(strategy)
    await session.flush()
    return VersionView(added, content)


def _check_head(strategy: StrategyModel, expected: int | None) -> None:
    if expected is not None and strategy.head != expected:
        raise PreconditionFailed(
            f"The strategy has version {strategy.head} meanwhile; read it and repeat the change.", head=strategy.head
        )


def tell(
    session: AsyncSession,
    by: By,
    verb: str,
    strategy: StrategyModel,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Into the audit."""
    subject = f"strategy/{strategy.id}"
    audit.record(session, by.actor, f"strategy.{verb}", subject, by.why, before, after, tenant=strategy.owner_id)
