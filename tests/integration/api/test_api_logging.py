"""Levels of the log over HTTP, and in the processes that share the database."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from loguru import logger

from orchestrator.audit import service as audit
from orchestrator.kit import logs
from orchestrator.kit.logs import Levels
from orchestrator.logging_levels import watch
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.support import eventually

LOGGING = "/api/v1/settings/logging"


@pytest.fixture(autouse=True)
def told() -> Iterator[list[str]]:
    """What the log of this process tells."""
    lines: list[str] = []
    logs.restart()
    logs.add(lines.append, format="{name} {message}")
    yield lines
    logs.restart()


async def admin(world: World) -> None:
    await world.change_user(OWNER, role="admin")

    async def allowed() -> bool:
        return (await world.client.get(LOGGING)).status_code == 200

    await eventually(allowed, message="the role counts")


async def test_levels_are_set_and_reset_by_administrators_and_noted_in_the_audit(world: World) -> None:
    problem_of(await world.client_of(OTHER).get(LOGGING), 403, "not_allowed")
    problem_of(await world.client_of(OTHER).put(LOGGING, json={"level": "TRACE"}), 403, "not_allowed")
    await admin(world)
    before = (await world.client.get(LOGGING)).json()
    assert (before["level"], before["modules"], before["is_default"], before["changed_by"]) == ("INFO", {}, True, None)
    body = {"level": "WARNING", "modules": {"orchestrator.intake": "DEBUG"}, "why": "A pool is silent."}
    after = (await world.client.put(LOGGING, json=body)).json()
    assert (after["level"], after["modules"], after["is_default"]) == ("WARNING", body["modules"], False)
    assert (await world.client.get(LOGGING)).json() == after
    assert after["changed_by"] == OWNER
    assert (await world.client.put(LOGGING, json=body)).status_code == 200  # changes nothing
    for _ in range(2):
        assert (await world.client.delete(LOGGING)).json()["is_default"] is True
    async with world.rig.database.read() as session:
        acts = (await audit.list_(session, limit=5, subject=audit.FLEET)).items
    assert [(act.action, act.why) for act in acts] == [("logging.reset", ""), ("logging.set", "A pool is silent.")]
    assert acts[1].before == {"level": "INFO", "modules": {}}


@pytest.mark.parametrize(
    "body",
    [
        {"level": "NOISE"},
        {"level": "INFO", "modules": {"httpx": "DEBUG"}},
        {"level": "INFO", "modules": {"sqlalchemy.engine": "DEBUG"}},
        {"level": "INFO", "modules": {"orchestrator.nowhere": "DEBUG"}},
        {"level": "INFO", "modules": {"orchestrator/../../etc": "DEBUG"}},
        {"level": "INFO", "modules": {"": "DEBUG"}},
        {"level": "INFO", "modules": {"api": "LOUD"}},
    ],
)
async def test_what_is_no_level_or_no_module_of_ours_is_refused(world: World, body: dict[str, object]) -> None:
    await admin(world)
    problem_of(await world.client.put(LOGGING, json=body), 422, "invalid_spec")


async def test_every_process_tells_by_them_within_seconds_and_they_outlive_an_outage(
    world: World, told: list[str]
) -> None:
    await admin(world)
    watching = asyncio.create_task(watch.watch(world.rig.database))
    try:
        await world.client.put(LOGGING, json={"level": "ERROR", "modules": {"orchestrator.intake": "DEBUG"}})
        await eventually(lambda: logs.current().level == "ERROR", message="the levels are in force")
        intake = logger.patch(lambda record: dict.update(record, name="orchestrator.intake.store"))
        intake.debug("told now")
        logger.warning("not told")
        assert told[-1] == "orchestrator.intake.store told now\n"
        await world.client.delete(LOGGING)
        await eventually(lambda: logs.current() == Levels(), message="the default is in force")
        intake.debug("not told any more")
        assert "not told any more" not in told[-1]
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def test_they_hold_from_a_start_on(world: World, told: list[str]) -> None:
    await admin(world)
    await world.client.put(LOGGING, json={"level": "TRACE"})
    await watch.look(world.rig.database)
    assert logs.current().level == "TRACE"
    assert "TRACE" in told[-1]
