"""The market-data gateway as a container."""

import os
from typing import Protocol

import httpx

from orchestrator.broker.contract import GATEWAY_URL, CompanionContainer, GatewaySpec
from orchestrator.exchanges.companion_container import BrokerCompanion
from orchestrator.exchanges.gateway import NAME, PING
from pool.contract.market import INCARNATION_HEADER, settings_in


class GatewayBroker(Protocol):
    """The part of `BrokerClient` that is needed here; all of it raises Refused."""

    async def gateway(self) -> CompanionContainer | None: ...

    async def ensure_gateway(self, spec: GatewaySpec) -> CompanionContainer: ...

    async def remove_gateway(self) -> None: ...


class BrokerGateway(BrokerCompanion):
    """`image` is the pools'; `paper` whether there is a paper exchange. One that runs already is made anew once where
    it is of another release, or was told otherwise: its pools miss it for seconds, and ask exchanges themselves."""

    def __init__(
        self, broker: GatewayBroker, image: str, paper: bool, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(NAME, GATEWAY_URL, PING, INCARNATION_HEADER, transport)
        self._broker = broker
        self._spec = GatewaySpec(image=image, paper=paper, settings=settings_in(os.environ))
        self._compared = False

    async def alive(self) -> bool:
        """See `Companion.alive`. Nothing is alive as it shall before the broker has compared it with what is wanted."""
        return await super().alive() and self._compared

    async def _look(self) -> CompanionContainer | None:
        return await self._broker.gateway()

    async def _start(self) -> CompanionContainer:
        found = await self._broker.ensure_gateway(self._spec)
        self._compared = True
        return found

    async def _remove(self) -> None:
        await self._broker.remove_gateway()
