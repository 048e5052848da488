"""The paper exchange as a container in every tenant's network, through the broker.

What opens its `/control/` is derived from the installation's secret: every control plane of it knows it, and no pool,
from whose network the container is reached.
"""

import hashlib
import hmac
from typing import Protocol

import httpx
from pydantic import SecretStr

from orchestrator.broker.contract import PAPER_URL, PaperContainer, PaperSpec, Refused
from orchestrator.exchanges.paper import CannotStartExchange, ping

_PURPOSE = b"flotilla paper exchange control"


class PaperBroker(Protocol):
    """The part of `BrokerClient` that is needed here; all of it raises Refused."""

    async def paper(self) -> PaperContainer | None: ...

    async def ensure_paper(self, spec: PaperSpec) -> PaperContainer: ...

    async def remove_paper(self) -> None: ...


class BrokerPaperExchange:
    """A `PaperService`. `image` is the pools'. Before `take_secret` it makes the token of its control itself."""

    def __init__(
        self,
        broker: PaperBroker,
        image: str,
        symbols: int = 200,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._broker = broker
        self._spec = PaperSpec(image=image, symbols=symbols)
        self._transport = transport
        self._address: str | None = None
        self.problem: str | None = None

    def take_secret(self, secret: str) -> None:
        """The installation's. A container that runs already keeps the token that it was started with."""
        token = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).hexdigest()
        self._spec = self._spec.model_copy(update={"control_token": SecretStr(token)})

    def control_token(self) -> str | None:
        """What opens its `/control/`."""
        token = self._spec.control_token
        return None if token is None else token.get_secret_value()

    async def ensure(self) -> None:
        """See `PaperService.ensure`."""
        try:
            self._remember(await self._broker.ensure_paper(self._spec))
        except Refused as refused:
            self.problem = f"The paper exchange cannot start. {refused.refusal.message}"
            raise CannotStartExchange(self.problem) from refused

    async def alive(self) -> bool:
        """See `PaperService.alive`. True also while nobody can look, for it may well live."""
        try:
            found = await self._broker.paper()
        except Refused as refused:
            self.problem = refused.refusal.message
            return self._address is not None
        if found is None:
            return False
        self._remember(found)
        return found.running

    async def answers(self) -> bool:
        """See `PaperService.answers`."""
        if self._address is None:
            await self.alive()
        url = self.url()
        return url is not None and await ping(url, self._transport)

    async def stop(self) -> None:
        """See `PaperService.stop`. Its ledger stays. Raises CannotStartExchange where nobody can stop it."""
        try:
            await self._broker.remove_paper()
        except Refused as refused:
            raise CannotStartExchange(refused.refusal.message) from refused

    def url(self) -> str | None:
        """See `PaperService.url`."""
        return None if self._address is None else f"http://{self._address}"

    def pool_url(self) -> str | None:
        """By name: it is the same in every tenant's network and at every start, so it need not run yet."""
        return PAPER_URL

    def _remember(self, found: PaperContainer) -> None:
        self._address = found.address or self._address
        self.problem = None if found.running else "The paper exchange does not run."
