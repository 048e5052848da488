"""Clients of agents by pool: one cached client each, replaced when the agent comes back at another address. Where an
agent does not answer, whoever told its address is told so."""

import time
from collections.abc import Awaitable, Callable

from orchestrator.errors import AgentUnreachable
from orchestrator.kit.lately import Lately
from orchestrator.pools.client import AgentClient, AgentEndpoint

EndpointLookup = Callable[[str], Awaitable[AgentEndpoint | None]]
"""Where the agent of a pool listens now, None while it does not; a driver's `endpoint`."""
Doubt = Callable[[str], None]
"""Called with a pool's id when its agent does not answer as one; a driver's `doubt`."""

_RETIRED_SECONDS = 1500.0
"""Longer than any call may take (`client.CHECK_SECONDS`): the agent of a retired client may well be alive, for it has
another one when its token is replaced."""


class AgentDirectory:
    """Hands out clients. They belong to the directory: do not close them."""

    def __init__(
        self, lookup: EndpointLookup, doubt: Doubt = lambda _: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup = lookup
        self._tell_doubt = doubt
        self._clients: dict[str, AgentClient] = {}
        self._clock = clock
        self._retired: list[tuple[float, AgentClient]] = []
        """Oldest first, each with when it was retired."""
        self._recent: Lately[str, AgentClient] = Lately(clock)

    async def agent_for(self, pool_id: str) -> AgentClient:
        """Raises AgentUnreachable where the pool has no agent that listens."""
        endpoint = await self._lookup(pool_id)
        if endpoint is None:
            raise AgentUnreachable(f"The agent of {pool_id} has not started yet.", pool_id=pool_id)
        client = self._clients.get(pool_id)
        if client is None or client.endpoint != endpoint:
            if client is not None:
                self._retired.append((self._clock(), client))
            client = self._clients[pool_id] = AgentClient(pool_id, endpoint, doubt=self._doubt)
        await self._close_old()
        return client

    async def agent_lately(self, pool_id: str) -> AgentClient:
        """The same for calls that follow one another: by a look of half a second ago at most, and a new one where the
        agent did not answer since. Raises as `agent_for`."""
        return await self._recent.get(pool_id, lambda: self.agent_for(pool_id))

    def _doubt(self, pool_id: str) -> None:
        self._recent.forget(pool_id)
        self._tell_doubt(pool_id)

    async def _close_old(self) -> None:
        """Somebody may still read from one that is retired; it is closed when it is long out of use."""
        while self._retired and self._clock() - self._retired[0][0] > _RETIRED_SECONDS:
            await self._retired.pop(0)[1].aclose()

    async def aclose(self) -> None:
        """Ends every connection, those of clients that were replaced included."""
        clients = [*self._clients.values(), *(client for _, client in self._retired)]
        self._clients.clear()
        self._retired.clear()
        self._recent.forget_all()
        for client in clients:
            await client.aclose()
