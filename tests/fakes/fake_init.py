"""The real init and the real agent with a fake zygote."""

import argparse
import sys
from pathlib import Path

from pool.__main__ import take_lock
from pool.init.supervisor import Supervisor
from pool.settings import PoolSettings


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, required=True)
    directory = parser.parse_args().directory
    settings = PoolSettings.load(directory / "pool.json")
    take_lock(directory / "init.lock")
    zygote = [sys.executable, "-m", "tests.fakes.fake_zygote", "--directory", str(directory)]
    Supervisor(
        directory,
        settings.stop_timeout_seconds,
        zygote_command=zygote,
        sample_interval_seconds=settings.sample_interval_seconds,
        agent_patience_seconds=settings.agent_patience_seconds,
    ).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
