"""`python -m benchmarks.asking --directory DIR`: a pool whose bots trade nothing and ask for permission all the time.

Init, agent, socket, link, outbox and permission are the product's own; only FreqTrade is missing. Each bot asks at
random moments, once per `every` seconds in the mean, or, where `together` is given, all at once so often. What each
round trip took is written to `trips.jsonl` in the bot's directory: [seconds of CLOCK_BOOTTIME, milliseconds, granted,
asked together with all others].
"""

import argparse
import json
import os
import random
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pool.__main__ import take_lock
from pool.bot.control import Control
from pool.bot.link import Link
from pool.bot.outbox import Outbox
from pool.bot.parent import Parent
from pool.bot.universal.permission import Permission
from pool.bot.universal.standing import Standing, boot_clock
from pool.bot.vitals import Vitals
from pool.contract.frames import Fork, Forked, ZygoteState
from pool.contract.pools import ZygoteReport
from pool.contract.risk import HALT_FLAG, Mode, ReserveRequest, Settlement
from pool.init.supervisor import Supervisor
from pool.settings import PoolSettings

_PAIRS = ("BTC", "ETH", "SOL", "BNB", "XRP")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.asking", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--fork", action="store_true", help="be the zygote")
    told = parser.parse_args()
    if told.fork:
        _serve_forks(told.directory)
        return
    settings = PoolSettings.load(told.directory / "pool.json")
    take_lock(told.directory / "init.lock")
    zygote = [sys.executable, "-m", "benchmarks.asking", "--fork", "--directory", str(told.directory)]
    Supervisor(told.directory, settings.stop_timeout_seconds, zygote_command=zygote).run()


def _serve_forks(pool: Path) -> None:
    channel = socket.socket(fileno=3)
    report = ZygoteReport(
        state="ready", pid=os.getpid(), python=None, freqtrade=None, warm_seconds=0, immortal_objects=None,
        shared_markets=None,
    )  # fmt: skip
    channel.send(ZygoteState(report=report).to_json())
    while packet := channel.recv(65536):
        fork = Fork.model_validate_json(packet)
        pid, gate = _fork(fork, pool, channel)
        channel.send(Forked(run_id=fork.run_id, pid=pid, milliseconds=0).to_json())
        os.close(gate)


def _fork(fork: Fork, pool: Path, channel: socket.socket) -> tuple[int, int]:
    """Twice, so that init adopts the bot; it begins when the gate is closed. Its pid, and the gate."""
    told, tell = os.pipe()
    opened, gate = os.pipe()
    middle = os.fork()
    if middle == 0:
        bot = os.fork()
        if bot:
            os.write(tell, str(bot).encode())
            os._exit(0)
        channel.close()
        os.close(gate)
        try:
            os.read(opened, 1)
            os.setsid()
            _Asker(fork, pool).live()
        finally:
            os._exit(0)
    os.close(tell)
    os.close(opened)
    pid = int(os.read(told, 32))
    os.close(told)
    os.waitpid(middle, 0)
    return pid, gate


class _Asker:
    def __init__(self, fork: Fork, pool: Path) -> None:
        self._directory = Path(fork.directory)
        spec = json.loads((self._directory / "slot.json").read_text())
        self._plan: dict[str, float] = spec["config"]
        self._run_id = fork.run_id
        self._control, self._vitals, self._outbox = Control(), Vitals(), Outbox()
        self._standing = Standing(self._directory / HALT_FLAG, governed=spec["governed"])
        self._permission = Permission(
            self._outbox, self._standing, stopping=lambda: self._control.stopping, progress=self._vitals.step
        )
        self._link = Link(
            fork, pool / "agent.sock", PoolSettings.load(pool / "pool.json"), control=self._control,
            vitals=self._vitals, outbox=self._outbox, parent=Parent(), standing=self._standing,
            permission=self._permission,
        )  # fmt: skip

    def live(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._control.on_signal)
        self._vitals.begin(60)
        self._link.start()
        next_own = self._soon()
        with (self._directory / "trips.jsonl").open("a", buffering=1) as trips:
            while not self._control.stopping:
                self._vitals.step()
                together = self._next_together()
                at = min(next_own, together)
                self._control.wait(max(min(at - time.time(), 0.5), 0))
                if time.time() < at or self._standing.mode() is not Mode.ACTIVE:
                    continue
                if at == next_own:
                    next_own = self._soon()
                trips.write(json.dumps([boot_clock(), *self._ask(), at == together]) + "\n")
        self._link.close(1.0)

    def _soon(self) -> float:
        return time.time() + random.expovariate(1 / self._plan["every"])

    def _next_together(self) -> float:
        """The next moment at which all bots ask; never, where there is none."""
        every = self._plan.get("together", 0)
        return (time.time() // every + 1) * every if every else float("inf")

    def _ask(self) -> tuple[float, bool]:
        asset = random.choice(_PAIRS)
        request: dict[str, Any] = {
            "request_id": f"{self._run_id}-{time.monotonic_ns()}",
            "purpose": "entry",
            "pair": f"{asset}/USDT",
            "asset": asset,
            "is_short": False,
            "stake_currency": "USDT",
            "stake": Decimal(10),
            "leverage": Decimal(1),
            "exposure": Decimal(10),
            "at": datetime.now(UTC),
        }
        started = time.monotonic()
        grant = self._permission.ask(ReserveRequest(**request))
        took = (time.monotonic() - started) * 1000
        if grant.granted:
            self._permission.settle(Settlement(request_id=grant.request_id, outcome="released"))
        return took, grant.granted


if __name__ == "__main__":
    main()
