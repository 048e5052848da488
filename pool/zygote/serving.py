"""The zygote's life: warm up, then answer forks one at a time until the channel closes."""

import gc
import os
import platform
import socket
import sys
import time
from importlib import metadata
from pathlib import Path

from loguru import logger

from pool.bot.memory import trim
from pool.contract.frames import Fork, Forked, ForkFailed, ZygoteState
from pool.contract.model import Wire
from pool.contract.pools import ZygoteReport
from pool.settings import PoolSettings
from pool.zygote import heap, immortal, preload
from pool.zygote.environment import disable_huge_pages
from pool.zygote.forking import BotMain, ForkError, Grounds, fork_bot
from pool.zygote.wall_trial import try_walls
from pool.zygote.warmth import warm_up

CHANNEL_DESCRIPTOR = 3
_MOST_FRAME_BYTES = 65536
MORTAL_FLAG = "--mortal"
_REFUSED = "Objects are not made immortal: a trial with all of them failed, or it was asked for."


def live(directory: Path, settings: PoolSettings, run: BotMain | None, *, mortal: bool) -> int:
    """Warms up, reports, serves forks; exit status."""
    started = time.monotonic()
    logger.remove()
    logger.add(sys.stderr, diagnose=False)
    channel = socket.socket(fileno=CHANNEL_DESCRIPTOR)
    channel.set_inheritable(True)
    try:
        _send(channel, ZygoteState(report=_warming_report()))
        report = _prepare(directory, settings, started, mortal=mortal)
        _send(channel, ZygoteState(report=report))
        logger.info("ready after {:.1f} s; {}", report.warm_seconds, " ".join(report.notes))
        _serve(Grounds(run or _bot_main(), directory, settings, channel))
    except (BrokenPipeError, ConnectionResetError):
        logger.info("init has gone")
    return 0


def _prepare(directory: Path, settings: PoolSettings, started: float, *, mortal: bool) -> ZygoteReport:
    gc.disable()
    notes = [] if disable_huge_pages() else ["The kernel refused to switch transparent huge pages off."]
    if missing := preload.import_everything():
        logger.debug("not installed, hence not preloaded: {}", missing)
    logger.info("imported after {:.1f} s of CPU", time.process_time())
    warmth = warm_up(directory, settings)
    logger.info("warmed up after {:.1f} s of CPU", time.process_time())
    isolation = try_walls(directory, settings)
    gc.collect()
    trim()
    immortal_objects, note = _freeze(mortal=mortal)
    return ZygoteReport(
        state="ready",
        pid=os.getpid(),
        python=platform.python_version(),
        freqtrade=metadata.version("freqtrade"),
        warm_seconds=round(time.monotonic() - started, 3),
        immortal_objects=immortal_objects,
        shared_markets=warmth.shared_markets,
        notes=[*notes, *warmth.notes, *note],
        isolation=isolation,
    )


def _freeze(*, mortal: bool) -> tuple[int | None, list[str]]:
    """Nothing allocated until now will be copied or freed by a bot: how many objects are immortal, and notes."""
    refusal = _REFUSED if mortal else immortal.unsupported() or immortal.self_test()
    if refusal:
        gc.collect()
        heap.plug()
        gc.freeze()
        return None, [refusal]
    roots = gc.get_objects()
    count = immortal.immortalise(roots)
    samples = [*sys.modules.values(), *roots[:: max(1, len(roots) // 1000)]]
    del roots
    gc.collect()
    heap.plug()
    gc.freeze()
    logger.info("{} objects immortal after {:.1f} s of CPU", count, time.process_time())
    if failure := immortal.full_test(samples):
        logger.error("{} Starting again without.", failure)
        # Immortal is for ever: only a new process image has mortal objects again.
        os.execv(sys.executable, [*sys.orig_argv, MORTAL_FLAG])  # noqa: S606
    return count, []


def _serve(grounds: Grounds) -> None:
    while packet := grounds.channel.recv(_MOST_FRAME_BYTES):
        request = Fork.model_validate_json(packet)
        try:
            pid, milliseconds, gate = fork_bot(request, grounds)
        except ForkError as error:
            _send(grounds.channel, ForkFailed(run_id=request.run_id, message=str(error)))
            continue
        try:
            _send(grounds.channel, Forked(run_id=request.run_id, pid=pid, milliseconds=round(milliseconds, 3)))
        finally:
            os.close(gate)


def _bot_main() -> BotMain:
    from pool.bot.main import run  # knows FreqTrade, which must not be loaded before the environment is set

    return run


def _warming_report() -> ZygoteReport:
    return ZygoteReport(
        state="warming",
        pid=os.getpid(),
        python=platform.python_version(),
        freqtrade=None,
        warm_seconds=None,
        immortal_objects=None,
        shared_markets=None,
    )


def _send(channel: socket.socket, frame: Wire) -> None:
    channel.send(frame.to_json())
