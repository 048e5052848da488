"""Levels of the log: read, set, reset. Session first; nothing here commits.

Every control plane that shares the database looks at them every two seconds (`logging_levels.watch`), so they hold
everywhere within seconds, and after a restart from its start on.
"""

from collections.abc import Mapping
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import InvalidSpec
from orchestrator.kit.clock import utc_now
from orchestrator.kit.logs import LEVELS, Levels
from orchestrator.logging_levels.models import LogLevelsModel

MOST_MODULES = 50
_ID = "fleet"
_PACKAGES = ("api", "orchestrator")
_ROOT = Path(__file__).resolve().parents[2]


async def find(session: AsyncSession) -> LogLevelsModel | None:
    """What somebody set; None where the default is in force."""
    return await session.get(LogLevelsModel, _ID)


async def put(session: AsyncSession, level: str, modules: Mapping[str, str], by: By) -> LogLevelsModel:
    """Raises InvalidSpec (fields `level`, `modules`)."""
    _check(level, modules)
    row = await session.get(LogLevelsModel, _ID, with_for_update=True)
    before = levels_of(row)
    told = Levels(level, dict(modules))
    if row is None:
        row = LogLevelsModel(id=_ID, level=level, modules={}, changed_at=utc_now(), changed_by=by.actor)
    row.level, row.modules = level, dict(modules)
    row.changed_at, row.changed_by = utc_now(), by.actor
    session.add(row)
    if told != before:
        audit.record(session, by.actor, "logging.set", audit.FLEET, by.why, _told(before), _told(told))
    await session.flush()
    return row


async def reset(session: AsyncSession, by: By) -> None:
    """Back to the default. Done twice it is done once."""
    row = await session.get(LogLevelsModel, _ID, with_for_update=True)
    if row is None:
        return
    audit.record(session, by.actor, "logging.reset", audit.FLEET, by.why, _told(levels_of(row)), _told(Levels()))
    await session.delete(row)
    await session.flush()


def levels_of(row: LogLevelsModel | None) -> Levels:
    """As they are put in force; what this version does not know (another one wrote it) is passed over."""
    if row is None:
        return Levels()
    known = {name: level for name, level in row.modules.items() if level in LEVELS}
    return Levels(row.level if row.level in LEVELS else Levels().level, known)


def _check(level: str, modules: Mapping[str, str]) -> None:
    if level not in LEVELS:
        raise InvalidSpec(f"There is no level {level!r}; choose one of {', '.join(LEVELS)}.", field="level")
    if len(modules) > MOST_MODULES:
        raise InvalidSpec(f"These are more than {MOST_MODULES} modules; name fewer.", field="modules")
    for name, one in modules.items():
        if one not in LEVELS:
            raise InvalidSpec(f"There is no level {one!r}; choose one of {', '.join(LEVELS)}.", field="modules")
        if not _is_module(name):
            raise InvalidSpec(
                f"{name!r} is no module of the control plane; name one such as orchestrator.intake or api.auth.",
                field="modules",
            )


def _is_module(name: str) -> bool:
    parts = name.split(".")
    if parts[0] not in _PACKAGES or not all(part.isidentifier() for part in parts):
        return False
    place = _ROOT.joinpath(*parts)
    return place.is_dir() or place.with_suffix(".py").is_file()


def _told(levels: Levels) -> dict[str, object]:
    return {"level": levels.level, "modules": dict(levels.modules)}
