"""Resource limits of one bot.

RLIMIT_DATA is the wall around its memory: private writable mappings, whether touched or not. What the process has of
them already is the zygote's, shared until written to, so the limit is counted from there. Threads reserve less stack
than usual, since each one's counts as well. Shared anonymous memory, which RLIMIT_DATA does not count, is refused by
`seccomp`; RLIMIT_AS bounds whatever else can be mapped.
"""

import os
import resource
import signal
import threading

from pool.bot.sandbox.kernel import process_status
from pool.settings import PoolSettings

THREAD_STACK_BYTES = 2 * 2**20
MOST_FILE_BYTES = 256 * 2**20
MOST_CHECK_FILE_BYTES = 8 * 2**20
"""A check writes an account of itself, and for FreqTrade's analyses some candles."""
_MOST_DESCRIPTORS = 256
"""More than FreqTrade opens: 100 connections of ccxt's asynchronous client (aiohttp's own limit, and bots have no
streams from exchanges), ten of the other one, 31 of SQLite (15 at a time), some 25 files and event loops, and clients
of its REST API. With 80 pairs in four time frames, no rate limit, a slow exchange and ten such clients 167 were
counted. No more than that, since what the kernel buffers for each socket (some 200 KB) no other limit counts."""
_MOST_CHECK_DESCRIPTORS = 64
_MOST_THREADS = 256
_LOCKED_BYTES = 64 * 1024
_MAPPINGS_BYTES = 2**30
"""Address space beyond data: libraries loaded later, files mapped."""
_OOM_SCORE = b"500"
"""Where memory runs out, a bot goes before agent and init."""
_CHECK_OOM_SCORE = b"1000"
"""And a check before any bot."""
_NICENESS = 15
"""Where sessions are not weighed, as in containers: of a busy processor the agent gets as much as 28 bots, for what is
in a hurry passes it."""
_CHECK_NICENESS = 19
"""A bot gets more than twice as much of a busy processor. Not more: a check has so long by the clock."""


def limit_resources(settings: PoolSettings, *, own_uid: bool, check: bool = False) -> str:
    """Everything but memory; what holds, as a sentence. Raises OSError, or ValueError for a limit not to be had. To be
    called before the user changes: files below `/proc/self` are root's afterwards."""
    descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, _CHECK_OOM_SCORE if check else _OOM_SCORE)
    finally:
        os.close(descriptor)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond the limit is an error, not the end
    file_bytes = min(MOST_CHECK_FILE_BYTES if check else MOST_FILE_BYTES, settings.bot_disk_limit_bytes)
    descriptors = _MOST_CHECK_DESCRIPTORS if check else _MOST_DESCRIPTORS
    os.nice(_CHECK_NICENESS if check else _NICENESS)  # bots trade, a check can wait
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, descriptors)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_MEMLOCK, _LOCKED_BYTES)
    _limit(resource.RLIMIT_MSGQUEUE, 0)
    sentence = f"No core dumps, {descriptors} descriptors, files of {file_bytes >> 20} MiB"
    if not own_uid:  # the kernel counts threads per user id
        return f"{sentence}; threads are not counted, for want of a user id of its own."
    _limit(resource.RLIMIT_NPROC, _MOST_THREADS)
    return f"{sentence}, {_MOST_THREADS} threads."


def limit_memory(settings: PoolSettings) -> str:
    """What holds, as a sentence. Raises OSError, or ValueError."""
    threading.stack_size(THREAD_STACK_BYTES)
    data, size = _kilobytes("VmData"), _kilobytes("VmSize")
    _limit(resource.RLIMIT_DATA, data + settings.bot_memory_limit_bytes)
    _limit(resource.RLIMIT_AS, size + settings.bot_memory_limit_bytes + _MAPPINGS_BYTES)
    return f"{settings.bot_memory_limit_bytes >> 20} MiB beyond what is shared with the zygote."


def _limit(which: int, wanted: int) -> None:
    _, hard = resource.getrlimit(which)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (value, value))


def _kilobytes(field: str) -> int:
    return int(process_status(field).split()[0]) * 1024
