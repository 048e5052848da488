"""The Unix socket that bots dial.

A bot opens with `Hello`. These must agree before it is answered: the peer's pid as the kernel tells it (SO_PEERCRED)
with the pid that init reported for the run, its user id with the slot's, the nonce given at its fork, and the protocol.
Anyone else is closed on without a word, and logged. Bots with user ids of their own may all dial the socket, each a
few times at once (`turnstile`), and have a few seconds to say who they are.
A frame that is none, or is out of bounds (`pool.contract.reported`), is lost, and nothing else.
"""

import asyncio
import contextlib
import hmac
import os
import secrets
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loguru import logger
from pydantic import TypeAdapter, ValidationError

from pool.agent.turnstile import Caller, Turnstile, caller
from pool.contract import PROTOCOL_VERSION
from pool.contract.frames import BotFrame, CommandFrame, Hello, ReserveFrame, ResultFrame, SettleFrame, Welcome
from pool.contract.model import Wire
from pool.contract.slots import ExchangeCredentials
from pool.ipc.framing import FrameError, pack, read_frame
from pool.ipc.unix_address import bind_unix

_HELLO_SECONDS = 5.0
_HELLO_BYTES = 4096
_PEER = struct.Struct("3i")
_ROOT = 0
"""A bot that could not become its own user, where the pool's settings put up with that."""
_BUFFER_LIMIT_BYTES = 8 * 1024 * 1024
_BYTES_PER_SECOND = 1024 * 1024
_BURST_BYTES = 8 * 1024 * 1024
"""Room for all that a bot holds back while there is no agent."""
_FRAME_COST_BYTES = 1024
_ASKING_COST_BYTES = 32 * 1024
"""More of what goes on to the control plane at once: some thirty a second in the long run."""
_APART_SECONDS = 0.01
"""Before a frame that comes so long after the last one the others were heard; else they are before the next."""
_FRAMES: TypeAdapter[Wire] = TypeAdapter(BotFrame)


class NotConnected(Exception):
    """The bot is not connected, or went while it was being spoken to."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What a run's `Hello` must agree with, and what its `Welcome` brings."""

    pid: int
    uid: int | None
    """User id of its own; None where it runs as the agent does."""
    nonce: str
    epoch: int
    credentials: ExchangeCredentials | None


class BotListener(Protocol):
    """Who hears bots: `pool.agent.reception`."""

    incarnation: str

    async def admission(self, bot_id: str, run_id: str, timeout_seconds: float) -> Admission | None:
        """What the run must show; None for an unknown run, or one whose pid is not told in time."""

    def bot_connected(self, bot_id: str, run_id: str, connection: "BotConnection") -> None: ...

    def bot_said(self, bot_id: str, run_id: str, frame: Wire, connection: "BotConnection") -> None: ...

    def bot_disconnected(self, bot_id: str, run_id: str, connection: "BotConnection") -> None: ...


class BotConnection:
    """One accepted bot."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.ended = asyncio.Event()
        """Set once everything that the bot said was heard: the stream is at its end, or broken."""
        self._writer = writer
        self._results: dict[str, asyncio.Future[ResultFrame]] = {}
        self._refused = 0

    def understand(self, payload: bytes, bot_id: str) -> Wire | None:
        """The frame; None for what no bot may say, which is logged once."""
        try:
            return _FRAMES.validate_json(payload)
        except ValidationError as problem:
            if self._refused == 0:
                # The text of a validation error quotes what the peer sent, hence only its kind.
                kinds = sorted({error["type"] for error in problem.errors(include_input=False, include_context=False)})
                logger.warning("bot {} says what no bot may say ({}): it is dropped", bot_id, ", ".join(kinds)[:200])
            self._refused += 1
            return None

    def send(self, frame: Wire) -> None:
        """Sends without waiting; closes on a bot that does not read. A bot that has gone is noticed elsewhere."""
        if self._writer.is_closing():
            return
        self._writer.write(pack(frame.to_json(reveal_secrets=True)))
        if self._writer.transport.get_write_buffer_size() > _BUFFER_LIMIT_BYTES:
            self._writer.transport.abort()

    async def command(self, frame: CommandFrame, timeout_seconds: float) -> ResultFrame:
        """Sends and waits for the result. Raises NotConnected, or TimeoutError."""
        if self._writer.is_closing():
            raise NotConnected
        future: asyncio.Future[ResultFrame] = asyncio.get_running_loop().create_future()
        self._results[frame.command_id] = future
        try:
            self.send(frame)
            return await asyncio.wait_for(future, timeout_seconds)
        finally:
            self._results.pop(frame.command_id, None)

    def take_result(self, frame: ResultFrame) -> bool:
        """Gives the result to whoever waits for it; False where nobody does."""
        future = self._results.get(frame.command_id)
        if future is None or future.done():
            return False
        future.set_result(frame)
        return True

    def close(self) -> None:
        for future in self._results.values():
            if not future.done():
                future.set_exception(NotConnected())
        self._writer.close()


def command_frame(name: str, arguments: dict[str, object] | None = None) -> CommandFrame:
    """A command with a fresh id."""
    return CommandFrame.model_validate({"command_id": secrets.token_hex(8), "name": name, "arguments": arguments or {}})


class Allowance:
    """How much one bot may say: `_BYTES_PER_SECOND` in the long run. Who says more is read more slowly, so that it
    neither keeps the agent from hearing the others nor drives their events out of the ring."""

    def __init__(self, now: float) -> None:
        self._left = float(_BURST_BYTES)
        self._at = now

    def spend(self, size: int, now: float) -> float:
        """Seconds to wait before the next frame is read."""
        self._left = min(self._left + (now - self._at) * _BYTES_PER_SECOND, _BURST_BYTES) - size - _FRAME_COST_BYTES
        self._at = now
        return max(-self._left / _BYTES_PER_SECOND, 0.0)


class BotServer:
    """Listens on `<pool>/agent.sock`."""

    def __init__(self, listener: BotListener, slots_total: int) -> None:
        self._listener = listener
        self._turnstile = Turnstile(slots_total)
        self._server: asyncio.Server | None = None

    async def start(self, file: Path, *, open_to_all: bool = False) -> None:
        """`open_to_all`: other users may dial as well. Raises OSError where the socket cannot be made."""
        listener = bind_unix(file, 0o666 if open_to_all else 0o600)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener)

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid, uid = _peer(writer)
        who = caller(uid, pid, shared_uids=(os.getuid(), _ROOT))
        if not self._turnstile.enter(who):
            self._tell(who, f"process {pid} has too many open, or all have")
            writer.transport.abort()
            return
        try:
            hello, refusal, welcome = await self._check(pid, uid, reader)
            if hello is None or welcome is None:
                self._tell(who, refusal)
                return
            await self._converse(hello, welcome, reader, writer)
        except (OSError, EOFError, FrameError, ValidationError, TimeoutError) as problem:
            # The text of a validation error quotes what the peer sent, hence only its kind.
            logger.debug("a bot's connection ended: {}", type(problem).__name__)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._turnstile.leave(who)

    def _tell(self, who: Caller, refusal: str) -> None:
        if self._turnstile.is_told(who, time.monotonic()):
            logger.warning("refused a connection on the agent's socket: {}", refusal)

    async def _check(
        self, pid: int, uid: int, reader: asyncio.StreamReader
    ) -> tuple[Hello | None, str, Welcome | None]:
        frame = _FRAMES.validate_json(await asyncio.wait_for(read_frame(reader, _HELLO_BYTES), _HELLO_SECONDS))
        if not isinstance(frame, Hello):
            return None, f"process {pid} did not say hello first", None
        if frame.protocol != PROTOCOL_VERSION:
            return None, f"bot {frame.bot_id} speaks protocol {frame.protocol}, not {PROTOCOL_VERSION}", None
        admission = await self._listener.admission(frame.bot_id, frame.run_id, _HELLO_SECONDS)
        if admission is None:
            return None, f"process {pid} claims run {frame.run_id!r} of bot {frame.bot_id}, which is not known", None
        if pid != admission.pid or not hmac.compare_digest(frame.nonce.encode(), admission.nonce.encode()):
            return None, f"process {pid} is not the one forked as run {frame.run_id} of bot {frame.bot_id}", None
        if uid not in (admission.uid if admission.uid is not None else os.getuid(), _ROOT):
            return None, f"process {pid} of bot {frame.bot_id} belongs to another user", None
        if frame.epoch != admission.epoch:
            return None, f"bot {frame.bot_id} says epoch {frame.epoch}, its run has {admission.epoch}", None
        welcome = Welcome(incarnation=self._listener.incarnation, credentials=admission.credentials, turns=True)
        return frame, "", welcome

    async def _converse(
        self, hello: Hello, welcome: Welcome, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = BotConnection(writer)
        connection.send(welcome)
        self._listener.bot_connected(hello.bot_id, hello.run_id, connection)
        said_at = time.monotonic()
        allowance = Allowance(said_at)
        try:
            while True:
                payload = await read_frame(reader)
                waited = time.monotonic() - said_at > _APART_SECONDS
                frame = connection.understand(payload, hello.bot_id)
                if frame is not None and not (isinstance(frame, ResultFrame) and connection.take_result(frame)):
                    self._listener.bot_said(hello.bot_id, hello.run_id, frame, connection)
                asking = _ASKING_COST_BYTES if isinstance(frame, ReserveFrame | SettleFrame) else 0
                said_at = time.monotonic()
                pause = allowance.spend(len(payload) + asking, said_at)
                if pause or not waited:
                    await asyncio.sleep(pause)
        finally:
            self._listener.bot_disconnected(hello.bot_id, hello.run_id, connection)
            connection.close()
            connection.ended.set()


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Pid and uid of the peer, as the kernel noted them at connect."""
    raw = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, _gid = _PEER.unpack(raw)
    return pid, uid
