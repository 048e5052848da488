"""Clients of agents that were replaced: in use for as long as a call may last, closed after that."""

import pytest

from orchestrator.pools.client import CHECK_SECONDS, AgentClient, AgentEndpoint
from orchestrator.pools.directory import AgentDirectory


async def test_a_client_that_was_replaced_lives_for_as_long_as_a_call_may_last(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tokens, closed = [0.0], ["old"], list[str]()

    async def lookup(pool_id: str) -> AgentEndpoint | None:
        return AgentEndpoint("http://agent.invalid", tokens[0])

    async def aclose(client: AgentClient) -> None:
        closed.append(client.pool_id)

    monkeypatch.setattr(AgentClient, "aclose", aclose)
    agents = AgentDirectory(lookup, clock=lambda: now[0])
    pools = [f"pool-{number}" for number in range(20)]
    for pool_id in pools:
        await agents.agent_for(pool_id)
    tokens[0] = "new"
    for pool_id in pools:
        await agents.agent_for(pool_id)
    now[0] = CHECK_SECONDS
    await agents.agent_for(pools[0])
    assert closed == []
    now[0] = 2 * CHECK_SECONDS
    await agents.agent_for(pools[0])
    assert closed == pools
