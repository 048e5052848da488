"""HTTP client of one pool's agent: a method for each call. Deadlines and errors are as `pools.link` has them."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import AgentUnreachable, Error, NotFound, RelayRefused
from orchestrator.pools.link import CALL_SECONDS, CONNECT_SECONDS, AgentEndpoint, AgentLink
from orchestrator.pools.listing import Listing
from orchestrator.pools.relaying import BotAnswer, RelayLink
from pool.contract import PROTOCOL_VERSION
from pool.contract.books import BookMarks, BookMode, Books
from pool.contract.checks import CheckAnswer, CheckRequest
from pool.contract.events import StreamItem
from pool.contract.model import Wire
from pool.contract.policy import PolicyInForce
from pool.contract.pools import PoolReport, TokenReport
from pool.contract.risk import Grant, Grants, RiskAnswer, RiskOrder, RiskOrders
from pool.contract.slots import Command, CommandResult, Slot, SlotSpec, StrategySource
from pool.contract.transfer import DIGEST_HEADER, DirectoryReport

__all__ = ["AgentClient", "AgentEndpoint", "AgentHealth", "BotAnswer", "Parcel", "WebSocketTarget"]

COMMAND_SECONDS = 40.0
"""A bot serves commands between two of its loops."""
CHECK_SECONDS = 1200.0
"""A pool checks one strategy at a time, and a few may wait there."""
RELAY_SECONDS = 60.0
STREAM_SILENCE_SECONDS = 15.0
"""The agent beats every 5 s on its event stream; silence for this long means that it is gone."""

PARCEL_SILENCE_SECONDS = 60.0
"""An agent reads a directory before it sends it, and writes it before it answers."""

_STREAM_ITEM: TypeAdapter[StreamItem] = TypeAdapter(StreamItem)


class AgentHealth(Wire):
    protocol: int
    incarnation: str


@dataclass(frozen=True, slots=True)
class WebSocketTarget:
    """What to dial for the relay of a WebSocket. The headers carry the agent's token: never hand them out."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A bot's directory under way, to be read once."""

    digest: str
    """Of what it must be when it has arrived."""
    chunks: AsyncIterator[bytes]


class AgentClient:
    """Talks to the agent at `endpoint`. Close it with `aclose`. `doubt` is called with the pool's id whenever nobody
    answers there, or somebody who is not its agent."""

    def __init__(
        self,
        pool_id: str,
        endpoint: AgentEndpoint,
        transport: httpx.AsyncBaseTransport | None = None,
        doubt: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.pool_id = pool_id
        self.endpoint = endpoint
        self._link = AgentLink(pool_id, endpoint, transport, doubt)
        self._relays = RelayLink(endpoint, self._link.errors)
        self._listing = Listing()

    async def aclose(self) -> None:
        await self._link.aclose()
        await self._relays.aclose()

    async def health(self, seconds: float = CALL_SECONDS) -> AgentHealth:
        """Raises AgentUnreachable, also for an agent of another protocol version."""
        health = self._link.parse(AgentHealth, await self._link.call("GET", "/v1/health", seconds=seconds))
        self._check_protocol(health.protocol)
        return health

    async def pool(self, seconds: float = CALL_SECONDS) -> PoolReport:
        """Raises AgentUnreachable, also for an agent of another protocol version."""
        response = await self._link.call("GET", "/v1/pool", seconds=seconds)
        report = self._link.parse(PoolReport, response)
        self._check_protocol(report.protocol)
        return report

    async def slots(self, seconds: float = CALL_SECONDS, *, snapshots: bool = True) -> list[Slot]:
        """Without snapshots, which are most of it, `Slot.snapshot` is None; an agent of before tells them anyway."""
        params = None if snapshots else {"snapshots": "false"}
        response = await self._link.call("GET", "/v1/slots", params=params, seconds=seconds)
        try:
            return self._listing.read(response.content)
        except ValueError as error:
            raise self._link.nonsense() from error

    async def slot(self, bot_id: str) -> Slot:
        """Raises NotFound."""
        return self._link.parse(Slot, await self._link.call("GET", _slot(bot_id)))

    async def put_slot(self, bot_id: str, spec: SlotSpec, seconds: float = CALL_SECONDS) -> Slot:
        """Raises StaleEpoch, NoCapacity, InvalidSpec."""
        content = spec.to_json(reveal_secrets=True)
        headers = {"Content-Type": "application/json"}
        response = await self._link.call("PUT", _slot(bot_id), content=content, headers=headers, seconds=seconds)
        return self._link.parse(Slot, response)

    async def put_policy(self, bot_id: str, epoch: int, policy: PolicyInForce, seconds: float = CALL_SECONDS) -> None:
        """Returns once the bot's pool has it on disk; the bot itself tells by its fingerprint when it keeps it. Raises
        NotFound, StaleEpoch, AgentOutdated."""
        path, params = _slot(bot_id) + "/policy", {"epoch": str(epoch)}
        await self._link.tell("PUT", path, policy, params=params, seconds=seconds)

    async def post_risk(
        self,
        clock: float | None,
        orders: Sequence[RiskOrder],
        seconds: float = CALL_SECONDS,
        looked: float | None = None,
    ) -> RiskAnswer:
        """Modes and leases of all bots of the pool; `clock` is that of the last answer, None at first, `looked` that of
        the last one before these orders were read. Orders about bots without a slot, and stale ones, are passed over.
        Raises AgentOutdated."""
        body = RiskOrders(clock=clock, orders=list(orders), looked=looked)
        return self._link.parse(RiskAnswer, await self._link.tell("POST", "/v1/risk", body, seconds=seconds))

    async def post_grants(self, grants: Sequence[Grant], seconds: float = CALL_SECONDS) -> None:
        """Answers to reservations; one that no bot waits for any more is passed over. Raises AgentOutdated."""
        await self._link.tell("POST", "/v1/grants", Grants(grants=list(grants)), seconds=seconds)

    async def renew_token(self, seconds: float = CALL_SECONDS) -> TokenReport:
        """Has the agent make a new bearer token, which is found where this one was; this one is taken for ten minutes
        more. Raises AgentOutdated."""
        return self._link.parse(TokenReport, await self._link.tell("POST", "/v1/token", None, seconds=seconds))

    async def check(
        self, strategy: StrategySource, *, deep: bool = False, seconds: float = CHECK_SECONDS
    ) -> CheckAnswer:
        """What is wrong with a strategy, found out in a sandboxed fork of the pool. Raises AgentOutdated, NoCapacity
        where the pool cannot look now."""
        body = CheckRequest(strategy=strategy, deep=deep)
        return self._link.parse(CheckAnswer, await self._link.tell("POST", "/v1/checks", body, seconds=seconds))

    async def delete_slot(self, bot_id: str, epoch: int, seconds: float = CALL_SECONDS) -> bool:
        """True once the slot is gone (or was never there), False while its process is stopping. Raises StaleEpoch."""
        try:
            response = await self._link.call("DELETE", _slot(bot_id), params={"epoch": str(epoch)}, seconds=seconds)
        except NotFound:
            return True
        return response.status_code == httpx.codes.NO_CONTENT

    async def restart(self, bot_id: str, epoch: int, seconds: float = CALL_SECONDS) -> None:
        """Raises NotFound, StaleEpoch."""
        await self._link.call("POST", _slot(bot_id) + "/restart", params={"epoch": str(epoch)}, seconds=seconds)

    async def command(self, bot_id: str, command: Command, seconds: float = COMMAND_SECONDS) -> CommandResult:
        """Raises NotFound, BotNotRunning, RelayTimeout."""
        headers = {"Content-Type": "application/json"}
        path = _slot(bot_id) + "/commands"
        response = await self._link.call("POST", path, content=command.to_json(), headers=headers, seconds=seconds)
        return self._link.parse(CommandResult, response)

    async def books(self, bot_id: str, mode: BookMode, after: str = "", seconds: float = CALL_SECONDS) -> Books:
        """A page of the bot's orders, whatever state it is in; of a deleted one from the archive. `after` is `settled`
        of the last round, or `cursor` of the page before. Raises NotFound where the pool never had the bot,
        AgentOutdated."""
        path, params = _slot(bot_id) + "/books", {"mode": mode, "after": after}
        return self._link.parse(Books, await self._link.tell("GET", path, None, params=params, seconds=seconds))

    async def book_marks(self, seconds: float = CALL_SECONDS) -> BookMarks:
        """Of the pool's bots, those whose books may be the same as before. Raises AgentOutdated."""
        return self._link.parse(BookMarks, await self._link.tell("GET", "/v1/books", None, seconds=seconds))

    async def logs(self, bot_id: str, tail: int = 200) -> list[str]:
        """The last lines of the bot's log, oldest first. Raises NotFound."""
        response = await self._link.call("GET", _slot(bot_id) + "/logs", params={"tail": str(tail)})
        return response.text.splitlines()

    async def follow_logs(self, bot_id: str, tail: int = 200) -> AsyncGenerator[str, None]:
        """The last lines, then new ones as they come, until the caller closes the iterator (`aclose`) or the agent goes
        (AgentUnreachable). A quiet bot is no error. Raises NotFound."""
        params = {"tail": str(tail), "follow": "true"}
        async with self._link.stream(_slot(bot_id) + "/logs", params, read_seconds=None) as response:
            with self._link.errors():
                async for line in response.aiter_lines():
                    yield line

    @asynccontextmanager
    async def directory(self, bot_id: str, epoch: int) -> AsyncIterator["Parcel"]:
        """The directory of a bot that is stopped under just this epoch, which fences it there. Raises NotFound,
        StaleEpoch, Conflict where a process or a start is in the way."""
        async with self._link.stream(
            _slot(bot_id) + "/directory", {"epoch": str(epoch)}, PARCEL_SILENCE_SECONDS
        ) as told:
            yield Parcel(told.headers.get(DIGEST_HEADER, ""), self._chunks(told))

    async def put_directory(self, bot_id: str, epoch: int, parcel: "Parcel") -> DirectoryReport:
        """Has the target keep a directory under this epoch; returns once it is complete there. Raises StaleEpoch,
        Conflict where the bot has a slot there, InvalidSpec where it did not arrive as it was sent."""
        timeout = httpx.Timeout(PARCEL_SILENCE_SECONDS, connect=CONNECT_SECONDS)
        with self._link.errors():
            response = await self._link.http.put(
                _slot(bot_id) + "/directory",
                params={"epoch": str(epoch)},
                content=parcel.chunks,
                headers={"Content-Type": "application/x-tar", DIGEST_HEADER: parcel.digest},
                timeout=timeout,
            )
        if response.is_error:
            raise self._link.problem(response)
        return self._link.parse(DirectoryReport, response)

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        with self._link.errors():
            async for chunk in response.aiter_bytes():
                yield chunk

    async def events(self, cursor: str | None = None) -> AsyncGenerator[StreamItem, None]:
        """Items of the pool's stream after the cursor, without end. Raises AgentUnreachable when the agent goes, is
        silent for 15 s or talks nonsense."""
        params = {} if cursor is None else {"cursor": cursor}
        async with self._link.stream("/v1/events", params, read_seconds=STREAM_SILENCE_SECONDS) as response:
            with self._link.errors():
                async for line in response.aiter_lines():
                    if line:
                        yield self._stream_item(line)
        raise AgentUnreachable(f"The agent of {self.pool_id} ended its event stream.", pool_id=self.pool_id)

    async def relay(
        self,
        bot_id: str,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]] = (),
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        seconds: float = RELAY_SECONDS,
    ) -> BotAnswer:
        """The answer of the bot's own REST API to `path` (below `/api/v1/`). The body is not read yet: iterate
        `chunks()` and always `aclose()`. Raises NotFound, BotNotRunning, RelayRefused, RelayTimeout,
        AgentUnreachable."""
        asked = f"{_slot(bot_id)}/api/{_clean_path(path)}"
        answer = await self._relays.send(method, asked, query, headers, body, seconds)
        if answer.status >= httpx.codes.BAD_REQUEST and answer.is_json and answer.is_short:  # as an agent's own are
            await self._raise_agents_own(answer)
        return answer

    def websocket(self, bot_id: str, path: str = "message/ws") -> WebSocketTarget:
        """Where to dial the relay of the bot's WebSocket."""
        parts = urlsplit(self.endpoint.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        url = f"{scheme}://{parts.netloc}{_slot(bot_id)}/api/{_clean_path(path)}"
        return WebSocketTarget(url, {"Authorization": f"Bearer {self.endpoint.token}"})

    async def _raise_agents_own(self, answer: BotAnswer) -> None:
        """Raises where the agent, not the bot, refused; the body of the bot's own refusal stays readable."""
        try:
            self._link.raise_agents_own(await answer.read())
        except Error:
            await answer.aclose()
            raise

    def _stream_item(self, line: str) -> StreamItem:
        try:
            return _STREAM_ITEM.validate_json(line)
        except ValidationError as error:
            raise self._link.nonsense() from error

    def _check_protocol(self, protocol: int) -> None:
        if protocol != PROTOCOL_VERSION:
            raise AgentUnreachable(
                f"The agent of {self.pool_id} speaks protocol {protocol}, not {PROTOCOL_VERSION}; restart the pool.",
                pool_id=self.pool_id,
                protocol=protocol,
            )


def _slot(bot_id: str) -> str:
    return f"/v1/slots/{quote(bot_id, safe='')}"


def _clean_path(path: str) -> str:
    segments = path.strip("/").split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise RelayRefused("This path is not one of FreqTrade's API.", path=path[:200])
    return "/".join(quote(segment, safe="") for segment in segments)
