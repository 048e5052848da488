"""The agent's end of its channel to init: descriptor 3, one JSON frame a packet. Without init the agent ends too."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable

from loguru import logger
from pydantic import TypeAdapter, ValidationError

from pool.contract.frames import Alive, Forget, Fork, InitToAgent, Signal, Table
from pool.contract.model import Wire

CONTROL_DESCRIPTOR = 3
_PACKET_LIMIT_BYTES = 256 * 1024
_FRAMES: TypeAdapter[Wire] = TypeAdapter(InitToAgent)


class InitLink:
    """Frames from init go to `on_frame` in order; `gone` is set when init has ended."""

    def __init__(self, descriptor: int = CONTROL_DESCRIPTOR) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._waiting: deque[bytes] = deque()
        self._on_frame: Callable[[Wire], None] | None = None
        self._early: list[Wire] = []
        self.gone = asyncio.Event()

    async def table(self, timeout_seconds: float = 30) -> Table:
        """Init's table of runs, with which it greets every agent. Raises TimeoutError, or EOFError."""
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        async with asyncio.timeout(timeout_seconds):
            while True:
                tables = [frame for frame in self._early if isinstance(frame, Table)]
                if tables and not tables[-1].more:
                    break
                if self.gone.is_set():
                    raise EOFError("init has gone")
                await asyncio.sleep(0.005)
        self._early = [frame for frame in self._early if not isinstance(frame, Table)]
        return tables[-1].model_copy(update={"runs": [run for table in tables for run in table.runs]})

    def listen(self, on_frame: Callable[[Wire], None]) -> None:
        """From now on frames go to `on_frame`, those that came since the table first."""
        early, self._early = self._early, []
        self._on_frame = on_frame
        for frame in early:
            on_frame(frame)

    def tell_alive(self) -> None:
        """What still waits for init tells as much."""
        if not self._waiting:
            self.send(Alive())

    def send(self, frame: Fork | Signal | Forget | Alive) -> None:
        """Sends, or queues while init is busy."""
        self._waiting.append(frame.to_json(reveal_secrets=True))
        self._flush()

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                loop.add_writer(self._socket, self._flush)
                return
            except OSError:
                self._end()
                return
            self._waiting.popleft()
        loop.remove_writer(self._socket)

    def _readable(self) -> None:
        while not self.gone.is_set():
            try:
                packet = self._socket.recv(_PACKET_LIMIT_BYTES)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._end()
                return
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        try:
            frame = _FRAMES.validate_json(packet)
        except ValidationError as problem:
            logger.error("init sent a frame not understood ({} errors)", problem.error_count())
            return
        if self._on_frame is None:
            self._early.append(frame)
        else:
            self._on_frame(frame)

    def _end(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        loop.remove_writer(self._socket)
        self._waiting.clear()
        self.gone.set()
