"""Checks of strategies: read here, then loaded in a fork behind the walls, one at a time.

The fork is asked of init like a bot, has a directory below `checks` and a user id of its own, and is killed when its
time is up or its directory grows. All that it says is a file in that directory, bounded like what a bot says. With an
agent that went, its checks go: the next one kills what it does not know and clears the directory.
"""

import asyncio
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from loguru import logger
from pydantic import SecretStr, ValidationError

from pool.agent import files, usage
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused
from pool.bot.sandbox.limits import MOST_CHECK_FILE_BYTES
from pool.contract.checks import DEEP_FACTOR, FINDINGS_LIMIT, CheckAnswer, CheckRequest, Finding, Severity
from pool.contract.errors import AgentErrorCode
from pool.contract.exit_codes import BOOT_FAILED
from pool.contract.frames import Exited, Forget, Fork, Forked, ForkFailed, Readings, Signal
from pool.contract.model import Wire
from pool.rules.strategy_source import inspect
from pool.settings import PoolSettings

DIRECTORY = "checks"
_REQUEST_FILE, _BEGUN_FILE, _ANSWER_FILE = "check.json", "begun", "answer.json"
_MOST_WAITING = 8
_ANSWER_BYTES = 1_048_576
_DISK_BYTES = 16 * 2**20
_LOOK_SECONDS = 0.5
_FORK_SECONDS = 60.0
_DEATH_SECONDS = 20.0
_WITHDRAWN_SECONDS = 2.0
ToInit = Callable[[Fork | Signal | Forget], None]


@dataclass(slots=True)
class _Run:
    run_id: str
    forked: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    pid: int | None = None
    removed_bytes: int = 0
    """What it removed and still holds, as last read."""
    status: int | None = None
    """As `os.waitstatus_to_exitcode`; None where it never was."""
    problem: str = ""
    """Why it was not forked, or was killed."""


class Checks:
    """One at a time; a few may wait."""

    def __init__(self, directory: Path, settings: PoolSettings, keeper: Keeper, send_to_init: ToInit) -> None:
        self._place = directory / DIRECTORY
        self._settings = settings
        self._keeper = keeper
        self._send_to_init = send_to_init
        self._runs: dict[str, _Run] = {}
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    def clear(self) -> None:
        """At the start: what earlier agents left. Raises OSError where the directory cannot be made."""
        self._place.mkdir(mode=0o700, exist_ok=True)
        for left in self._place.iterdir():
            _remove(left)

    def took(self, frame: Wire) -> bool:
        """Whether this frame of init's was about a check."""
        if not isinstance(frame, Forked | ForkFailed | Exited) or frame.run_id not in self._runs:
            return False
        run = self._runs[frame.run_id]
        if isinstance(frame, Forked):
            run.pid = frame.pid
            run.forked.set()
            return True
        if isinstance(frame, Exited):
            run.status = frame.status
        else:
            run.problem = run.problem or frame.message
        run.forked.set()
        run.ended.set()
        return True

    def take(self, frame: Readings) -> None:
        """Readings from init."""
        held = {one.pid: one.unlinked_bytes + one.unmeasured_files * MOST_CHECK_FILE_BYTES for one in frame.readings}
        for run in self._runs.values():
            if run.pid in held:
                run.removed_bytes = held[run.pid]

    async def run(self, request: CheckRequest) -> CheckAnswer:
        """What is wrong with the strategy. Raises Refused where the pool cannot look now, or OSError."""
        strategy = request.strategy
        read = await asyncio.to_thread(inspect, strategy.source, strategy.class_name)
        if not read.passed:
            return CheckAnswer(findings=read.findings)
        if self._keeper.zygote is None or self._keeper.zygote.state != "ready":
            raise Refused(AgentErrorCode.POOL_FULL, "the pool is not ready to check strategies yet")
        if self._waiting >= _MOST_WAITING:
            raise Refused(AgentErrorCode.POOL_FULL, f"{self._waiting} strategies wait to be checked here already")
        self._waiting += 1
        try:
            async with self._turn:
                answer = await self._fork(request)
        finally:
            self._waiting -= 1
        findings = sorted([*read.findings, *answer.findings], key=lambda one: (one.line or 0, one.column or 0))
        return answer.model_copy(update={"findings": findings[:FINDINGS_LIMIT]})

    async def _fork(self, request: CheckRequest) -> CheckAnswer:
        name, run = f"check-{secrets.token_hex(6)}", _Run(secrets.token_hex(8))
        directory, uid = self._place / name, self._keeper.lend_uid()
        fork = Fork(
            bot_id=name,
            run_id=run.run_id,
            epoch=1,
            nonce=SecretStr(secrets.token_hex(16)),
            directory=str(directory),
            uid=uid,
            purpose="check",
        )
        try:
            await asyncio.to_thread(_write, directory, request)
        except BaseException:
            self._keeper.give_back_uid(uid)  # init never heard of it
            await asyncio.to_thread(_remove, directory)
            raise
        self._runs[run.run_id] = run
        try:
            self._send_to_init(fork)
            await self._watch(run, directory, self._settings.check_seconds * (DEEP_FACTOR if request.deep else 1))
            return await asyncio.to_thread(self._answer, run, directory, request)
        finally:
            await self._clear_up(run, directory, uid)

    async def _watch(self, run: _Run, directory: Path, seconds: float) -> None:
        """Until it has ended, or has to end."""
        await _waited(run.forked, _FORK_SECONDS)
        if not run.forked.is_set():
            raise Refused(AgentErrorCode.POOL_FULL, "the pool does not fork now; try again")
        deadline = time.monotonic() + seconds
        while not run.ended.is_set() and not run.problem:
            left = deadline - time.monotonic()
            await _waited(run.ended, min(max(left, 0), _LOOK_SECONDS))
            if run.ended.is_set():
                return
            if left <= 0:
                run.problem = f"it was not done after {seconds:g} s"
            elif told := await asyncio.to_thread(usage.excess, directory, _DISK_BYTES, run.removed_bytes):
                run.problem = told
        if not run.ended.is_set():
            logger.warning("a check is killed: {}", run.problem)
            await self._kill(run)

    def _answer(self, run: _Run, directory: Path, request: CheckRequest) -> CheckAnswer:
        if request.deep and run.status not in (0, None) and (directory / _ANSWER_FILE).exists():
            return self._half(run, directory)
        if run.status == 0:
            try:
                return _read(directory / _ANSWER_FILE)
            except (OSError, ValidationError) as problem:
                logger.warning("a check said nothing that can be read: {}", type(problem).__name__)
                return _broken("it left no account of itself")
        if run.problem and run.status is not None:
            return _broken(run.problem)
        begun = os.path.lexists(directory / _BEGUN_FILE)
        if run.status is None or (run.status == BOOT_FAILED and not begun):
            told = run.problem or "see bot.log and zygote.log"
            raise Refused(AgentErrorCode.INTERNAL, f"the pool could not begin the check: {told}")
        if run.status < 0:
            return _broken(f"{_name_of(-run.status)} ended it; it may have used too much memory or time")
        return _broken(f"it ended its process with code {run.status}")

    def _half(self, run: _Run, directory: Path) -> CheckAnswer:
        """It passed all but the analyses, which are no reason to refuse it."""
        try:
            answer = _read(directory / _ANSWER_FILE)
        except (OSError, ValidationError):
            return _broken("it left no account of itself")
        told = f"FreqTrade's analyses did not end: {run.problem or 'something ended them'}."
        warning = Finding(code="lookahead_analysis", severity=Severity.WARNING, message=told[:500])
        return answer.model_copy(update={"findings": [*answer.findings, warning]})

    async def _kill(self, run: _Run) -> None:
        self._send_to_init(Signal(run_id=run.run_id, signal=signal.SIGKILL))
        await _waited(run.ended, _DEATH_SECONDS)

    async def _clear_up(self, run: _Run, directory: Path, uid: int | None) -> None:
        """Whatever happened: no process, no directory, and the id free again, once it is nobody's."""
        self._send_to_init(Forget(run_id=run.run_id))  # withdrawn, where it still waits
        if run.forked.is_set() and not run.ended.is_set():
            await self._kill(run)
            self._send_to_init(Forget(run_id=run.run_id))
        await _waited(run.ended, _WITHDRAWN_SECONDS)  # which init answers
        del self._runs[run.run_id]
        if run.ended.is_set():
            self._keeper.give_back_uid(uid)
        else:
            self._keeper.disown(run.run_id, uid)
        await asyncio.to_thread(_remove, directory)


async def _waited(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, or so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _name_of(number: int) -> str:
    """Of a signal; those between SIGRTMIN and SIGRTMAX have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _write(directory: Path, request: CheckRequest) -> None:
    directory.mkdir(mode=0o700)
    files.write_atomically(directory / _REQUEST_FILE, request.to_json(), durable=False, mode=0o644)


def _read(file: Path) -> CheckAnswer:
    with os.fdopen(files.open_plain(file), "rb") as stream:
        return CheckAnswer.model_validate_json(stream.read(_ANSWER_BYTES))


def _broken(why: str) -> CheckAnswer:
    message = f"The strategy was tried and {why}."
    return CheckAnswer(findings=[Finding(code="trial", severity=Severity.ERROR, message=message[:500])])


def _remove(directory: Path) -> None:
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError as problem:
        logger.warning("{} cannot be removed: {}", directory.name, problem)
