"""The reporting thread: dials the agent, greets, beats each second, sends what waits in the outbox, receives commands,
and what the bot may do (`Standing`, `Permission`).

It owns the socket and touches nothing of FreqTrade. A lost connection is dialled again for ever, with a short
back-off, as long as init lives: agents restart. When init is gone too and no agent was reached for
`orphan_timeout_seconds`, the bot is an orphan: it is told to stop in good order, and killed by its own hand should
its main thread not manage to.
"""

import logging
import math
import os
import select
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pool.bot.control import Control
from pool.bot.outbox import Outbox
from pool.bot.parent import Parent
from pool.bot.universal.permission import Permission
from pool.bot.universal.standing import Standing
from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.turn import Turn
from pool.contract import PROTOCOL_VERSION, exit_codes
from pool.contract.frames import (
    Ack,
    AgentFrame,
    CommandFrame,
    FollowFrame,
    Fork,
    GrantFrame,
    Hello,
    LookFrame,
    MandateFrame,
    PolicyFrame,
    ResultFrame,
    TurnGivenFrame,
    Welcome,
)
from pool.contract.model import Wire
from pool.contract.slots import ExchangeCredentials
from pool.ipc.framing import FrameError, pack, receive_frame
from pool.ipc.unix_address import connect_unix
from pool.settings import PoolSettings

logger = logging.getLogger(__name__)

_BEAT_SECONDS = 1.0
_BEATS_APART = 10
_IO_TIMEOUT_SECONDS = 10.0
_RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
_AGENT_FRAME: TypeAdapter[AgentFrame] = TypeAdapter(AgentFrame)


class Link(threading.Thread):
    """`welcomed` is set at the first Welcome; `credentials` are the newest that the agent gave. Without `standing` and
    `permission` nobody is told what the agent says of modes, policies and reservations."""

    def __init__(
        self,
        fork: Fork,
        address: Path,
        settings: PoolSettings,
        *,
        control: Control,
        vitals: Vitals,
        outbox: Outbox,
        parent: Parent,
        standing: Standing | None = None,
        permission: Permission | None = None,
        following: Following | None = None,
        turn: Turn | None = None,
    ) -> None:
        super().__init__(name="reporting", daemon=True)
        self.welcomed = threading.Event()
        self.credentials: ExchangeCredentials | None = None
        self._fork = fork
        self._address = address
        self._settings = settings
        self._control = control
        self._vitals = vitals
        self._outbox = outbox
        self._parent = parent
        self._standing = standing
        self._permission = permission
        self._following = following or Following(lambda: 0)
        self._turn = turn or Turn(lambda _: None, lambda: None)
        self._incarnation: str | None = None
        self._closing_at: float | None = None
        self._last_contact = time.monotonic()
        self._orphaned_at: float | None = None

    def close(self, timeout_seconds: float) -> None:
        """Send what is left, for so long at most, and end."""
        self._closing_at = time.monotonic() + timeout_seconds
        self._outbox.wake.set()
        self.join(timeout_seconds + 1)

    def run(self) -> None:
        failures = 0
        while not self._closed():
            try:
                with connect_unix(self._address, _IO_TIMEOUT_SECONDS) as connection:
                    self._greet(connection)
                    failures = 0
                    try:
                        self._converse(connection)
                    finally:
                        self._following.lost()
                        self._turn.lost()
                        if self._permission is not None:
                            self._permission.lost()
            except (OSError, EOFError, FrameError, ValidationError) as error:
                if failures == 0 and not self._closed():
                    logger.info("No connection to the agent: %s", type(error).__name__)
            except Exception:  # the boundary of this thread: a bot without its reporting thread would be taken for dead
                logger.exception("The reporting thread failed and starts over")
            self._look_for_init()
            if not self._closed():
                self._outbox.wake.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1

    def _greet(self, connection: socket.socket) -> None:
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            bot_id=self._fork.bot_id,
            run_id=self._fork.run_id,
            epoch=self._fork.epoch,
            nonce=self._fork.nonce.get_secret_value(),
            pid=os.getpid(),
            incarnation_seen=self._incarnation,
        )
        _send(connection, hello)
        frame = _AGENT_FRAME.validate_json(receive_frame(connection))
        if not isinstance(frame, Welcome):
            raise FrameError("the agent's first frame is no welcome")
        self._outbox.greet(same_incarnation=frame.incarnation == self._incarnation)
        self._incarnation = frame.incarnation
        self.credentials = frame.credentials or self.credentials
        self._last_contact = time.monotonic()
        logger.info("Connected to the agent (incarnation %s)", frame.incarnation)
        self._turn.connected(gives_turns=frame.turns)
        self.welcomed.set()
        if self._permission is not None:
            self._permission.connected()
        self._control.wake()

    def _converse(self, connection: socket.socket) -> None:
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        poll.register(self._outbox.wake, select.POLLIN)
        next_beat = 0.0
        told = self._vitals.state
        while not self._closed():
            now = time.monotonic()
            if now >= next_beat or told != self._vitals.state:
                told = self._vitals.state
                _send(connection, self._vitals.heartbeat(datetime.now(UTC)))
                next_beat = beat_after(now)
                self._last_contact = now
                self._control.insist()
            self._send_waiting(connection)
            for descriptor, _ in poll.poll(max(0.0, next_beat - time.monotonic()) * 1000):
                if descriptor == connection.fileno():
                    self._hear(receive_frame(connection))
                else:
                    self._outbox.wake.clear()
        _send(connection, self._vitals.heartbeat(datetime.now(UTC)))

    def _send_waiting(self, connection: socket.socket) -> None:
        frames = self._outbox.take()
        for index, frame in enumerate(frames):
            try:
                _send(connection, frame)
            except OSError:
                self._outbox.give_back(frames[index:])
                raise

    def _hear(self, payload: bytes) -> None:
        """A frame that a newer agent has and this bot does not is passed over."""
        try:
            frame = _AGENT_FRAME.validate_json(payload)
        except ValidationError as error:
            logger.warning("The agent said what this bot does not understand (%s)", error.errors()[0]["type"])
            return
        self._obey(frame)

    def _obey(self, frame: AgentFrame) -> None:
        match frame:
            case Ack():
                self._outbox.acknowledge(frame.seq)
            case CommandFrame(name="stop"):
                self._outbox.add(ResultFrame(command_id=frame.command_id, ok=True, message="Stopping."))
                self._control.stop_from_thread()
            case CommandFrame():
                self._control.submit(frame)
            case LookFrame():
                self._control.look(frame.trade_ids)
            case FollowFrame():
                self._following.told(frame.number, frame.until, frame.quotes, frame.seen_at)
            case TurnGivenFrame():
                self._turn.given(frame.number)
            case MandateFrame() if self._standing is not None:
                self._standing.take_mandate(frame)
            case PolicyFrame() if self._standing is not None:
                self._standing.take_policy(frame.policy)
            case GrantFrame() if self._permission is not None:
                self._permission.granted(frame.grant)

    def _closed(self) -> bool:
        if self._closing_at is None:
            return False
        return time.monotonic() > self._closing_at or self._outbox.settled()

    def _look_for_init(self) -> None:
        """Also ends a bot whose main thread does not come back: nobody is left to do it from outside."""
        now = time.monotonic()
        if self._orphaned_at is not None:
            if now - self._orphaned_at > self._settings.stop_timeout_seconds:
                logger.error("Orphaned, and the main loop did not end: exiting hard")
                os._exit(exit_codes.ORPHANED)
        elif self._parent.gone() and now - self._last_contact > self._settings.orphan_timeout_seconds:
            logger.warning("Init is gone and no agent answers: stopping")
            self._orphaned_at = now
            self._control.stop_from_thread(exit_codes.ORPHANED)


def beat_after(now: float) -> float:
    """A second later at most, at a tenth of a second of the monotonic clock, which bots share: the machine and the
    agent are woken ten times a second for all of them, rather than once for each."""
    return math.floor(now * _BEATS_APART) / _BEATS_APART + _BEAT_SECONDS


def _send(connection: socket.socket, frame: Wire) -> None:
    connection.sendall(pack(frame.to_json()))
