"""What the reconciler could not write for an outage."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event

from orchestrator.bots.observe import observe
from orchestrator.bots.status import ConditionSet, Observation, RestartDone, SlotSeen, SnapshotSeen
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.reconcile.writer import StatusWriter
from pool.contract.slots import ConditionType, DesiredState, ObservedState, Slot
from tests.fakes.fake_agent import snapshot
from tests.integration.orchestrator.rig import Rig


async def test_what_was_learned_is_kept_and_what_is_seen_again_is_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await rig.create()
    writer = StatusWriter(rig.database, rig.bus)

    @contextlib.asynccontextmanager
    async def full(_: Database) -> AsyncIterator[Any]:
        raise OSError("no space left")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(Database, "unit_of_work", full)
        with pytest.raises(OSError, match="no space"):
            await writer.learned([RestartDone(bot.id, utc_now(), 3)])
        with pytest.raises(OSError, match="no space"):
            await writer.seen([ConditionSet(bot.id, utc_now(), ConditionType.NO_CAPACITY, "no room")])
    await writer.learned([])
    status = (await rig.view(bot.id)).status
    assert status.restart_done == 3
    assert status.conditions == []


def _slot(bot_id: str) -> Slot:
    return Slot(
        bot_id=bot_id, epoch=1, observed_generation=1, desired=DesiredState.RUNNING,
        observed_state=ObservedState.RUNNING, trader_state="running", conditions=[], run_id="run-1", pid=4711,
        started_at=utc_now(), restarts=0, last_exit=None, memory=None, cpu_percent=None, last_report_at=None,
        snapshot=None,
    )  # fmt: skip


async def test_statuses_are_written_by_two_statements_of_which_one_has_snapshots(rig: Rig) -> None:
    bots = sorted([(await rig.create(f"bot-{number}")).id for number in range(4)])
    seen: list[Observation] = [SnapshotSeen(bot_id, utc_now(), snapshot()) for bot_id in bots[:3]]
    seen += [SlotSeen(bot_id, utc_now(), _slot(bot_id)) for bot_id in bots[2:]]
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE bot_statuses"):
            written.append(statement)

    async with rig.database.unit_of_work() as session:
        event.listen(rig.database.engine.sync_engine, "before_cursor_execute", note)
        await observe(session, seen)
        event.remove(rig.database.engine.sync_engine, "before_cursor_execute", note)
    assert ["snapshot=" in statement for statement in written] == [False, True]
    told = [(await rig.view(bot_id)).status for bot_id in bots]
    assert [status.snapshot is not None for status in told] == [True, True, True, False]
    assert [(status.slot or {}).get("run_id") for status in told] == [None, None, "run-1", "run-1"]
