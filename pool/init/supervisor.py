"""Init's loop: signals → reap → relay → manage → sample, in one thread.

Frames pass through init in both directions, so that it knows every run whichever of zygote and agent is alive. Init is
child subreaper: a bot whose parent has ended becomes init's child, and its exit status has exactly one reader. Signals
arrive as bytes on a wake-up descriptor, hence between two steps of the loop only.
"""

import contextlib
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pool.contract.frames import (
    AgentToInit,
    Exited,
    Forget,
    Fork,
    Forked,
    ForkFailed,
    Readings,
    Run,
    Shutdown,
    Signal,
    Table,
    ZygoteState,
    ZygoteToInit,
)
from pool.contract.model import Wire
from pool.contract.pools import ZygoteReport
from pool.init.privileges import ZYGOTE_KEEPS, Identity
from pool.init.processes import become_subreaper, children, kill
from pool.init.sampling import Sampler
from pool.init.service import Service
from pool.init.silence import Silence
from pool.init.table import RunTable

logger = logging.getLogger("pool.init")

_TICK_SECONDS = 1.0
_RUNS_PER_PACKET = 200
_FORK_PATIENCE_SECONDS = 60.0
"""A zygote that owes an answer to a fork and says nothing for this long hangs, and is killed."""
_AGENT_MARGIN_SECONDS = 10.0
_LEFTOVER_SECONDS = 5.0
_FROM_AGENT: TypeAdapter[Wire] = TypeAdapter(AgentToInit)
_FROM_ZYGOTE: TypeAdapter[Wire] = TypeAdapter(ZygoteToInit)
_NO_ZYGOTE = ZygoteReport(
    state="down",
    pid=None,
    python=None,
    freqtrade=None,
    warm_seconds=None,
    immortal_objects=None,
    shared_markets=None,
)


class Supervisor:
    """Keeps zygote and agent of the pool in `directory` alive until SIGTERM or SIGINT.

    With `agent_uid` the agent becomes that user without any capability, and the zygote keeps those it needs.
    `zygote_command` and `agent_command` are whole argument vectors, replaced only by tests.
    """

    def __init__(
        self,
        directory: Path,
        stop_timeout_seconds: float,
        zygote_command: Sequence[str] | None = None,
        agent_command: Sequence[str] | None = None,
        *,
        sample_interval_seconds: float = 10,
        agent_patience_seconds: float = 60,
        agent_uid: int | None = None,
    ) -> None:
        logs = directory / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        zygote = zygote_command or _module("pool.zygote", directory)
        agent = agent_command or _module("pool.agent", directory)
        own_ids = agent_uid is not None
        self._zygote = Service("zygote", zygote, logs / "zygote.log", Identity(None, ZYGOTE_KEEPS) if own_ids else None)
        self._agent = Service("agent", agent, logs / "agent.log", Identity(agent_uid, frozenset()) if own_ids else None)
        device = directory.stat().st_dev
        self._sampler = Sampler(self._living_pids, sample_interval_seconds, device, own_uids=own_ids, pool=directory)
        self._stop_timeout_seconds = stop_timeout_seconds
        self._table = RunTable()
        self._report = _NO_ZYGOTE
        self._zygote_spoke_at = 0.0
        self._agent_silence = Silence(agent_patience_seconds)
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()

    def run(self) -> None:
        """Until a signal ends it; every child has ended when this returns."""
        self._install()
        while not self._stopping:
            self._step(min(_TICK_SECONDS, self._sampler.wait_seconds(time.monotonic())))
            self._manage()
            self._sample()
        self._shut_down()

    def _install(self) -> None:
        become_subreaper()
        for end in (self._wake_reader, self._wake_writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._manage()

    def _ask_to_stop(self, number: int, _frame: object) -> None:
        self._stopping = True

    # ---- one step: wait, reap, relay

    def _step(self, timeout_seconds: float) -> None:
        for service in (self._zygote, self._agent):
            if service.channel is not None:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if service.channel.wants_to_write else 0)
                self._watch(service, wanted)
        for key, _ in self._selector.select(timeout_seconds):
            if key.fileobj is self._wake_reader:
                with contextlib.suppress(BlockingIOError):
                    self._wake_reader.recv(4096)
        for service in (self._zygote, self._agent):
            self._relay(service)
        self._reap()

    def _watch(self, service: Service, events: int) -> None:
        if service.channel is None or service.channel.fileno() < 0:
            return
        key = self._selector.get_map().get(service.channel.fileno())
        if key is None:
            self._selector.register(service.channel.fileno(), events, service)
        elif key.events != events:
            self._selector.modify(service.channel.fileno(), events, service)

    def _unwatch(self, service: Service) -> None:
        if service.channel is not None and service.channel.fileno() in self._selector.get_map():
            self._selector.unregister(service.channel.fileno())

    def _relay(self, service: Service) -> None:
        if service.channel is None:
            return
        service.channel.flush()
        packets, alive = service.channel.receive()
        for packet in packets:
            try:
                if service is self._agent:
                    self._agent_silence.broken()
                    self._from_agent(_FROM_AGENT.validate_json(packet))
                else:
                    self._zygote_spoke_at = time.monotonic()
                    self._from_zygote(_FROM_ZYGOTE.validate_json(packet))
            except ValidationError as problem:
                logger.error("%s sent a frame not understood (%d errors)", service.name, problem.error_count())
        if not alive:
            self._unwatch(service)
            service.hung_up(time.monotonic())

    def _from_agent(self, frame: Wire) -> None:
        match frame:
            case Fork():
                self._tell_agent(self._table.request(frame))
                self._send_forks()
            case Signal():
                pid = self._table.living_pid(frame.run_id)
                if pid is not None:
                    kill(pid, frame.signal)
            case Forget():
                self._tell_agent(self._table.forget(frame.run_id))

    def _from_zygote(self, frame: Wire) -> None:
        match frame:
            case ZygoteState():
                self._report = frame.report.model_copy(update={"restarts": max(self._zygote.restarts, 0)})
                self._tell_agent(ZygoteState(report=self._report))
                self._send_forks()
            case Forked():
                exited = self._table.forked(frame)
                self._tell_agent(frame)
                self._tell_agent(exited)
            case ForkFailed():
                self._table.fork_failed(frame)
                self._tell_agent(frame)

    def _send_forks(self) -> None:
        if self._zygote.channel is None or self._report.state != "ready" or self._stopping:
            return
        for fork in self._table.take_waiting():
            self._zygote_spoke_at = time.monotonic()
            self._zygote.channel.send(fork)

    def _tell_agent(self, frame: Wire | None) -> None:
        if frame is not None and self._agent.channel is not None:
            self._agent.channel.send(frame)

    # ---- reaping

    def _reap(self) -> None:
        while True:
            try:
                pid, wait_status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            status = os.waitstatus_to_exitcode(wait_status)
            if pid == self._zygote.pid:
                self._zygote_ended(status)
            elif pid == self._agent.pid:
                self._unwatch(self._agent)
                self._agent.died(time.monotonic())
                logger.warning("agent %d ended with status %d", pid, status)
            else:
                self._bot_ended(self._table.reaped(pid, status, datetime.now(UTC)))

    def _bot_ended(self, exited: Exited | None) -> None:
        if exited is not None:
            logger.info("run %s, process %d, ended with status %d", exited.run_id, exited.pid, exited.status)
            self._tell_agent(exited)

    def _zygote_ended(self, status: int) -> None:
        pid = self._zygote.pid
        self._relay(self._zygote)  # what it said before it died
        self._unwatch(self._zygote)
        self._zygote.died(time.monotonic())
        logger.warning("zygote %s ended with status %d", pid, status)
        for failed in self._table.zygote_died():
            self._tell_agent(failed)
        self._report = self._report.model_copy(update={"state": "down", "pid": None, "memory": None})
        self._tell_agent(ZygoteState(report=self._report))

    # ---- managing: spawn what is due, kill what hangs or belongs to nobody

    def _manage(self) -> None:
        if self._stopping:
            return
        now = time.monotonic()
        for service in (self._zygote, self._agent):
            if service.due_at is not None and now >= service.due_at:
                self._spawn(service, now)
            if service.is_deaf(now):
                logger.error("the %s closed its channel and lives on; killing it", service.name)
                service.signal(signal.SIGKILL)
        if self._zygote.pid and self._table.forks_in_flight and now - self._zygote_spoke_at > _FORK_PATIENCE_SECONDS:
            logger.error("zygote owes an answer to a fork and is silent; killing it")
            self._zygote.signal(signal.SIGKILL)
            self._zygote_spoke_at = now
        if self._agent.pid and self._agent_silence.is_too_long(now):
            logger.error("agent %d is silent and hangs; killing it", self._agent.pid)
            self._agent.signal(signal.SIGKILL)
        for pid in self._table.strays(self._other_children()):
            logger.warning("killing process %d, which belongs to no run", pid)
            kill(pid, signal.SIGKILL)

    def _spawn(self, service: Service, now: float) -> None:
        try:
            channel = service.spawn(now)
        except OSError as problem:
            logger.error("cannot start the %s: %s", service.name, problem)
            service.died(now)
            return
        logger.info("%s started as process %s", service.name, service.pid)
        self._watch(service, selectors.EVENT_READ)
        if service is self._agent:
            self._agent_silence.begin()
            runs = self._table.runs()
            starts = range(0, max(len(runs), 1), _RUNS_PER_PACKET)
            for start in starts:
                channel.send(self._table_frame(runs[start : start + _RUNS_PER_PACKET], more=start != starts[-1]))
        else:
            self._zygote_spoke_at = now

    def _table_frame(self, runs: list[Run], *, more: bool) -> Table:
        return Table(init_pid=os.getpid(), runs=runs, zygote=self._report, more=more)

    def _other_children(self) -> list[int]:
        own = {self._zygote.pid, self._agent.pid}
        return [pid for pid in children() if pid not in own]

    # ---- sampling

    def _sample(self) -> None:
        """Two processes at most, so that nothing else waits for long."""
        try:
            readings = self._sampler.look(time.monotonic())
        except Exception:  # whatever a process has the kernel say of it: init lives, and so do all others
            logger.exception("a process cannot be looked at")
            return
        if readings:
            self._tell_agent(Readings(readings=readings))

    def _living_pids(self) -> list[int]:
        services = [pid for pid in (self._agent.pid, self._zygote.pid) if pid is not None]
        return [os.getpid(), *services, *self._table.living_pids]

    # ---- the end

    def _shut_down(self) -> None:
        """The agent stops its bots, then the zygote goes, then whatever is left."""
        logger.info("stopping")
        self._agent.due_at = self._zygote.due_at = None
        self._tell_agent(Shutdown())
        self._wait(lambda: self._agent.pid is None, self._stop_timeout_seconds + _AGENT_MARGIN_SECONDS)
        self._agent.signal(signal.SIGKILL)
        self._zygote.signal(signal.SIGTERM)
        self._wait(lambda: self._zygote.pid is None and self._agent.pid is None, _LEFTOVER_SECONDS)
        self._zygote.signal(signal.SIGKILL)
        for number, patience in ((signal.SIGTERM, self._stop_timeout_seconds), (signal.SIGKILL, _LEFTOVER_SECONDS)):
            for pid in children():
                kill(pid, number)
            self._wait(lambda: not children(), patience)
        logger.info("stopped")

    def _wait(self, done: Callable[[], bool], timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not done() and time.monotonic() < deadline:
            self._step(min(_TICK_SECONDS, max(deadline - time.monotonic(), 0)))


def _module(name: str, directory: Path) -> list[str]:
    return [sys.executable, "-m", name, "--directory", str(directory)]
