"""A companion as a container in every tenant's network, through the broker."""

from abc import ABC, abstractmethod

import httpx

from orchestrator.broker.contract import CompanionContainer, Refused
from orchestrator.exchanges.companion import CannotStartCompanion, ping


class BrokerCompanion(ABC):
    """A `Companion`. `name` is for people; `pool_url` is by name: the same in every tenant's network and at every
    start, so it need not run yet."""

    def __init__(
        self,
        name: str,
        pool_url: str,
        ping_path: str,
        ping_header: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._name = name
        self._pool_url = pool_url
        self._ping = ping_path, ping_header
        self._transport = transport
        self._address: str | None = None
        self.problem: str | None = None

    async def ensure(self) -> None:
        """See `Companion.ensure`."""
        try:
            self._remember(await self._start())
        except Refused as refused:
            self.problem = f"The {self._name} cannot start. {refused.refusal.message}"
            raise CannotStartCompanion(self.problem) from refused

    async def alive(self) -> bool:
        """See `Companion.alive`. True also while nobody can look, for it may well live."""
        try:
            found = await self._look()
        except Refused as refused:
            self.problem = refused.refusal.message
            return self._address is not None
        if found is None:
            return False
        self._remember(found)
        return found.running

    async def answers(self) -> bool:
        """See `Companion.answers`."""
        if self._address is None:
            await self.alive()
        url = self.url()
        return url is not None and await ping(url, *self._ping, self._transport)

    async def stop(self) -> None:
        """See `Companion.stop`. What it keeps stays."""
        try:
            await self._remove()
        except Refused as refused:
            raise CannotStartCompanion(refused.refusal.message) from refused

    def url(self) -> str | None:
        """See `Companion.url`."""
        return None if self._address is None else f"http://{self._address}"

    def pool_url(self) -> str | None:
        """See `Companion.pool_url`."""
        return self._pool_url

    @abstractmethod
    async def _look(self) -> CompanionContainer | None:
        """None where there is none. Raises Refused, as the two below."""

    @abstractmethod
    async def _start(self) -> CompanionContainer: ...

    @abstractmethod
    async def _remove(self) -> None: ...

    def _remember(self, found: CompanionContainer) -> None:
        self._address = found.address or self._address
        self.problem = None if found.running else f"The {self._name} does not run."
