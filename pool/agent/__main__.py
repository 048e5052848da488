"""`python -m pool.agent --directory DIR`: the agent of the pool in DIR, started by init, its channel as descriptor 3.

Exit codes: 0 asked to end, 1 could not start or lost init (told in a sentence in its log).
"""

import argparse
import asyncio
import os
import resource
import sys
from pathlib import Path

from loguru import logger

from pool.agent.app import CannotStart, run
from pool.agent.init_link import InitLink
from pool.agent.store import CorruptSlots
from pool.settings import PoolSettings


def main() -> int:
    """Runs the agent; answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pool.agent", description="Run the agent of a pool.")
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool; holds pool.json")
    directory: Path = parser.parse_args().directory.absolute()
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would have exchange keys in it
    logger.remove()
    # No diagnosis of variables in tracebacks: they may hold secrets.
    logger.add(
        sys.stderr,
        level="INFO",
        format="{time:YYYY-MM-DDTHH:mm:ss.SSSZ} {level} {message}",
        diagnose=False,
        backtrace=False,
    )
    try:
        settings = PoolSettings.load(directory / "pool.json")
        return asyncio.run(_run(directory, settings))
    except (CannotStart, CorruptSlots, OSError, ValueError, EOFError) as problem:
        logger.error("the agent ends: {}", problem)
        return 1


async def _run(directory: Path, settings: PoolSettings) -> int:
    return await run(directory, settings, InitLink())


if __name__ == "__main__":
    sys.exit(main())
