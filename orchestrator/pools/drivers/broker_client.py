"""Client of the broker: `orchestrator.broker.contract` over its Unix socket. Every failure is a `Refused`, that nobody
answers included."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import ValidationError

from orchestrator.broker.contract import (
    BROKER_PROTOCOL,
    BrokerModel,
    ContainerEvent,
    Node,
    PaperContainer,
    PaperSpec,
    PoolContainer,
    PoolSpec,
    Refusal,
    RefusalCode,
    Refused,
)

_LOOK_SECONDS = 20.0
_ACT_SECONDS = 180.0
_SILENCE_SECONDS = 20.0
M = TypeVar("M", bound=BrokerModel)


class BrokerClient:
    """Close it with `aclose`. All calls raise Refused."""

    def __init__(self, path: Path, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._path = path
        self._http = httpx.AsyncClient(
            base_url="http://broker",
            transport=transport or httpx.AsyncHTTPTransport(uds=str(path), limits=httpx.Limits(max_connections=None)),
            trust_env=False,
        )

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
        return _parsed(PoolContainer, await self._call("PUT", f"/v1/pools/{pool_id}", _ACT_SECONDS, body))

    async def mend(self, pool_id: str) -> PoolContainer:
        return _parsed(PoolContainer, await self._call("POST", f"/v1/pools/{pool_id}/mend", _ACT_SECONDS))

    async def stop(self, pool_id: str, seconds: int) -> None:
        await self._call("POST", f"/v1/pools/{pool_id}/stop?seconds={seconds}", seconds + _ACT_SECONDS)

    async def restart(self, pool_id: str, seconds: int) -> None:
        await self._call("POST", f"/v1/pools/{pool_id}/restart?seconds={seconds}", seconds + _ACT_SECONDS)

    async def remove(self, pool_id: str) -> None:
        await self._call("DELETE", f"/v1/pools/{pool_id}", _ACT_SECONDS)

    async def purge(self, pool_id: str) -> None:
        await self._call("DELETE", f"/v1/volumes/{pool_id}?confirm={pool_id}", _ACT_SECONDS)

    async def logs(self, pool_id: str, tail: int = 200) -> str:
        return (await self._call("GET", f"/v1/pools/{pool_id}/logs?tail={tail}")).text

    async def paper(self) -> PaperContainer | None:
        """None where there is none."""
        return await self._maybe(PaperContainer, "/v1/paper-exchange")

    async def ensure_paper(self, spec: PaperSpec) -> PaperContainer:
        body = spec.to_json(reveal_secrets=True)
        return _parsed(PaperContainer, await self._call("PUT", "/v1/paper-exchange", _ACT_SECONDS, body))

    async def remove_paper(self) -> None:
        await self._call("DELETE", "/v1/paper-exchange", _ACT_SECONDS)

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

    async def _call(
        self, method: str, path: str, seconds: float = _LOOK_SECONDS, body: bytes | None = None
    ) -> httpx.Response:
        try:
            response = await self._http.request(
                method, path, content=body, headers={"Content-Type": "application/json"}, timeout=seconds
            )
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
