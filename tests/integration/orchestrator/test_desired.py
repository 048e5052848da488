"""The reconciler's reading of all bots: what it keeps is what the database has, whatever changes there."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import repository
from orchestrator.bots.desired import DesiredBook
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.bots.repository import DesiredRow
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import UserModel
from tests.integration.orchestrator.rig import Rig


def _plain(rows: list[DesiredRow]) -> list[tuple[Any, ...]]:
    return [
        (
            row.bot.model_dump(), row.observed_state, row.restart_done, row.conditions, row.slot,
            row.reporting_currency, row.reported,
        )
        for row in rows
    ]  # fmt: skip


async def _read(rig: Rig, book: DesiredBook) -> list[DesiredRow]:
    async with rig.database.read() as session:
        rows = await book.read(session)
        assert _plain(rows) == _plain(await repository.desired(session))
    return rows


async def _change(rig: Rig, model: Any, key: Any, value: str, **changes: Any) -> None:
    async with rig.database.unit_of_work() as session:
        await session.exec(update(model).where(col(key) == value).values(**changes))


async def test_what_changed_is_read_anew_and_nothing_else(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    book, asked = DesiredBook(), list[list[str]]()
    desired = repository.desired

    async def noted(session: AsyncSession, bot_ids: Collection[str] | None = None) -> list[DesiredRow]:
        if bot_ids is not None:
            asked.append(list(bot_ids))
        return await desired(session, bot_ids)

    monkeypatch.setattr(repository, "desired", noted)
    one, two = sorted([(await rig.create(name)).id for name in ("one", "two")])
    first = await _read(rig, book)
    again = await _read(rig, book)
    assert [row.bot.id for row in first] == [one, two]
    assert all(row is before for row, before in zip(again, first, strict=True))
    assert asked == [[one, two]]

    status: tuple[Any, Any] = (BotStatusModel, BotStatusModel.bot_id)
    changes: list[tuple[Any, Any, str, dict[str, Any]]] = [
        (BotModel, BotModel.id, one, {"epoch": 7}),
        (BotModel, BotModel.id, two, {"parameters": {"period": 3}}),
        (*status, two, {"slot": {"run_id": "run-1"}}),
        (*status, one, {"conditions": [{"type": "Hung", "message": "m", "since": "2026-11-23T02:00:00Z"}]}),
        (*status, one, {"snapshot_at": utc_now()}),
    ]
    for model, key, bot_id, values in changes:
        asked.clear()
        await _change(rig, model, key, bot_id, **values)
        await _read(rig, book)
        assert asked == [[bot_id]]
    asked.clear()
    await _change(rig, BotStatusModel, BotStatusModel.bot_id, one, snapshot={"of": "no concern"})
    await _change(rig, BotStatusModel, BotStatusModel.bot_id, one, snapshot_at=utc_now())  # it had reported before
    await _read(rig, book)
    assert asked == []
    await _change(rig, UserModel, UserModel.id, first[0].bot.owner_id, reporting_currency="EUR")
    assert {row.reporting_currency for row in await _read(rig, book)} == {"EUR"}


async def test_bots_come_and_go(rig: Rig) -> None:
    book = DesiredBook()
    assert await _read(rig, book) == []
    made = [(await rig.create(name)).id for name in ("one", "two", "three")]
    assert len(await _read(rig, book)) == 3
    await _change(rig, BotModel, BotModel.id, made[0], deleted_at=utc_now())
    assert {row.bot.id for row in await _read(rig, book)} == set(made[1:])
    await asyncio.gather(*(rig.create(f"more-{number}") for number in range(3)))
    assert len(await _read(rig, book)) == 5
