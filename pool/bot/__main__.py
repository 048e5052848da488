"""A bot without a zygote: `python -m pool.bot --directory POOL_DIRECTORY`, one Fork frame as JSON on standard input.

What the zygote's child does, from a cold start; for tests and for looking at a single bot.
"""

import argparse
import os
import sys
from pathlib import Path

from freqtrade.system import gc_set_threshold

from pool.bot.main import run
from pool.contract.frames import Fork
from pool.settings import PoolSettings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pool.bot", description="Run one bot of a pool, unforked.")
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool")
    directory = parser.parse_args().directory.resolve()
    fork = Fork.model_validate_json(sys.stdin.buffer.read())
    gc_set_threshold()
    exit_code = run(fork, directory, PoolSettings.load(directory / "pool.json"))
    os._exit(exit_code)


main()
