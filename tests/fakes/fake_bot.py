"""A bot without FreqTrade: speaks the agent's socket, and misbehaves as `config["fake"]` in its slot.json asks.

Keys of `fake`: `exit_code` (at once), `needs_file` (75 while missing), `exit_unless_file` (1 while missing), `mute`
(never dials), `stuck` (no progress), `ignore_stop`, `deaf_to_reload`, `events` (how many at start, of `event_bytes`),
`memory_bytes` (kept), `disk_bytes` (written in a directory of its own), `removed_bytes` (of a file that is removed and
kept open), `open_trades` (written to the database when there is none), `patience`, `asks` (for which pairs it asks
permission at each connection), `watches` (likewise, as `Watch`). What `<pool>/says.json` has under a bot's id is sent
as it is, frame by frame, at each connection. Mandates, policies, grants and looks go to `heard.jsonl` as they come; the
first two are kept by a real `Standing`.
"""

import fcntl
import json
import os
import select
import signal
import socket
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pool.bot.universal.standing import Standing
from pool.contract import PROTOCOL_VERSION, exit_codes
from pool.contract.events import EventType
from pool.contract.frames import (
    Ack,
    AgentFrame,
    BotEvent,
    CommandFrame,
    ConditionFrame,
    Fork,
    GrantFrame,
    Heartbeat,
    Hello,
    LookFrame,
    MandateFrame,
    PolicyFrame,
    ReserveFrame,
    ResultFrame,
    SnapshotFrame,
    WatchFrame,
    Welcome,
)
from pool.contract.model import Wire
from pool.contract.risk import HALT_FLAG, ReserveRequest
from pool.contract.snapshots import BotSnapshot
from pool.ipc.framing import pack, receive_frame
from pool.ipc.unix_address import connect_unix
from pool.settings import PoolSettings
from tests.fakes.fake_api import serve_api

_BEAT_SECONDS = 0.1
_TEXT = 8000
_FRAMES: TypeAdapter[Any] = TypeAdapter(AgentFrame)


class FakeBot:
    def __init__(self, fork: Fork, pool: Path) -> None:
        self._fork = fork
        self._pool = pool
        self._directory = Path(fork.directory)
        self._settings = PoolSettings.load(pool / "pool.json")
        self._init_pid = os.getppid()
        self._incarnation: str | None = None
        self._paused = False
        self._stopping = False
        self._progress = 0
        self._held: list[BotEvent] = []
        self._standing = Standing(self._directory / HALT_FLAG)
        self._read_slot()

    def _read_slot(self) -> None:
        spec = json.loads((self._directory / "slot.json").read_text())
        self._generation = spec["generation"]
        self._standing.governed = spec.get("governed", False)
        self._fake: dict[str, Any] = spec["config"].get("fake", {})

    def run(self) -> int:
        log = (self._directory / "bot.log").open("a")
        log.write(f"run {self._fork.run_id} starts as process {os.getpid()}\n")
        log.flush()
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return exit_codes.LOCKED
        if self._fake.get("ignore_stop"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if (code := self._early_exit()) is not None:
            log.write(f"fake failure {code}\n")
            log.flush()
            if code == exit_codes.EXCHANGE_UNREACHABLE:
                self._say_goodbye()
            return code
        self._make_database()
        kept = bytearray(os.urandom(4096)) * (self._fake.get("memory_bytes", 0) // 4096)
        if "disk_bytes" in self._fake:
            (self._directory / "cache").mkdir(exist_ok=True)
            (self._directory / "cache" / "data").write_bytes(bytes(self._fake["disk_bytes"]))
        if "removed_bytes" in self._fake:
            self._removed = (self._directory / "removed").open("wb")
            self._removed.write(bytes(self._fake["removed_bytes"]))
            os.unlink(self._removed.name)
        log.write(f"keeps {len(kept)} bytes\n")
        size = self._fake.get("event_bytes", 10)
        self._held = [
            BotEvent(
                seq=seq,
                at=datetime.now(UTC),
                type=EventType.MESSAGE,
                data={"kind": "status", "text": "x" * (size % _TEXT), "more": ["x" * _TEXT] * (size // _TEXT)},
            )
            for seq in range(1, self._fake.get("events", 0) + 1)
        ]
        while self._fake.get("mute") and not self._orphaned(0):
            time.sleep(0.1)
        return self._report()

    def _early_exit(self) -> int | None:
        if "exit_code" in self._fake:
            return int(self._fake["exit_code"])
        if "needs_file" in self._fake and not Path(self._fake["needs_file"]).exists():
            return exit_codes.EXCHANGE_UNREACHABLE
        if "exit_unless_file" in self._fake and not Path(self._fake["exit_unless_file"]).exists():
            return 1
        return None

    def _say_goodbye(self) -> None:
        connection = self._dial()
        connection.sendall(pack(ConditionFrame(type="ExchangeUnreachable", message="exchange is down").to_json()))
        time.sleep(0.05)

    def _report(self) -> int:
        lost_at = time.monotonic()
        while not self._stopping:
            try:
                with self._dial() as connection:
                    self._converse(connection)
            except (OSError, EOFError):
                if self._orphaned(lost_at):
                    return exit_codes.ORPHANED
                time.sleep(0.05)
            else:
                lost_at = time.monotonic()
        return exit_codes.OK

    def _orphaned(self, since: float) -> bool:
        gone = os.getppid() != self._init_pid
        return gone and time.monotonic() - since > self._settings.orphan_timeout_seconds

    def _dial(self) -> socket.socket:
        connection = connect_unix(self._pool / "agent.sock", 5)
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            bot_id=self._fork.bot_id,
            run_id=self._fork.run_id,
            epoch=self._fork.epoch,
            nonce=self._fork.nonce.get_secret_value(),
            pid=os.getpid(),
            incarnation_seen=self._incarnation,
        )
        connection.sendall(pack(hello.to_json()))
        welcome = _FRAMES.validate_json(receive_frame(connection))
        assert isinstance(welcome, Welcome)
        self._incarnation = welcome.incarnation
        if welcome.credentials is not None:
            (self._directory / "had-credentials").touch()
        return connection

    def _converse(self, connection: socket.socket) -> None:
        for event in self._held:
            self._send(connection, event)
        for words in self._says():
            connection.sendall(pack(json.dumps(words).encode()))
        self._send(connection, SnapshotFrame(snapshot=_snapshot()))
        self._send(connection, WatchFrame(watches=self._fake.get("watches", [])))
        for number, pair in enumerate(self._fake.get("asks", [])):
            self._send(connection, ReserveFrame(request=_request(f"{self._fork.run_id}-{number}", pair)))
        while not self._stopping:
            self._send(connection, self._heartbeat())
            ready, _, _ = select.select([connection], [], [], _BEAT_SECONDS)
            if ready:
                frame = _FRAMES.validate_json(receive_frame(connection))
                match frame:
                    case CommandFrame():
                        self._obey(connection, frame)
                    case Ack():
                        continue
                    case _:
                        self._hear(frame)

    def _hear(self, frame: MandateFrame | PolicyFrame | GrantFrame | LookFrame) -> None:
        match frame:
            case MandateFrame():
                self._standing.take_mandate(frame)
            case PolicyFrame():
                self._standing.take_policy(frame.policy)
        with (self._directory / "heard.jsonl").open("ab") as heard:
            heard.write(frame.to_json() + b"\n")

    def _says(self) -> list[Any]:
        file = self._pool / "says.json"
        return list(json.loads(file.read_text()).get(self._fork.bot_id, [])) if file.exists() else []

    def _obey(self, connection: socket.socket, frame: CommandFrame) -> None:
        match frame.name:
            case "pause":
                self._paused = True
            case "resume":
                self._paused = False
            case "stop":
                self._stopping = not self._fake.get("ignore_stop")
            case "reload_config" if not self._fake.get("deaf_to_reload"):
                self._read_slot()
            case "flatten":
                self._paused = True
                with sqlite3.connect(self._directory / "tradesv3.sqlite") as database:
                    database.execute("UPDATE trades SET is_open = 0")
            case "serve_api":
                started = threading.Event()
                arguments = (
                    self._directory / "api.sock",
                    frame.arguments["username"],
                    frame.arguments["password"],
                    started,
                )
                threading.Thread(target=serve_api, args=arguments, daemon=True).start()
                started.wait(60)
        self._send(connection, ResultFrame(command_id=frame.command_id, ok=True, data={"echo": frame.arguments}))

    def _heartbeat(self) -> Heartbeat:
        self._progress += 0 if self._fake.get("stuck") else 1
        return Heartbeat(
            at=datetime.now(UTC),
            phase="stopping" if self._stopping else "running",
            trader_state="paused" if self._paused else "running",
            progress=self._progress,
            patience_seconds=self._fake.get("patience", 20),  # a busy machine is no hang
            observed_generation=self._generation,
            paused_by_flotilla=self._paused,
            flat=self._open_trades() == 0,
            mode=self._standing.mode() if self._standing.governed or self._standing.flag() else None,
            policy=self._standing.policy.fingerprint if self._standing.policy is not None else None,
        )

    def _make_database(self) -> None:
        with sqlite3.connect(self._directory / "tradesv3.sqlite") as database:
            database.execute("CREATE TABLE IF NOT EXISTS trades (id INTEGER PRIMARY KEY, is_open BOOLEAN NOT NULL)")
            if database.execute("SELECT count(*) FROM trades").fetchone()[0] == 0:
                for _ in range(self._fake.get("open_trades", 0)):
                    database.execute("INSERT INTO trades (is_open) VALUES (1)")

    def _open_trades(self) -> int:
        with sqlite3.connect(self._directory / "tradesv3.sqlite") as database:
            return int(database.execute("SELECT count(*) FROM trades WHERE is_open").fetchone()[0])

    @staticmethod
    def _send(connection: socket.socket, frame: Wire) -> None:
        connection.sendall(pack(frame.to_json()))


def _request(request_id: str, pair: str) -> ReserveRequest:
    return ReserveRequest.model_validate(
        {
            "request_id": request_id,
            "purpose": "entry",
            "pair": pair,
            "asset": pair.split("/")[0],
            "is_short": False,
            "stake_currency": "USDT",
            "stake": "100",
            "leverage": "1",
            "exposure": "100",
            "at": datetime.now(UTC),
        }
    )


def _snapshot() -> BotSnapshot:
    zero = "0"
    return BotSnapshot.model_validate(
        {
            "as_of": datetime.now(UTC),
            "stake_currency": "USDT",
            "mode": "dry",
            "starting_balance": "1000",
            "free": "1000",
            "in_trades": zero,
            "equity": "1000",
            "realised": zero,
            "realised_today": zero,
            "unrealised": zero,
            "closed_trades": 0,
            "winning_trades": 0,
            "balances": [],
            "open_trades": [],
            "conversion": None,
        }
    )
