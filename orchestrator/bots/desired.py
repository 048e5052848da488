"""All bots as the reconciler reads them each second; most of them are as they were the second before."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, Text, cast, select, type_coerce
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository
from orchestrator.bots.repository import DesiredRow

_CHUNK = 50
"""Of rows that changed, read at once: so long the event loop stands still."""
_BOTS, _STATUSES, _USERS = (SQLModel.metadata.tables[name] for name in ("bots", "bot_statuses", "users"))
_OF_STATUS = ("observed_state", "restart_done", "conditions", "slot")
_COLUMNS = (
    *_BOTS.columns,
    *(_STATUSES.columns[name] for name in _OF_STATUS),
    _STATUSES.columns["snapshot_at"].is_(None),
    _USERS.columns["reporting_currency"],
)


def _as_stored(column: ColumnElement[Any]) -> ColumnElement[str]:
    """PostgreSQL's driver parses documents by itself."""
    return cast(column, Text) if isinstance(column.type, JSON) else type_coerce(column, Text)


_STORED = (
    select(*(_as_stored(column).label(f"c{number}") for number, column in enumerate(_COLUMNS)))
    .select_from(_BOTS.join(_STATUSES, _STATUSES.c.bot_id == _BOTS.c.id).join(_USERS, _USERS.c.id == _BOTS.c.owner_id))
    .where(_BOTS.c.deleted_at.is_(None))
    .order_by(_BOTS.c.id)
)
"""What a `DesiredRow` is made of, as it is stored: nothing of it is parsed."""
_ID = list(_BOTS.columns).index(_BOTS.c.id)


class DesiredBook:
    """One per task. Rows that did not change are the same objects: nobody may change them. Whether one did is told by a
    hash of what is stored, which is some kilobytes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, DesiredRow]] = {}

    async def read(self, session: AsyncSession) -> list[DesiredRow]:
        """As `repository.desired`."""
        found = await (await session.connection()).execute(_STORED)
        stored = {str(row[_ID]): hash(tuple(row)) for row in found}
        changed = [bot_id for bot_id, told in stored.items() if self._known.get(bot_id, (None,))[0] != told]
        for start in range(0, len(changed), _CHUNK):
            for row in await repository.desired(session, changed[start : start + _CHUNK]):
                self._known[row.bot.id] = (stored[row.bot.id], row)
        self._known = {bot_id: self._known[bot_id] for bot_id in stored}
        return [row for _, row in self._known.values()]
