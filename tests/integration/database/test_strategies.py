"""Strategies in both databases: what is added at once, and who reaches what."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import cast

import pytest

from orchestrator.audit.service import By
from orchestrator.db import tenancy
from orchestrator.db.engine import Database
from orchestrator.db.tenancy import Reach
from orchestrator.errors import AgentUnreachable, Error, NoCapacity, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.pools.client import AgentClient
from orchestrator.pools.directory import AgentDirectory
from orchestrator.pools.models import PoolModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.checks import CheckTask
from orchestrator.strategies import checks, drafts, pinning, repository, service, sharing
from orchestrator.users.models import UserModel
from pool.contract.checks import CheckAnswer, StrategyFacts
from pool.contract.slots import StrategySource
from tests.databases import PostgresServer
from tests.support import eventually
from tests.unit.rules.test_strategy_source import GOOD

ANN, BOB = "user-ann", "user-bob"
FACTS = StrategyFacts(
    class_name="Mine",
    interface_version=3,
    timeframe="5m",
    can_short=False,
    stoploss=-0.1,
    minimal_roi={"0": 0.1},
    startup_candle_count=0,
)


def draft(number: int) -> drafts.Draft:
    return drafts.read_draft(f"{GOOD}# {number}\n", None)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await _opened(database_url)
    yield opened
    await opened.close()


async def _opened(url: str) -> Database:
    """With two users."""
    opened = Database(url)
    async with opened.unit_of_work() as session:
        for user in (ANN, BOB):
            session.add(UserModel(id=user, username=user, password_hash="-", role="trader", created_at=utc_now()))
    return opened


async def made(database: Database) -> str:
    async with database.unit_of_work() as session:
        return (await service.create(session, ANN, "mine", draft(0), By(ANN))).strategy.id


async def test_what_is_added_at_once_gets_one_number_each_and_no_content_twice(database: Database) -> None:
    strategy_id = await made(database)

    async def add(number: int) -> int:
        async with database.unit_of_work() as session:
            view, _ = await service.add_version(session, strategy_id, draft(number), By(ANN))
            return view.version.number

    numbers = await asyncio.gather(*(add(1 + index % 3) for index in range(6)), return_exceptions=True)
    added = sorted({number for number in numbers if isinstance(number, int)})
    assert not [one for one in numbers if isinstance(one, Error)]
    async with database.read() as session:
        listed = (await service.versions(session, strategy_id, limit=50, after=None)).items
        assert [view.version.number for view in listed] == list(range(len(listed), 0, -1))
        assert set(added) <= {view.version.number for view in listed}
        contents = {(view.content.sha256, view.content.id) for view in listed}
        assert len({sha for sha, _ in contents}) == len(contents) == 4


async def test_a_share_reaches_as_far_as_its_level_and_an_administrator_nowhere(database: Database) -> None:
    strategy_id = await made(database)

    async def reaches(reach: Reach) -> bool:
        async with database.read() as session:
            tenancy.bind(session, reach)
            try:
                view = await service.version(session, strategy_id, "head", source=True)
            except NotFound:
                return False
            return bool(view.content.source)

    async def levels() -> list[bool]:
        return [await reaches(Reach(BOB, level)) for level in ("view", "operate", "own")]

    assert await levels() == [False, False, False]
    assert not await reaches(Reach(BOB, "view", everybody=True))
    assert not await reaches(Reach(ANN, "own", bot_ids=frozenset({"bot-1"})))
    for level, reached in (("view", [True, False, False]), ("use", [True, True, False])):
        async with database.unit_of_work() as session:
            await sharing.share(session, strategy_id, BOB, level, By(ANN))
        assert await levels() == reached
    async with database.unit_of_work() as session:
        await sharing.unshare(session, strategy_id, BOB, By(ANN))
    assert await levels() == [False, False, False]
    assert await reaches(Reach(ANN, "own"))


async def test_a_content_brought_back_is_checked_already(database: Database) -> None:
    strategy_id = await made(database)
    async with database.unit_of_work() as session:
        ((waiting, owner_id),) = await repository.waiting(session, 10)
        assert owner_id == ANN
        assert await checks.answered(session, waiting, CheckAnswer(findings=[], facts=FACTS, freqtrade="2026.9"))
        assert not await checks.answered(session, waiting, CheckAnswer(findings=[]))
    async with database.unit_of_work() as session:
        await service.add_version(session, strategy_id, draft(1), By(ANN))
        back = await service.roll_back(session, strategy_id, 1, By(ANN))
        assert (back.version.number, back.content.check_state) == (3, "passed")
    async with database.read() as session:
        pin = await pinning.pin(session, strategy_id, "head")
        assert (pin.number, pin.facts) == (3, FACTS)
        assert len(await repository.waiting(session, 10)) == 1
        assert (await repository.sources(session, [pin.version_id]))[pin.version_id].source == draft(0).source


async def test_checks_wait_in_turn_by_owner(database: Database) -> None:
    strategy_id = await made(database)
    async with database.unit_of_work() as session:
        for number in range(1, 10):
            await service.add_version(session, strategy_id, draft(number), By(ANN))
        await service.create(session, BOB, "his", draft(0), By(BOB))
    async with database.read() as session:
        (anns, _), (bobs, _) = await repository.waiting(session, 2)
        assert await repository.waiting(session, 2, but_of=[ANN]) == [(bobs, BOB)]
        assert anns not in dict(await repository.waiting(session, 2, but=[anns]))
        assert [owner for _, owner in await repository.waiting(session, 2, but=[anns])] == [ANN, BOB]


async def test_an_answer_to_an_older_request_is_not_taken(database: Database) -> None:
    strategy_id = await made(database)
    answer = CheckAnswer(findings=[], facts=FACTS, freqtrade="2026.9")
    async with database.unit_of_work() as session:
        ((content_id, _),) = await repository.waiting(session, 1)
        asked = await repository.content_to_check(session, content_id)
        assert asked is not None
        asked_at = asked.asked_at
    async with database.unit_of_work() as session:
        await checks.ask_again(session, strategy_id, "head", By(ANN), deep=True)
    async with database.unit_of_work() as session:
        assert not await checks.answered(session, content_id, answer, asked_at)
        again = await repository.content_to_check(session, content_id)
        assert again is not None
        assert again.deep
        assert await checks.answered(session, content_id, answer, again.asked_at)


class _Asked(AgentDirectory):
    """Each of its agents answers well, and notes what it was asked."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.problems: list[Error] = []
        """What comes of the next ones instead."""

    async def agent_for(self, pool_id: str) -> AgentClient:
        return cast("AgentClient", self)

    async def check(self, strategy: StrategySource, deep: bool = False) -> CheckAnswer:
        self.classes.append(strategy.class_name)
        if self.problems:
            raise self.problems.pop(0)
        return CheckAnswer(findings=[], facts=FACTS, freqtrade="2026.9")


async def test_a_name_that_no_pool_takes_fails_alone(database: Database) -> None:
    async with database.unit_of_work() as session:
        bad = replace(draft(0), class_name="Größe")
        ids = [(await service.create(session, ANN, "bad", bad, By(ANN))).strategy.id]
        ids.append((await service.create(session, BOB, "good", draft(0), By(BOB))).strategy.id)
    agents = _Asked()
    await _until_checked(database, agents, ids, ["failed", "passed"])
    assert agents.classes == ["Mine"]


async def test_what_no_pool_can_tell_of_fails_and_is_not_tried_for_ever(database: Database) -> None:
    """Pools that cannot look now are no reason."""
    strategy_id = await made(database)
    agents = _Asked()
    agents.problems = [NoCapacity("Not now.")] * 20 + [AgentUnreachable("Its answer makes no sense.")] * 8
    await _until_checked(database, agents, [strategy_id], ["failed"])
    assert (len(agents.classes), agents.problems) == (28, [])
    async with database.unit_of_work() as session:
        (finding,) = (await service.version(session, strategy_id, "head")).content.findings
        assert (finding["code"], "makes no sense" in finding["message"]) == ("unanswered", True)
        await checks.ask_again(session, strategy_id, "head", By(ANN))
    agents.problems = [AgentUnreachable("Its answer makes no sense.")] * 7
    await _until_checked(database, agents, [strategy_id], ["passed"])


async def _until_checked(database: Database, agents: _Asked, strategy_ids: list[str], states: list[str]) -> None:
    async with database.unit_of_work() as session:
        for user in (ANN, BOB):
            await session.merge(
                PoolModel(
                    id=f"pool-{user}",
                    node="local",
                    driver="fake",
                    tenant_id=user,
                    slots_total=1,
                    conditions=[],
                    desired_state="running",
                    observed_state="ready",
                    created_at=utc_now(),
                )
            )
    task = CheckTask(database, agents, PoolPolicy(maximum=1), interval_seconds=0.01, retry_seconds=0.001)
    running = asyncio.create_task(task.run())

    async def settled() -> bool:
        async with database.read() as session:
            found = [(await service.version(session, one, "head")).content.check_state for one in strategy_ids]
        return found == states

    try:
        await eventually(settled, 60)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.migrated()
    yield url
    postgres.drop(url)


async def test_two_who_ask_for_a_check_at_once_get_the_deeper_one(postgres_url: str) -> None:
    """SQLite has one writer at a time."""
    database = await _opened(postgres_url)
    strategy_id = await made(database)
    async with database.unit_of_work() as session:
        ((content_id, _),) = await repository.waiting(session, 1)
        answer = CheckAnswer(findings=[], facts=FACTS, freqtrade="2026.9", deep=True)
        await checks.answered(session, content_id, answer)
    async with database.unit_of_work() as late:
        known = await service.version(late, strategy_id, "head")
        async with database.unit_of_work() as early:
            await checks.ask_again(early, strategy_id, "head", By(ANN))
        await checks.ask_again(late, strategy_id, "head", By(ANN), deep=True)
        assert known.content.deep
    async with database.read() as session:
        found = await repository.content_to_check(session, content_id)
    assert found is not None
    assert found.deep
    await database.close()
