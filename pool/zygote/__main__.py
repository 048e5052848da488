"""`python -m pool.zygote --directory POOL_DIR`, started by the pool's init with their channel as descriptor 3.

environment → gc.disable → imports → hooks → warm-up → collect → trim → immortalise → plug → freeze → serve forks.
Ends with 0 when init closes the channel. Never sees a secret: those reach a bot later, over its own socket.
"""

import argparse
import sys
from pathlib import Path

from pool.settings import PoolSettings
from pool.zygote.environment import ensure_environment
from pool.zygote.forking import BotMain


def main(run: BotMain | None = None) -> int:
    """The whole life of a zygote; exit status. `run` replaces `pool.bot.main.run` in tests."""
    ensure_environment()
    # Only now, with the environment in force, may the heavy libraries be loaded.
    from pool.zygote.serving import live

    parser = argparse.ArgumentParser(prog="python -m pool.zygote", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool")
    parser.add_argument("--mortal", action="store_true", help="do not make objects immortal")
    arguments = parser.parse_args()
    directory = arguments.directory.resolve()
    return live(directory, PoolSettings.load(directory / "pool.json"), run, mortal=arguments.mortal)


if __name__ == "__main__":
    sys.exit(main())
