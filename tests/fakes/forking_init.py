"""A stand-in for init and zygote: imports what bots need once, then forks a bot per line on standard input.

Lines are `{"fork": …, "pool": directory}`; answers are `{"pid": …}` per fork and `{"pid": …, "status": …}` per death,
on standard output. It is the bots' parent, so killing it orphans them.
"""

import json
import os
import select
import sys
from pathlib import Path

from pool.bot.main import run
from pool.contract.frames import Fork
from pool.settings import PoolSettings


def main() -> None:
    print(json.dumps({"ready": True}), flush=True)
    while True:
        ready, _, _ = select.select([0], [], [], 0.05)
        if ready:
            line = sys.stdin.buffer.readline()
            if not line:
                return
            _fork(json.loads(line))
        _reap()


def _fork(request: dict[str, object]) -> None:
    pid = os.fork()
    if pid == 0:
        fork, pool = Fork.model_validate(request["fork"]), Path(str(request["pool"]))
        os._exit(run(fork, pool, PoolSettings.load(pool / "pool.json")))
    print(json.dumps({"pid": pid}), flush=True)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        print(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
