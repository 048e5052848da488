"""All bots as the reconciler reads them each second; most of them are as they were the second before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Text, select, type_coerce
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository
from orchestrator.bots.repository import DesiredRow

_CHUNK = 500
_BOTS, _STATUSES, _USERS = (SQLModel.metadata.tables[name] for name in ("bots", "bot_statuses", "users"))
_OF_STATUS = ("observed_state", "restart_done", "conditions", "slot", "snapshot_at")
_COLUMNS = (*_BOTS.columns, *(_STATUSES.columns[name] for name in _OF_STATUS), _USERS.columns["reporting_currency"])
_STORED = (
    select(*(type_coerce(column, Text).label(f"c{number}") for number, column in enumerate(_COLUMNS)))
    .select_from(_BOTS.join(_STATUSES, _STATUSES.c.bot_id == _BOTS.c.id).join(_USERS, _USERS.c.id == _BOTS.c.owner_id))
    .where(_BOTS.c.deleted_at.is_(None))
    .order_by(_BOTS.c.id)
)
"""What a `DesiredRow` is made of, as it is stored: nothing of it is parsed."""
_ID = list(_BOTS.columns).index(_BOTS.c.id)


class DesiredBook:
    """One per task. Rows that did not change are the same objects: nobody may change them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Row[*tuple[Any, ...]], DesiredRow]] = {}

    async def read(self, session: AsyncSession) -> list[DesiredRow]:
        """As `repository.desired`."""
        stored = {row[_ID]: row for row in (await (await session.connection()).execute(_STORED)).all()}
        changed = [bot_id for bot_id, row in stored.items() if not self._knows(bot_id, row)]
        for start in range(0, len(changed), _CHUNK):
            self._learn(stored, await repository.desired(session, changed[start : start + _CHUNK]))
        self._known = {bot_id: self._known[bot_id] for bot_id in stored}
        return [row for _, row in self._known.values()]

    def _knows(self, bot_id: str, row: Row[*tuple[Any, ...]]) -> bool:
        return bot_id in self._known and self._known[bot_id][0] == row

    def _learn(self, stored: dict[str, Row[*tuple[Any, ...]]], rows: Sequence[DesiredRow]) -> None:
        self._known.update((row.bot.id, (stored[row.bot.id], row)) for row in rows)
