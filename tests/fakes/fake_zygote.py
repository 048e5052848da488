"""A zygote without FreqTrade: speaks the frames on descriptor 3 and forks fake bots, twice, as the real one does.

Its warm-up lasts while there is a file `<pool>/fake-zygote-warms`.
"""

import argparse
import os
import signal
import socket
import time
from pathlib import Path
from typing import Literal

from pool.contract.frames import Fork, Forked, ZygoteState
from pool.contract.pools import ZygoteReport
from tests.fakes.fake_bot import FakeBot


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=Path, required=True)
    directory = parser.parse_args().directory
    channel = socket.socket(fileno=3)
    channel.send(ZygoteState(report=_report("warming")).to_json())
    while (directory / "fake-zygote-warms").exists():
        time.sleep(0.05)
    channel.send(ZygoteState(report=_report("ready")).to_json())
    while packet := channel.recv(65536):
        fork = Fork.model_validate_json(packet)
        pid, gate = _fork(fork, directory, channel)
        channel.send(Forked(run_id=fork.run_id, pid=pid, milliseconds=1.0).to_json())
        os.close(gate)
    return 0


def _fork(fork: Fork, directory: Path, channel: socket.socket) -> tuple[int, int]:
    pid_read, pid_write = os.pipe()
    gate_read, gate_write = os.pipe()
    middle = os.fork()
    if middle == 0:
        bot = os.fork()
        if bot:
            os.write(pid_write, str(bot).encode())
            os._exit(0)
        for descriptor in (pid_read, pid_write, gate_write):
            os.close(descriptor)
        channel.close()
        status = 1
        try:
            os.read(gate_read, 1)
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            status = FakeBot(fork, directory).run()
        finally:
            os._exit(status)
    os.close(pid_write)
    os.close(gate_read)
    pid = int(os.read(pid_read, 32))
    os.close(pid_read)
    os.waitpid(middle, 0)
    return pid, gate_write


def _report(state: Literal["warming", "ready"]) -> ZygoteReport:
    return ZygoteReport(
        state=state,
        pid=os.getpid(),
        python="3.13.0",
        freqtrade="fake",
        warm_seconds=0.1,
        immortal_objects=None,
        shared_markets=None,
    )


if __name__ == "__main__":
    raise SystemExit(main())
