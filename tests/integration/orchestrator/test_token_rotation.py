"""Tokens of agents that are too old are replaced, each with its row in the audit; what does not answer waits."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from orchestrator import term
from orchestrator.audit import service as audit
from orchestrator.kit.clock import utc_now
from orchestrator.kit.schedule import Job
from orchestrator.pools import rotation
from orchestrator.pools.models import PoolModel
from orchestrator.portfolio.service import PortfolioService
from orchestrator.term import Means, Term
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import Rig

MONTH = timedelta(days=30)


async def _ready(rig: Rig, fake: FakeAgent) -> FakeAgent:
    await rig.add_pool(fake)
    async with rig.database.unit_of_work() as session:
        (await session.get_one(PoolModel, fake.pool_id)).observed_state = "ready"
    return fake


async def _rows(rig: Rig) -> list[tuple[str, str, str]]:
    async with rig.database.read() as session:
        page = await audit.list_(session, limit=50)
        return [(row.actor, row.action, row.subject) for row in page.items if row.action == "pool.rotate_token"]


async def test_what_is_too_old_is_replaced_and_nothing_else(rig: Rig) -> None:
    old, young, outdated, gone = [await _ready(rig, FakeAgent(f"pool-{name}")) for name in "abcd"]
    made_at = old.token_made_at = old.token_made_at - MONTH
    kept = young.token_made_at
    outdated.outdated = True
    await gone.stop()
    assert await rotation.renew_due(rig.database, rig.agents, MONTH, utc_now()) == 1
    assert old.token_made_at > made_at
    assert young.token_made_at == kept
    assert await _rows(rig) == [("system", "pool.rotate_token", "pool/pool-a")]
    assert await rotation.renew_due(rig.database, rig.agents, MONTH, utc_now()) == 0


async def test_whoever_leads_has_them_replaced_by_itself(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    ill, young = [await _ready(rig, FakeAgent(f"pool-{name}")) for name in "ab"]
    async with rig.database.unit_of_work() as session:
        (await session.get_one(PoolModel, ill.pool_id)).observed_state = "degraded"
    made_at = ill.token_made_at = ill.token_made_at - timedelta(days=rig.settings.agent_token_days)
    kept = young.token_made_at
    given: list[Job] = []

    async def take(jobs: Sequence[Job]) -> None:
        given.extend(jobs)

    monkeypatch.setattr(term, "run_jobs", take)
    portfolio = PortfolioService(rig.database, rig.bus)
    means = Means(
        rig.settings, rig.database, rig.bus, rig.agents, rig.catalogue, portfolio, {}, None, leading=lambda: True
    )
    await Term(means)._runners()["jobs"]()
    for job in given:
        if "tokens of agents" in job.name:
            await job.act()
    assert ill.token_made_at > made_at
    assert young.token_made_at == kept
