"""The paper exchange as a container.

What opens its `/control/` is derived from the installation's secret: every control plane of it knows it, and no pool,
from whose network the container is reached.
"""

import hashlib
import hmac
from typing import Protocol

import httpx
from pydantic import SecretStr

from orchestrator.broker.contract import PAPER_URL, CompanionContainer, PaperSpec
from orchestrator.exchanges.companion_container import BrokerCompanion
from orchestrator.exchanges.paper import NAME, PING

_PURPOSE = b"flotilla paper exchange control"


class PaperBroker(Protocol):
    """The part of `BrokerClient` that is needed here; all of it raises Refused."""

    async def paper(self) -> CompanionContainer | None: ...

    async def ensure_paper(self, spec: PaperSpec) -> CompanionContainer: ...

    async def remove_paper(self) -> None: ...


class BrokerPaperExchange(BrokerCompanion):
    """`image` is the pools'. Before `take_secret` it makes the token of its control itself."""

    def __init__(
        self,
        broker: PaperBroker,
        image: str,
        symbols: int = 200,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(NAME, PAPER_URL, PING, transport=transport)
        self._broker = broker
        self._spec = PaperSpec(image=image, symbols=symbols)

    def take_secret(self, secret: str) -> None:
        """The installation's. A container that runs already keeps the token that it was started with."""
        token = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).hexdigest()
        self._spec = self._spec.model_copy(update={"control_token": SecretStr(token)})

    def control_token(self) -> str | None:
        """What opens its `/control/`."""
        token = self._spec.control_token
        return None if token is None else token.get_secret_value()

    async def _look(self) -> CompanionContainer | None:
        return await self._broker.paper()

    async def _start(self) -> CompanionContainer:
        return await self._broker.ensure_paper(self._spec)

    async def _remove(self) -> None:
        await self._broker.remove_paper()
