"""What the process tests of the bot share: a paper exchange, an init to fork from, and a bench with one bot on it."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from pool.contract.frames import Fork
from pool.contract.slots import DesiredState, ExchangeCredentials, SlotSpec, StrategySource
from pool.ipc.unix_address import short_address
from pool.zygote.environment import VARIABLES
from tests.fakes.recording_agent import RecordingAgent
from tests.support import PATIENT_SECONDS, eventually_sync

ROOT = Path(__file__).resolve().parents[3]

BUYER = '''
from freqtrade.strategy import IStrategy


class Buyer(IStrategy):
    """Enters whatever it may, leaves nothing by itself."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.9
    startup_candle_count = 5
    process_only_new_candles = False
    order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        dataframe["enter_tag"] = "always"
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''

PRICING = {"price_side": "other", "use_order_book": True, "order_book_top": 1}


class Exchange:
    """A running paper exchange."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self.pairs = _pairs(url)


@contextmanager
def paper_exchange(directory: Path) -> Iterator[Exchange]:
    """The simulator, for as long as the context lasts."""
    command = [sys.executable, "-m", "pool.exchange.simulator"]
    options = ["--directory", str(directory), "--port", "0", "--symbols", "60", "--seed", "7"]
    process = subprocess.Popen([*command, *options], cwd=ROOT)
    endpoint = directory / "endpoint.json"
    try:
        eventually_sync(lambda: endpoint.exists() or process.poll() is not None, message="the simulator's endpoint")
        yield Exchange(json.loads(endpoint.read_text())["url"], directory)
    finally:
        process.terminate()
        process.wait(PATIENT_SECONDS)


class Init:
    """`tests.fakes.forking_init` as a process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.forking_init"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, **VARIABLES},
        )
        self._forked: list[int] = []
        self._statuses: dict[int, int] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def fork(self, fork: Fork, pool: Path) -> int:
        assert self._process.stdin is not None
        before = len(self._forked)
        request = {"fork": json.loads(fork.to_json(reveal_secrets=True)), "pool": str(pool)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        eventually_sync(lambda: len(self._forked) > before, message="a fork")
        return self._forked[-1]

    def status(self, pid: int) -> int | None:
        return self._statuses.get(pid)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if "status" in message:
                self._statuses[message["pid"]] = message["status"]
            elif "pid" in message:
                self._forked.append(message["pid"])


class Bench:
    """A pool directory with one slot, an agent that listens, and the runs of one bot."""

    def __init__(self, pool: Path, init: Init, exchange_url: str, pairs: list[str], **settings: Any) -> None:
        self.pool = pool
        self.directory = pool / "bots" / "bot-1"
        self.directory.mkdir(parents=True)
        self.pids: list[int] = []
        self._init = init
        self.pairs = pairs[:3]
        pool_settings = {"pool_id": "p", "paper_exchange_url": exchange_url, "snapshot_interval_seconds": 1, **settings}
        (pool / "pool.json").write_text(json.dumps(pool_settings))
        self.agent = RecordingAgent(pool / "agent.sock")
        self.agent.start()
        self.write_slot()

    def spec(self, config: dict[str, Any] | None = None, **changes: Any) -> SlotSpec:
        fields: dict[str, Any] = {
            "epoch": 1,
            "generation": 1,
            "desired": DesiredState.RUNNING,
            "exchange": "paper",
            "config": {**self.config(), **(config or {})},
            "strategy": StrategySource(class_name="Buyer", source=BUYER),
        }
        return SlotSpec(**{**fields, **changes})

    def config(self) -> dict[str, Any]:
        return {
            "max_open_trades": len(self.pairs),
            "stake_currency": "USDT",
            "stake_amount": 50,
            "dry_run_wallet": 1000,
            "timeframe": "1m",
            "entry_pricing": PRICING,
            "exit_pricing": PRICING,
            "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
            "exchange": {"pair_whitelist": self.pairs},
            "pairlists": [{"method": "StaticPairList"}],
            "internals": {"process_throttle_secs": 1},
        }

    def write_slot(self, spec: SlotSpec | None = None) -> None:
        (self.directory / "slot.json").write_bytes((spec or self.spec()).to_json())

    def order(self, epoch: int = 1) -> Fork:
        return Fork.model_validate(
            {
                "bot_id": "bot-1",
                "run_id": uuid.uuid4().hex,
                "epoch": epoch,
                "nonce": uuid.uuid4().hex,
                "directory": str(self.directory),
            }
        )

    def fork(self, order: Fork | None = None) -> int:
        """Fork a run; its pid."""
        self.pids.append(self._init.fork(order or self.order(), self.pool))
        return self.pids[-1]

    def run(self) -> int:
        """Fork a run and wait until it trades; its pid."""
        pid = self.fork()
        self.agent.await_heartbeat(phase="running")
        return pid

    def status(self, pid: int) -> int | None:
        """How a run ended; None while it lives."""
        return self._init.status(pid)

    def await_exit(self, pid: int, timeout_seconds: float = PATIENT_SECONDS) -> int:
        """How it ended, once all that it said was heard, too."""

        def status() -> list[int]:
            known = self._init.status(pid)
            return [] if known is None or self.agent.hears(pid) else [known]

        return eventually_sync(status, timeout_seconds, f"the end of {pid}")[0]

    def await_events(self, event_type: str, count: int = 1, timeout_seconds: float = PATIENT_SECONDS) -> None:
        eventually_sync(lambda: len(self.agent.events(event_type)) >= count, timeout_seconds, f"{count} {event_type}")

    def log(self) -> str:
        return (self.directory / "bot.log").read_text()

    @contextmanager
    def rest(self, username: str, password: str) -> Iterator[httpx.Client]:
        """A client of the bot's REST API."""
        with (
            short_address(self.directory / "api.sock") as address,
            httpx.Client(
                transport=httpx.HTTPTransport(uds=address),
                base_url="http://bot/api/v1/",
                auth=(username, password),
                timeout=60,
            ) as client,
        ):
            yield client

    def close(self) -> None:
        for pid in self.pids:
            if self._init.status(pid) is None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.agent.stop()


def files_with(directory: Path, *secrets: str) -> list[Path]:
    """Every file below that holds one of them; what goes meanwhile, as a database's journal does, is passed over."""
    found = []
    for file in directory.rglob("*"):
        with suppress(FileNotFoundError):
            if file.is_file() and any(secret.encode() in file.read_bytes() for secret in secrets):
                found.append(file)
    return found


def credentials(key: str, secret: str) -> ExchangeCredentials:
    return ExchangeCredentials.model_validate({"key": key, "secret": secret})


def _pairs(url: str) -> list[str]:
    with urllib.request.urlopen(f"{url}/api/v3/exchangeInfo", timeout=60) as response:
        symbols = json.load(response)["symbols"]
    return [f"{symbol['baseAsset']}/USDT" for symbol in symbols if symbol["quoteAsset"] == "USDT"]
