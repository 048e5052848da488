"""What will stand between this pool's bots: a child is put behind the same walls as a bot and leans against them.

The kernel, a container's profile or missing capabilities may lack any of it. What a call claimed to set up is tried
out where that is possible, so the report tells of facts.
"""

import mmap
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from loguru import logger

from pool.bot.sandbox.kernel import process_status
from pool.bot.sandbox.walls import Walls, prepare_walls
from pool.contract.pools import IsolationPart, IsolationReport
from pool.settings import PoolSettings

_SECCOMP_FILTERS = "2"
_BEYOND_BYTES = 2**20


def try_walls(directory: Path, settings: PoolSettings) -> IsolationReport | None:
    """The account of a child that was isolated in a directory of its own, beneath `directory` while it lasts; None
    where the child failed, which the log tells."""
    try:
        home = Path(tempfile.mkdtemp(prefix="walls-", dir=directory))
    except OSError as problem:
        logger.error("the walls cannot be tried: {}", problem)
        return None
    prepare_walls()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        _in_child(home, directory, settings, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        account = pipe.read()
    os.waitpid(child, 0)
    shutil.rmtree(home, ignore_errors=True)
    if not account.startswith(b"{"):
        logger.error("the walls could not be tried: {}", account.decode(errors="replace"))
        return None
    return IsolationReport.model_validate_json(account)


def _in_child(home: Path, pool: Path, settings: PoolSettings, pipe: int) -> None:
    """Never returns."""
    try:
        walls = Walls(home, settings.bot_uid_first, settings)
        walls.lower()
        listener = socket.socket(socket.AF_UNIX)
        walls.close()
        trials: dict[str, Callable[[], bool]] = {
            "own_uid": lambda: os.getresuid() == (walls.uid,) * 3 and int(process_status("CapPrm"), 16) == 0,
            "no_new_privs": lambda: process_status("NoNewPrivs") == "1",
            "memory_limit": lambda: _refused(lambda: _map(settings.bot_memory_limit_bytes + _BEYOND_BYTES)),
            "landlock": lambda: _refused(lambda: os.listdir(pool)),
            "seccomp": lambda: process_status("Seccomp") == _SECCOMP_FILTERS and _refused(listener.listen),
        }
        parts = [_tried(part, trials.get(part.name)) for part in walls.report().parts]
        os.write(pipe, IsolationReport(parts=parts).to_json())
    except BaseException as problem:  # the process boundary: the parent must hear of it, whatever it is
        os.write(pipe, f"{type(problem).__name__}: {problem}".encode())
    finally:
        os._exit(0)


def _tried(part: IsolationPart, holds: Callable[[], bool] | None) -> IsolationPart:
    if not part.in_force or holds is None or holds():
        return part
    return part.model_copy(update={"in_force": False, "detail": f"Was set up, yet does not hold. {part.detail}"})


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _map(size: int) -> None:
    mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
