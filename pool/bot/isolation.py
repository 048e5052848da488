"""What a fork does first: leave everything of the zygote behind, and settle in its own directory.

Order matters: inherited log handlers go before their descriptors do, so that nothing closes a number that was given
out anew. In between `pool.bot.sandbox` changes the user: whoever leaves the zygote may be root, without any right to
look into the directory; whoever settles in it is the bot.
"""

import ctypes
import logging
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import numpy
from freqtrade.loggers import bufferHandler
from loguru import logger as loguru_logger

from pool.bot.log import LOG_FILE

_STRIPPED_ENVIRONMENT = ("FREQTRADE__", "FLOTILLA_", "PYTEST_")
"""FreqTrade lets `FREQTRADE__…` override its configuration, and skips its logging set-up where it sees
`PYTEST_VERSION`.
"""
_HOME_VARIABLES = ("HOME", "TMPDIR", "SQLITE_TMPDIR")
"""Nothing else can be written to."""
_KEPT_LOG_RECORDS = 300
_PR_SET_NAME = 15


def leave_zygote(name: str) -> None:
    """Make this process its own: group, signals, descriptors, logging, randomness. Raises OSError.

    The session stays the zygote's: Linux shares processors out among sessions first (autogroups, sched(7)), so all bots
    of a pool together weigh there what their agent weighs alone."""
    os.setpgid(0, 0)
    _reset_signals()
    _drop_log_handlers()
    _close_descriptors()
    for variable in [key for key in os.environ if key.startswith(_STRIPPED_ENVIRONMENT)]:
        del os.environ[variable]
    random.seed()
    numpy.random.seed()
    ctypes.CDLL(None).prctl(_PR_SET_NAME, f"bot:{name}".encode()[:15], 0, 0, 0)


def settle(directory: Path) -> None:
    """Live in `directory`: working directory, home, temporary files, standard output. Raises OSError."""
    os.chdir(directory)
    _redirect_stdio(directory / LOG_FILE)
    for variable in _HOME_VARIABLES:
        os.environ[variable] = str(directory)
    tempfile.tempdir = str(directory)


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _drop_log_handlers() -> None:
    loguru_logger.remove()
    for handler in list(logging.root.handlers):
        logging.root.removeHandler(handler)
        if handler is not bufferHandler:
            handler.close()
    bufferHandler.buffer.clear()
    bufferHandler.capacity = _KEPT_LOG_RECORDS


def _redirect_stdio(log: Path) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o660)
    os.dup2(written, 1)
    os.dup2(written, 2)
    for descriptor in {nothing, written} - {0, 1, 2}:
        os.close(descriptor)


def _close_descriptors() -> None:
    inherited = [int(name) for name in os.listdir("/proc/self/fd")]
    for descriptor in inherited:
        if descriptor > 2:
            try:
                os.close(descriptor)
            except OSError:
                continue  # the listing's own descriptor is gone already
