"""`python -m tests.fakes.fake_pool --directory DIR`: a pool without FreqTrade, whose bots are rows of a `FakeAgent`.

It keeps what a driver goes by: the lock, `endpoint.json`, the token, SIGTERM. `fail` in its directory makes it refuse
to start; `deaf` makes it ignore SIGTERM; `environment.json` tells what it was given.
"""

import argparse
import asyncio
import fcntl
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes import fake_agent
from tests.fakes.fake_agent import FakeAgent


async def serve(directory: Path) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, (lambda: None) if (directory / "deaf").exists() else stopped.set)
    settings = json.loads((directory / "pool.json").read_text())
    fake_agent.TOKEN = (directory / "agent-token").read_text().strip()
    async with FakeAgent(settings["pool_id"], settings["slots_total"]) as agent:
        assert agent.endpoint is not None
        port = int(agent.endpoint.url.rpartition(":")[2])
        told = {"host": "127.0.0.1", "port": port, "pid": os.getpid(), "started_at": datetime.now(UTC).isoformat()}
        new = directory / "endpoint.json.new"
        new.write_text(json.dumps(told))
        new.replace(directory / "endpoint.json")
        await stopped.wait()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, required=True)
    directory: Path = parser.parse_args().directory
    if (directory / "fail").exists():
        print("The fake pool was told to fail.", file=sys.stderr)
        return 1
    descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
    (directory / "environment.json").write_text(json.dumps({"env": dict(os.environ), "descriptors": descriptors}))
    lock = os.open(directory / "init.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 1
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    asyncio.run(serve(directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
