"""What the reconciler could not write for an outage."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from orchestrator.bots.status import ConditionSet, RestartDone
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.reconcile.writer import StatusWriter
from pool.contract.slots import ConditionType
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
