"""A real zygote whose forks run `report` instead of a bot: it writes what it finds itself to be, then waits.

`python -m tests.process.zygote_stand_in --directory DIR`. FLOTILLA_STAND_IN says what differs: `cold` skips the warm-up
(seconds in place of tens of seconds), `refuse` fails the trial of immortality, `thread` and `socket` break what must
hold before a fork.
"""

import gc
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np

from pool.contract.frames import Fork
from pool.settings import PoolSettings
from pool.zygote import __main__ as zygote
from pool.zygote.environment import ensure_environment

_LEAVE_SECONDS = 180


def report(fork: Fork, pool_directory: Path, settings: PoolSettings) -> int:
    """Writes `facts.json`, waits for the file `leave`, whose text is the exit code."""
    directory = Path(fork.directory)
    if fork.bot_id == "raises":
        raise RuntimeError("this bot cannot be")
    if fork.bot_id.startswith("trader"):
        return trade(directory, settings)
    facts = {
        "pid": os.getpid(),
        "nonce": fork.nonce.get_secret_value(),
        "pool": settings.pool_id,
        "pool_directory": str(pool_directory),
        "threads": len(os.listdir("/proc/self/task")),
        "descriptors": {name: _target(name) for name in os.listdir("/proc/self/fd")},
        "collecting": gc.isenabled(),
        "frozen": gc.get_freeze_count(),
        "none_moves": _moves(sys.modules["json"]),
        "random": [random.random(), float(np.random.random())],
        "handled_signals": [int(number) for number in (signal.SIGTERM, signal.SIGINT) if _handled(number)],
    }
    partial = directory / "facts.partial"
    partial.write_text(json.dumps(facts))
    partial.rename(directory / "facts.json")
    deadline = time.monotonic() + _LEAVE_SECONDS
    leave = directory / "leave"
    while not (leave.exists() and leave.read_text()):
        if time.monotonic() > deadline:
            return 99
        time.sleep(0.02)
    return int(leave.read_text())


def trade(directory: Path, settings: PoolSettings) -> int:
    """A whole FreqTrade worker for some rounds; what it shares and weighs goes to `facts.json`."""
    from freqtrade.commands import Arguments
    from freqtrade.persistence import Trade
    from freqtrade.worker import Worker

    from pool.bot.isolation import leave_zygote, settle
    from pool.bot.rest import build_app
    from pool.zygote.rehearsal import write_bot
    from pool.zygote.sharing import markets, webapp

    leave_zygote("trader")
    settle(directory)
    started = time.monotonic()
    config = write_bot(directory, settings)
    worker = Worker(Arguments(["trade", "-c", str(config), "--userdir", str(directory)]).get_parsed_arg())
    worker._sleep = lambda duration: time.sleep(min(duration, 0.2))
    state = None
    boot_seconds = 0.0
    for _ in range(5):
        state = worker._worker(old_state=state)
        boot_seconds = boot_seconds or time.monotonic() - started
    exchange = worker.freqtrade.exchange
    shared = markets.are_shared(exchange._markets)
    exchange.reload_markets(force=True)
    facts = {
        "shared": shared,
        "shared_after_refresh": markets.are_shared(exchange._markets),
        "markets": len(exchange._markets),
        "own_url": exchange._api.urls["api"]["public"],
        "rate": exchange.get_conversion_rate("BTC", "USDT"),
        "all_tickers_kept": "fetch_tickers" in exchange._fetch_tickers_cache,
        "app_shared": build_app() is webapp.shared_application(),
        "state": state.name,
        "trades": len(Trade.get_trades().all()),
        "boot_seconds": boot_seconds,
        "uss_bytes": _private_bytes(),
    }
    partial = directory / "facts.partial"
    partial.write_text(json.dumps(facts))
    partial.rename(directory / "facts.json")
    worker.exit()
    return 0


def _private_bytes() -> int:
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) * 1024 for row in rows if row.startswith("Private_"))


def _target(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return "gone"


def _moves(item: object) -> bool:
    before = sys.getrefcount(item)
    held = [item] * 10
    return sys.getrefcount(item) != before and bool(held)


def _handled(number: int) -> bool:
    return signal.getsignal(number) not in (signal.SIG_DFL, signal.default_int_handler)


def main() -> int:
    ensure_environment()
    from pool.zygote import immortal, preload, serving
    from pool.zygote.warmth import Warmth

    asked = os.environ.get("FLOTILLA_STAND_IN", "").split()
    if "cold" in asked:
        preload.import_everything = list
        serving.warm_up = lambda directory, settings: Warmth()
    if "refuse" in asked:
        immortal.self_test = lambda: "The trial was made to fail."
    if "thread" in asked:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if "socket" in asked:
        asked.append(socket.socket())  # type: ignore[arg-type]  # kept open by the list
    return zygote.main(report)


if __name__ == "__main__":
    sys.exit(main())
