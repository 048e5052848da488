"""Client of the broker: `orchestrator.broker.contract` over its Unix socket. Every failure is a `Refused`, that nobody
answers included.

Nothing is done but where the database's pools are (`belong`): that is made sure of with each term.

What acts carries the term that the broker gave this control plane. A term counts once it is sure that we lead after we
got it, so that it is older than every later leader's; and where the broker does not know it any more, another one is
asked for only while we lead.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import httpx
from pydantic import ValidationError

from orchestrator.broker.contract import (
    BROKER_PROTOCOL,
    TERM_HEADER,
    BrokerModel,
    BrokerTerm,
    CompanionContainer,
    ContainerEvent,
    GatewaySpec,
    Node,
    PaperSpec,
    PoolContainer,
    PoolImage,
    PoolSpec,
    PoolVolume,
    Refusal,
    RefusalCode,
    Refused,
)

_TERM_SECONDS = 5.0
_LOOK_SECONDS = 20.0
_ACT_SECONDS = 180.0
_SILENCE_SECONDS = 20.0
_TERMS_AT_MOST = 3
"""Asked for in one call. Others that also lead, of another database with the same installation, take ours away."""
M = TypeVar("M", bound=BrokerModel)
Place = Callable[[str], Awaitable[str | None]]
"""Why pools must not be run at this `Node.place`, in sentences; None where they are."""
Leads = Callable[[], Awaitable[bool]]
"""Whether this control plane leads, by what others cannot but agree with."""


class BrokerClient:
    """Close it with `aclose`. All calls raise Refused. Until `lead` is called, nobody else is taken to lead."""

    def __init__(self, path: Path, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._path = path
        self._http = httpx.AsyncClient(
            base_url="http://broker",
            transport=transport or httpx.AsyncHTTPTransport(uds=str(path), limits=httpx.Limits(max_connections=None)),
            trust_env=False,
        )
        self._leads: Leads = _alone
        self._place: Place | None = None
        self._term: str | None = None
        self._asking = asyncio.Lock()

    async def lead(self, leads: Leads) -> None:
        """A leader begins: what a former one still sends is refused. Nothing to do where that was done for this
        `leads` and the broker has not told otherwise since."""
        if leads != self._leads:
            self._leads, self._term = leads, None
        await self._in_term()

    def belong(self, place: Place) -> None:
        """Nothing is done from here on where the pools must not be run; see `misplaced`."""
        self._place, self._term = place, None

    async def misplaced(self) -> str | None:
        """Why what this broker has are not our pools; None also where nobody can tell."""
        try:
            await self._check_place()
        except Refused as refused:
            return refused.refusal.message if refused.refusal.code is RefusalCode.OTHER_DOCKER else None
        return None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def node(self) -> Node:
        """Raises Refused also for a broker of another version."""
        node = _parsed(Node, await self._call("GET", "/v1/node"))
        if node.protocol != BROKER_PROTOCOL:
            raise _unusable(f"speaks protocol {node.protocol}, this control plane {BROKER_PROTOCOL}")
        return node

    async def pools(self) -> list[PoolContainer]:
        response = await self._call("GET", "/v1/pools")
        try:
            return [PoolContainer.model_validate(item) for item in response.json()["items"]]
        except (ValueError, KeyError, TypeError) as error:
            raise _unusable("answered something else than a list of pools") from error

    async def pool(self, pool_id: str) -> PoolContainer | None:
        """None where there is none."""
        return await self._maybe(PoolContainer, f"/v1/pools/{pool_id}")

    async def ensure(self, pool_id: str, spec: PoolSpec) -> PoolContainer:
        body = spec.to_json(reveal_secrets=True)
        return _parsed(PoolContainer, await self._act("PUT", f"/v1/pools/{pool_id}", _ACT_SECONDS, body))

    async def mend(self, pool_id: str) -> PoolContainer:
        return _parsed(PoolContainer, await self._call("POST", f"/v1/pools/{pool_id}/mend", _ACT_SECONDS))

    async def stop(self, pool_id: str, seconds: int) -> None:
        await self._act("POST", f"/v1/pools/{pool_id}/stop?seconds={seconds}", seconds + _ACT_SECONDS)

    async def remove(self, pool_id: str) -> None:
        await self._act("DELETE", f"/v1/pools/{pool_id}", _ACT_SECONDS)

    async def volumes(self) -> list[PoolVolume]:
        """Of all pools, those that are gone included."""
        response = await self._call("GET", "/v1/volumes")
        try:
            return [PoolVolume.model_validate(item) for item in response.json()["items"]]
        except (ValueError, KeyError, TypeError) as error:
            raise _unusable("answered something else than a list of volumes") from error

    async def purge(self, pool_id: str) -> None:
        await self._act("DELETE", f"/v1/volumes/{pool_id}?confirm={pool_id}", _ACT_SECONDS)

    async def logs(self, pool_id: str, tail: int = 200) -> str:
        return (await self._call("GET", f"/v1/pools/{pool_id}/logs?tail={tail}")).text

    async def image(self, reference: str) -> PoolImage:
        """Refused as a pool of this image would be."""
        return _parsed(PoolImage, await self._call("GET", f"/v1/images?{urlencode({'reference': reference})}"))

    async def paper(self) -> CompanionContainer | None:
        """None where there is none."""
        return await self._maybe(CompanionContainer, "/v1/paper-exchange")

    async def ensure_paper(self, spec: PaperSpec) -> CompanionContainer:
        body = spec.to_json(reveal_secrets=True)
        return _parsed(CompanionContainer, await self._act("PUT", "/v1/paper-exchange", _ACT_SECONDS, body))

    async def remove_paper(self) -> None:
        await self._act("DELETE", "/v1/paper-exchange", _ACT_SECONDS)

    async def gateway(self) -> CompanionContainer | None:
        """None where there is none."""
        return await self._maybe(CompanionContainer, "/v1/gateway")

    async def ensure_gateway(self, spec: GatewaySpec) -> CompanionContainer:
        return _parsed(CompanionContainer, await self._act("PUT", "/v1/gateway", _ACT_SECONDS, spec.to_json()))

    async def remove_gateway(self) -> None:
        await self._act("DELETE", "/v1/gateway", _ACT_SECONDS)

    async def events(self) -> AsyncGenerator[ContainerEvent, None]:
        """Until the broker goes or falls silent, which raises Refused; the first is a `resync`."""
        timeout = httpx.Timeout(_LOOK_SECONDS, read=_SILENCE_SECONDS)
        try:
            async with self._http.stream("GET", "/v1/events", timeout=timeout) as response:
                if not response.is_success:
                    await response.aread()
                    raise _refused(response)
                async for line in response.aiter_lines():
                    if line:
                        yield ContainerEvent.model_validate(json.loads(line))
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        raise self._unreachable(None)

    async def _maybe(self, model: type[M], path: str) -> M | None:
        try:
            return _parsed(model, await self._call("GET", path))
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return None
            raise

    async def _act(
        self, method: str, path: str, seconds: float, body: bytes | None = None, terms_left: int = _TERMS_AT_MOST
    ) -> httpx.Response:
        term = await self._in_term()
        try:
            return await self._call(method, path, seconds, body, term)
        except Refused as refused:
            if refused.refusal.code is not RefusalCode.DEPOSED:
                raise
            self._term = None if self._term == term else self._term
            if terms_left == 1:
                raise
        return await self._act(method, path, seconds, body, terms_left - 1)

    async def _in_term(self) -> str:
        async with self._asking:
            if self._term is None:
                await self._check_leading()
                if (problem := await self.misplaced()) is not None:  # those who lead there are left alone
                    raise Refused(RefusalCode.OTHER_DOCKER, problem)
                told = _parsed(BrokerTerm, await self._call("POST", "/v1/terms", _TERM_SECONDS))
                await self._check_leading()
                await self._check_place()
                self._term = told.term
            return self._term

    async def _check_leading(self) -> None:
        if not await self._leads():
            raise Refused(
                RefusalCode.DEPOSED, "This control plane leads no more, or cannot make sure: it leaves pools alone."
            )

    async def _check_place(self) -> None:
        place = None if self._place is None else (await self.node()).place
        problem = None if self._place is None or place is None else await self._place(place)
        if problem is not None:
            raise Refused(RefusalCode.OTHER_DOCKER, problem)

    async def _call(
        self,
        method: str,
        path: str,
        seconds: float = _LOOK_SECONDS,
        body: bytes | None = None,
        term: str | None = None,
    ) -> httpx.Response:
        headers = {"Content-Type": "application/json"} | ({} if term is None else {TERM_HEADER: term})
        try:
            response = await self._http.request(method, path, content=body, headers=headers, timeout=seconds)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise _refused(response)
        return response

    def _unreachable(self, error: Exception | None) -> Refused:
        why = f" ({type(error).__name__})" if error is not None else ""
        return Refused(
            RefusalCode.BROKER_UNREACHABLE,
            f"The broker does not answer on {self._path}{why}: start it (python -m orchestrator.broker), or set "
            "FLOTILLA_ORCH_BROKER_SOCKET to its socket, and let this user open it.",
        )


async def _alone() -> bool:
    return True


def _parsed(model: type[M], response: httpx.Response) -> M:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise _unusable(f"answered something else than a {model.__name__}") from error


def _refused(response: httpx.Response) -> Refused:
    try:
        told = Refusal.model_validate_json(response.content)
    except ValidationError:
        return _unusable(f"answered with status {response.status_code}")
    return Refused(told.code, told.message)


def _unusable(what: str) -> Refused:
    return Refused(RefusalCode.BROKER_UNREACHABLE, f"The broker {what}: run broker and control plane of one release.")
