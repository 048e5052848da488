"""An agent for bots: greets, records all frames, acknowledges if told to, sends commands. One bot at a time."""

import contextlib
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pool.agent.watches import FOLLOW_SECONDS
from pool.contract.frames import (
    Ack,
    BotEvent,
    BotFrame,
    CommandFrame,
    ConditionFrame,
    FollowFrame,
    GrantFrame,
    Heartbeat,
    Hello,
    ReserveFrame,
    ResultFrame,
    SnapshotFrame,
    WatchFrame,
    Welcome,
)
from pool.contract.model import Wire
from pool.contract.risk import Grant
from pool.contract.slots import ExchangeCredentials
from pool.contract.snapshots import BotSnapshot
from pool.ipc.framing import pack, receive_frame
from pool.ipc.unix_address import bind_unix
from tests.support import PATIENT_SECONDS, eventually_sync

_FRAME: TypeAdapter[BotFrame] = TypeAdapter(BotFrame)


class RecordingAgent:
    """Listens on `address` from `start` to `stop`; can be started again, as the same or as a new incarnation."""

    def __init__(
        self,
        address: Path,
        *,
        credentials: ExchangeCredentials | None = None,
        acknowledges: bool = True,
        greets: bool = True,
        grants: bool = True,
    ) -> None:
        self.address = address
        self.credentials = credentials
        self.acknowledges = acknowledges
        self.greets = greets
        self.grants = grants
        """Whether a bot that asks for permission gets it; it is answered in any case."""
        self.follows = False
        """Whether it says, at each heartbeat, that it follows all prices that the bot waits for."""
        self.granted: set[str] = set()
        """Requests that were."""
        self.incarnation = uuid.uuid4().hex
        self.hellos: list[Hello] = []
        self.frames: list[BotFrame] = []
        self._server: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self, *, incarnation: str | None = None) -> None:
        if incarnation is not None:
            self.incarnation = incarnation
        self._server = bind_unix(self.address)
        self._server.listen()
        self._thread = threading.Thread(target=self._accept, args=(self._server,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Vanish as a killed agent does."""
        for end in (self._server, self._connection):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        if self._thread is not None:
            self._thread.join(5)
        self._server = self._connection = None

    @property
    def connected(self) -> bool:
        """A bot greeted and was greeted, and is there as far as is known."""
        return self._connection is not None

    def hears(self, pid: int) -> bool:
        """That process was greeted, and what it says was not read to its end yet."""
        return self.connected and self.hellos[-1].pid == pid

    def forget(self) -> None:
        """Drop what was recorded."""
        self.frames.clear()

    def events(self, prefix: str = "") -> list[BotEvent]:
        return [frame for frame in self.frames if isinstance(frame, BotEvent) and frame.type.startswith(prefix)]

    def heartbeats(self) -> list[Heartbeat]:
        return [frame for frame in self.frames if isinstance(frame, Heartbeat)]

    def conditions(self) -> list[ConditionFrame]:
        return [frame for frame in self.frames if isinstance(frame, ConditionFrame)]

    def snapshots(self) -> list[BotSnapshot]:
        return [frame.snapshot for frame in self.frames if isinstance(frame, SnapshotFrame)]

    def await_heartbeat(self, timeout_seconds: float = PATIENT_SECONDS, **wanted: Any) -> Heartbeat:
        """The first heartbeat from now on whose fields are as wanted."""
        start = len(self.heartbeats())

        def found() -> Heartbeat | None:
            for beat in self.heartbeats()[start:]:
                if all(getattr(beat, key) == value for key, value in wanted.items()):
                    return beat
            return None

        return eventually_sync(found, timeout_seconds, f"heartbeat with {wanted}")

    def command(self, name: str, timeout_seconds: float = PATIENT_SECONDS, **arguments: Any) -> ResultFrame:
        """Send a command and wait for its result."""
        command_id = uuid.uuid4().hex
        self.send(CommandFrame.model_validate({"command_id": command_id, "name": name, "arguments": arguments}))
        return eventually_sync(lambda: self._result(command_id), timeout_seconds, f"result of {name}")

    def send(self, frame: Wire) -> None:
        connection = eventually_sync(lambda: self._connection, message="a bot's connection")
        connection.sendall(pack(frame.to_json(reveal_secrets=True)))

    def watches(self) -> list[WatchFrame]:
        return [frame for frame in self.frames if isinstance(frame, WatchFrame)]

    def _follow(self) -> FollowFrame:
        told = self.watches()
        until = time.clock_gettime(time.CLOCK_BOOTTIME) + FOLLOW_SECONDS
        return FollowFrame(number=told[-1].number if told else 0, until=until)

    def _grant(self, frame: ReserveFrame, bot_id: str) -> Grant:
        asked = frame.request.request_id
        granted = self.grants
        if granted:
            self.granted.add(asked)
        limit = "" if granted else "limits.open_trades"
        return Grant(bot_id=bot_id, request_id=asked, granted=granted, limit=limit, valid_seconds=10)

    def _result(self, command_id: str) -> ResultFrame | None:
        for frame in list(self.frames):
            if isinstance(frame, ResultFrame) and frame.command_id == command_id:
                return frame
        return None

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        try:
            hello = _FRAME.validate_json(receive_frame(connection))
            assert isinstance(hello, Hello)
            self.hellos.append(hello)
            if not self.greets:
                connection.close()
                return
            welcome = Welcome(incarnation=self.incarnation, credentials=self.credentials)
            connection.sendall(pack(welcome.to_json(reveal_secrets=True)))
            self._connection = connection
            while True:
                frame = _FRAME.validate_json(receive_frame(connection))
                self.frames.append(frame)
                if isinstance(frame, BotEvent) and self.acknowledges:
                    connection.sendall(pack(Ack(seq=frame.seq).to_json()))
                if self.follows and isinstance(frame, WatchFrame | Heartbeat):
                    connection.sendall(pack(self._follow().to_json()))
                if isinstance(frame, ReserveFrame):
                    connection.sendall(pack(GrantFrame(grant=self._grant(frame, hello.bot_id)).to_json()))
        except (OSError, EOFError):
            self._connection = None
            connection.close()
