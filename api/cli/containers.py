"""Flag files of pools that are containers, by the `docker` command.

It is on every machine that has such pools, and asks only the daemon. `docker cp` reaches the volume of a container that
does not run, too, so a pool that comes up later is halted as well. In a container root may not write where the agent's
files are: flags go there by `docker cp`, and are removed as the agent's user, in whose group bots' directories are.
"""

import io
import re
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from api.cli.exits import CliError, ExitCode
from pool.contract.risk import HALT_FLAG, Flag

HALT_BY_HAND = "touch HALT && chmod 644 HALT && docker cp HALT NAME:/pool/HALT"
RELEASE_BY_HAND = "docker exec --user $(docker exec NAME stat -c %u /pool) NAME rm /pool/HALT"
BY_HAND = (
    "Where pools are containers, their machine does it without Flotilla. `docker ps --all --filter "
    f"label=flotilla.role=pool --format '{{{{.Names}}}}'` names them. For each: `{HALT_BY_HAND}`. An administrator's "
    f"`flotilla release` ends it, or `{RELEASE_BY_HAND}`."
)
Done = TypeVar("Done")
_FORMAT = '{{.Names}}\t{{.Label "flotilla.installation"}}'
_POOL = "/pool"
_BOT_ID = re.compile(r"[A-Za-z0-9_-]+")
_REMOVE = f"""
import glob, os, sys
for directory in sys.argv[1:]:
    for flag in glob.glob(directory + "/{HALT_FLAG}"):
        os.unlink(flag)
        print(flag)
"""
_SECONDS = 30
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Container:
    """A pool."""

    name: str
    installation: str

    def put(self, flag: Flag, bot_id: str | None) -> bool:
        """Into the pool's directory, whose agent sees to all bots, or into that of one bot, if it is here."""
        return _docker("cp", "-", f"{self.name}:{_directory(bot_id)}", sent=_archive(flag)) is not None

    def take(self, bot_id: str | None) -> int | None:
        """Removes the flags of pool and bots, or of one bot; how many there were, None where it failed."""
        agent = _docker("exec", self.name, "stat", "-c", "%u", _POOL)
        if agent is None:
            return None
        user = f"{agent.strip()}:{agent.strip()}"
        directories = [_POOL, f"{_POOL}/bots/*"] if bot_id is None else [_directory(bot_id)]
        told = _docker("exec", "--user", user, self.name, "python", "-Ic", _REMOVE, *directories)
        return None if told is None else len(told.splitlines())


def found(installation: str | None) -> list[Container]:
    """All pools of that installation, those that do not run included; left out, of the only one that there is. Raises
    CliError where no daemon answers, or it has pools of several."""
    pools = _listed()
    if pools is None:
        raise CliError(f"There is no Docker here that answers. {BY_HAND}", ExitCode.NOT_FOUND)
    if installation is not None:
        return [pool for pool in pools if pool.installation == installation]
    names = sorted({pool.installation for pool in pools})
    if len(names) > 1:
        raise CliError(
            f"Docker has pools of several installations: name one with --installation ({', '.join(names)}).",
            ExitCode.USAGE,
        )
    return pools


def all_known() -> list[Container]:
    """All pools of all installations; none where no daemon answers."""
    return _listed() or []


def each(pools: Sequence[Container], act: Callable[[Container], Done]) -> list[Done]:
    """Side by side, so that none that hangs keeps the others waiting."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(act, pools))


def _listed() -> list[Container] | None:
    told = _docker("ps", "--all", "--no-trunc", "--filter", "label=flotilla.role=pool", "--format", _FORMAT)
    if told is None:
        return None
    return sorted((Container(*line.split("\t", 1)) for line in told.splitlines()), key=lambda pool: pool.name)


def _directory(bot_id: str | None) -> str:
    if bot_id is None:
        return _POOL
    if not _BOT_ID.fullmatch(bot_id):
        raise CliError(f"{bot_id} is no bot's id; offline, name it by its id.", ExitCode.USAGE)
    return f"{_POOL}/bots/{bot_id}"


def _archive(flag: Flag) -> bytes:
    content = flag.to_json()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(HALT_FLAG)
        entry.size, entry.mode = len(content), 0o644
        tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _docker(*arguments: str, sent: bytes | None = None) -> str | None:
    """What the command says; None where it is not there or failed."""
    try:
        done = subprocess.run(["docker", *arguments], input=sent, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
