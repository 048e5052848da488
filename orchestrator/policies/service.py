"""Policies: versions that are only ever added, and the one document that follows from them for each bot.

Every function takes the session first and never commits. A document is one row: it holds as a whole or not at all. What
is the same as before makes no version. Whose a bot is, is the caller's to check. Each version leaves its row in the
audit, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, NotFound, PreconditionFailed
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pages import Page
from orchestrator.policies import repository
from orchestrator.policies.models import PolicyVersionModel
from orchestrator.policies.subjects import GUARDRAILS, Content, Subject, content_of, default_of, override_of
from orchestrator.users import repository as users
from pool.contract.policy import Guardrails, PolicyDocument, PolicyOverride
from pool.rules.diff import Change, diff, plain
from pool.rules.guardrails import Violation, violations
from pool.rules.resolve import Resolved, Versions, canonical, refused, resolve

_WHY_LENGTH = 500
_ERRORS_TOLD = 5
_DEMANDED = {"daily": "daily_loss_at_most", "weekly": "weekly_loss_at_most", "drawdown": "drawdown_at_most"}


async def get(session: AsyncSession, subject: Subject) -> PolicyVersionModel | None:
    """The version in force; None where nobody ever wrote one."""
    return await repository.latest(session, subject.key)


async def versions(
    session: AsyncSession, subject: Subject, *, limit: int, after: str | None = None
) -> Page[PolicyVersionModel]:
    """Newest first. Raises InvalidSpec (field `after`)."""
    return await repository.page(session, subject.key, limit, after)


async def put(
    session: AsyncSession, subject: Subject, content: Content, by: By, expected_version: int | None = None
) -> PolicyVersionModel:
    """Makes the document the one in force. `expected_version` 0: there is none yet. Raises InvalidSpec with the path
    of what a guardrail forbids, PreconditionFailed."""
    await _hold(session, subject)
    await check(session, subject, content)
    return await _add(session, subject, shown(content), by, expected_version)


async def drop(
    session: AsyncSession, subject: Subject, by: By, expected_version: int | None = None
) -> PolicyVersionModel | None:
    """The bot keeps its user's default again: a version without a document. Raises PreconditionFailed."""
    await _hold(session, subject)
    before = await repository.latest(session, subject.key)
    if before is None:
        _check_version(before, expected_version)
        return None
    return await _add(session, subject, None, by, expected_version)


async def revert(
    session: AsyncSession, subject: Subject, version: int, by: By, expected_version: int | None = None
) -> PolicyVersionModel:
    """A new version with what an old one said. Raises NotFound, InvalidSpec where guardrails of today forbid it,
    PreconditionFailed."""
    await _hold(session, subject)
    old = await at_version(session, subject, version)
    content = told(old)
    if content is not None:
        await check(session, subject, content)
    return await _add(session, subject, old.document, by, expected_version, reverted_from=version)


async def at_version(session: AsyncSession, subject: Subject, version: int) -> PolicyVersionModel:
    """Raises NotFound."""
    found = await repository.find(session, subject.key, version)
    if found is None:
        raise NotFound("There is no such version; list the versions to see which there are.", version=version)
    return found


async def compare(session: AsyncSession, subject: Subject, before: int, after: int) -> list[Change]:
    """What changed from one version to another; 0 is the empty document. Raises NotFound."""
    documents = [
        None if version == 0 else (await at_version(session, subject, version)).document for version in (before, after)
    ]
    return changes_of(subject, documents[0], documents[1])


def changes_of(subject: Subject, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    """By path; what an override switches off is told as `off`."""
    return diff(before or {}, after or {}, null="off" if subject.kind == "override" else None)


async def check(session: AsyncSession, subject: Subject, content: Content) -> None:
    """That guardrails allow the document. Raises InvalidSpec with the paths."""
    if isinstance(content, Guardrails):  # also in place of some that a newer Flotilla wrote
        return
    rails = await guardrails(session)
    if rails is None:
        return
    if isinstance(content, PolicyOverride):
        default = None if subject.owner_id is None else await _told_of(session, default_of(subject.owner_id))
        found = refused(default if isinstance(default, PolicyDocument) else None, content, rails)
    else:
        found = violations(content, rails)
    if found:
        raise _forbidden(found)


async def guardrails(session: AsyncSession) -> Guardrails | None:
    """Those in force; None where no administrator set any."""
    found = await _told_of(session, GUARDRAILS)
    return found if isinstance(found, Guardrails) else None


async def demanded_losses(session: AsyncSession) -> frozenset[str]:
    """Windows of a user's losses that guardrails limit; all of them where guardrails cannot be read."""
    row = await repository.latest(session, GUARDRAILS.key)
    try:
        rails = told(row) if row is not None else None
    except Conflict:
        return frozenset(_DEMANDED)
    return frozenset(window for window, name in _DEMANDED.items() if getattr(rails, name, None) is not None)


Documents = Mapping[str, PolicyVersionModel]
"""Versions in force, by subject's key."""


async def in_force(session: AsyncSession, owner_id: str | None = None, bot_ids: Iterable[str] = ()) -> Documents:
    """What concerns this user and these bots of his, the guardrails included."""
    subjects = [GUARDRAILS]
    if owner_id is not None:
        subjects += [default_of(owner_id), *(override_of(owner_id, bot_id) for bot_id in bot_ids)]
    heads = await repository.heads(session, [subject.key for subject in subjects])
    return {row.subject: row for row in (await repository.rows(session, heads.values()) if heads else [])}


def effective(
    documents: Documents,
    owner_id: str,
    bot_id: str | None = None,
    instead: Mapping[str, Content | None] | None = None,
) -> tuple[Resolved, Versions]:
    """What this bot of the user keeps; None: one without an override. `instead` has documents that are to be taken for
    those in force, by subject's key."""
    wanted = [default_of(owner_id), GUARDRAILS, *([override_of(owner_id, bot_id)] if bot_id is not None else [])]
    rows: dict[str, PolicyVersionModel] = {
        subject.kind: documents[subject.key] for subject in wanted if subject.key in documents
    }
    contents = {kind: told(row) for kind, row in rows.items()}
    for subject in wanted:
        if instead is not None and subject.key in instead:
            contents[subject.kind] = instead[subject.key]
    return resolve_contents(contents), versions_of(rows)


def resolve_contents(contents: Mapping[str, Content | None]) -> Resolved:
    """By kind."""
    default, override, rails = (contents.get(kind) for kind in ("default", "override", "guardrails"))
    return resolve(
        default if isinstance(default, PolicyDocument) else None,
        override if isinstance(override, PolicyOverride) else None,
        rails if isinstance(rails, Guardrails) else None,
    )


def versions_of(rows: Documents) -> Versions:
    """By kind."""
    return Versions(**{kind: row.version for kind, row in rows.items()})


def told(row: PolicyVersionModel) -> Content | None:
    """What a version says; None for no override any more. Raises Conflict for what a newer Flotilla wrote."""
    try:
        return None if row.document is None else content_of(row.kind, row.document)  # type: ignore[arg-type]
    except ValidationError:
        raise Conflict(
            f"Version {row.version} of {row.subject} cannot be read, as if a newer Flotilla wrote it; bring that back, "
            "or put another document (confirm=true).",
            version=row.version,
        ) from None


def shown(content: Content) -> dict[str, Any]:
    """As it is stored and told: what was given, so that null in an override stays another thing than nothing; and the
    schema's version, by which a later Flotilla knows how to read it."""
    values = plain(content, given_only=True)
    return values if isinstance(content, Guardrails) else {"schema_version": content.schema_version, **values}


async def _told_of(session: AsyncSession, subject: Subject) -> Content | None:
    row = await repository.latest(session, subject.key)
    return None if row is None else told(row)


async def _hold(session: AsyncSession, subject: Subject) -> None:
    """Who writes a user's documents waits for others who do."""
    if subject.owner_id is not None:
        await users.find_by_id(session, subject.owner_id, lock=True)


async def _add(
    session: AsyncSession,
    subject: Subject,
    document: dict[str, Any] | None,
    by: By,
    expected_version: int | None,
    reverted_from: int | None = None,
) -> PolicyVersionModel:
    before = await repository.latest(session, subject.key)
    _check_version(before, expected_version)
    if before is not None and _same(before.document, document):
        return before
    row = PolicyVersionModel(
        subject=subject.key,
        version=1 if before is None else before.version + 1,
        kind=subject.kind,
        owner_id=subject.owner_id,
        bot_id=subject.bot_id,
        document=document,
        reverted_from=reverted_from,
        actor=by.actor,
        why=by.why[:_WHY_LENGTH],
        at=utc_now(),
    )
    try:
        async with session.begin_nested():
            session.add(row)
            await session.flush()
    except IntegrityError:
        raise Conflict("Somebody else changed it at the same moment; read it again and repeat the change.") from None
    _audit(session, subject, before, row, by)
    await session.flush()
    return row


def _audit(
    session: AsyncSession, subject: Subject, before: PolicyVersionModel | None, row: PolicyVersionModel, by: By
) -> None:
    verb = "revert" if row.reverted_from is not None else "delete" if row.document is None else "put"
    old = None if before is None else {"version": before.version, "document": before.document}
    new = {"version": row.version, "document": row.document}
    if row.reverted_from is not None:
        new["reverted_from"] = row.reverted_from
    audit.record(session, by.actor, f"policy.{subject.kind}_{verb}", subject.audited_as, by.why, old, new)


def _same(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    if before is None or after is None:
        return before is after
    return canonical(before) == canonical(after)


def _check_version(before: PolicyVersionModel | None, expected: int | None) -> None:
    version = 0 if before is None else before.version
    if expected is not None and expected != version:
        raise PreconditionFailed(
            "The policy was changed meanwhile; read it again and repeat the change.", version=version
        )


def _forbidden(found: list[Violation]) -> InvalidSpec:
    sentence = "; ".join(f"{one.path}: {one.sentence}" for one in found[:_ERRORS_TOLD])
    errors = [{"field": one.path, "message": one.sentence} for one in found]
    return InvalidSpec(f"{sentence}.", field=found[0].path, errors=errors)
