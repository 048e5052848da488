"""`python -m pool.zygote --directory POOL_DIR`, started by the pool's init with their channel as descriptor 3.

environment → gc.disable → imports → hooks → warm-up → collect → trim → immortalise → plug → freeze → serve forks.
Ends with 0 when init closes the channel. Never sees a secret: those reach a bot later, over its own socket.
"""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from pool.contract.exit_codes import BOOT_FAILED
from pool.settings import PoolSettings
from pool.zygote.environment import ensure_environment
from pool.zygote.forking import BotMain


def main(run: BotMain | None = None) -> int:
    """The whole life of a zygote; exit status. `run` replaces `pool.bot.main.run` in tests."""
    ensure_environment()
    parser = argparse.ArgumentParser(prog="python -m pool.zygote", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool")
    parser.add_argument("--mortal", action="store_true", help="do not make objects immortal")
    arguments = parser.parse_args()
    directory = arguments.directory.resolve()
    try:
        settings = PoolSettings.load(directory / "pool.json")
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}")
    except ValidationError as error:
        return _refuse("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))
    # Only now, with the environment in force, may the heavy libraries be loaded.
    from pool.zygote.serving import live

    return live(directory, settings, run, mortal=arguments.mortal)


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"The pool's settings cannot be used: {sentence}\n")
    return BOOT_FAILED


if __name__ == "__main__":
    sys.exit(main())
