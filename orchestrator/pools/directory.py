"""Clients of agents by pool: one cached client each, replaced when the agent comes back at another address. Where an
agent does not answer, whoever told its address is told so."""

from collections.abc import Awaitable, Callable

from orchestrator.errors import AgentUnreachable
from orchestrator.pools.client import AgentClient, AgentEndpoint

EndpointLookup = Callable[[str], Awaitable[AgentEndpoint | None]]
"""Where the agent of a pool listens now, None while it does not; a driver's `endpoint`."""
Doubt = Callable[[str], None]
"""Called with a pool's id when its agent does not answer as one; a driver's `doubt`."""

_RETIRED_KEPT = 8


class AgentDirectory:
    """Hands out clients. They belong to the directory: do not close them."""

    def __init__(self, lookup: EndpointLookup, doubt: Doubt = lambda _: None) -> None:
        self._lookup = lookup
        self._doubt = doubt
        self._clients: dict[str, AgentClient] = {}
        self._retired: list[AgentClient] = []

    async def agent_for(self, pool_id: str) -> AgentClient:
        """Raises AgentUnreachable where the pool has no agent that listens."""
        endpoint = await self._lookup(pool_id)
        if endpoint is None:
            raise AgentUnreachable(f"The agent of {pool_id} has not started yet.", pool_id=pool_id)
        client = self._clients.get(pool_id)
        if client is None or client.endpoint != endpoint:
            if client is not None:
                await self._retire(client)
            client = self._clients[pool_id] = AgentClient(pool_id, endpoint, doubt=self._doubt)
        return client

    async def _retire(self, client: AgentClient) -> None:
        """Somebody may still read from it; it is closed when it is long out of use."""
        self._retired.append(client)
        if len(self._retired) > _RETIRED_KEPT:
            await self._retired.pop(0).aclose()

    async def aclose(self) -> None:
        """Ends every connection, those of clients that were replaced included."""
        clients = [*self._clients.values(), *self._retired]
        self._clients.clear()
        self._retired.clear()
        for client in clients:
            await client.aclose()
