"""Kills random parts of a fleet with SIGKILL, again and again, and checks at the end that nothing was lost.

    python -m benchmarks.chaos [--bots 10] [--kills 200] [--minutes 0] [--seed N] [--docker [--image IMAGE]] [--json]

The whole product runs on PostgreSQL and Redis of its own: two control planes on one database, pools as local processes
or, with `--docker`, as containers. Killed are bots, zygotes, agents, inits (whole containers with `--docker`), control
planes, the broker, the paper exchange, PostgreSQL and Redis, each picked by the seed, which is printed. What a service
manager would start again (control planes, broker, PostgreSQL, Redis) is started again a moment later; everything else
is Flotilla's own business. Checked, the exit code says so:

- no bot died for good: every one is running at the end;
- none ran twice: never do two processes hold the lock of one bot, watched in /proc/locks several times a second;
- no trade lost: no bot's own database is damaged, no pair has two open trades, and every fill that was ever told is
  there;
- FreqTrade traded dry, so the paper exchange's ledger must show no order at all.
"""

import argparse
import json
import os
import random
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import docker
import docker.errors
import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.processes import end
from benchmarks.product import end_leftovers, free_port
from benchmarks.rigs import PAIRS, ROOT, wait_until
from benchmarks.stores import Store, postgres, redis

_WEIGHTS = {
    "bot": 8, "zygote": 3, "agent": 4, "init": 2, "control plane": 3, "postgres": 1, "redis": 1, "paper exchange": 1,
    "broker": 1,
}  # fmt: skip
_BREATH_SECONDS = (0.5, 4.0)
_WATCH_SECONDS = 0.15
_RECOVERY_SECONDS = 240
_LOCK = re.compile(r"FLOCK\s+ADVISORY\s+WRITE\s+(\d+)\s+\w+:\w+:(\d+)")


def main() -> int:
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(2**32)
    print(f"seed {seed}", file=sys.stderr)
    before = {process.pid for process in psutil.process_iter()}
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        try:
            with fleet(Path(scratch), arguments) as rig:
                rig.fill(arguments.bots)
                watch = Watch(rig)
                watch.start()
                kills = _rage(rig, random.Random(seed), arguments)
                problems = _recover(rig)
                watch.stop()
                problems += watch.problems() + _check_trades(rig) + _check_ledger(rig)
                trades = rig.trades()
        finally:
            end_leftovers(home, before)
    result = {
        "seed": seed, "bots": arguments.bots, "kills": dict(kills), "kills_in_all": sum(kills.values()),
        "trades": trades, "looks_at_locks": watch.looks, "problems": problems,
    }  # fmt: skip
    print(json.dumps(result)) if arguments.json else _print(result)
    return 1 if problems else 0


@dataclass
class Fleet:
    """The product, its stores, and who may be killed."""

    home: Path
    stores: list[Store]
    environment: dict[str, str]
    docker: Any = None
    control_planes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    broker: subprocess.Popen[bytes] | None = None
    bots: dict[str, str] = field(default_factory=dict)
    """Names by id."""

    def start_control_plane(self, port: int) -> None:
        command = [str(Path(sys.executable).parent / "flotilla"), "serve", "--no-demo"]
        environment = {**self.environment, "FLOTILLA_PORT": str(port)}
        with (self.home.parent / f"serve-{port}.log").open("ab") as log:
            self.control_planes[port] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def start_broker(self) -> None:
        with (self.home.parent / "broker.log").open("ab") as log:
            self.broker = subprocess.Popen(
                [sys.executable, "-m", "orchestrator.broker"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def revive(self) -> None:
        """What a service manager does."""
        for store in self.stores:
            if not store.alive():
                store.start()
        for port, process in list(self.control_planes.items()):
            if process.poll() is not None:
                self.start_control_plane(port)
        if self.broker is not None and self.broker.poll() is not None:
            self.start_broker()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """One answer of whichever control plane gives one; None where none does now."""
        password = self.home / "admin-password"
        for port in self.control_planes:
            base = f"http://127.0.0.1:{port}/api/v1"
            try:
                body = {"username": "admin", "password": password.read_text().strip()}
                token = httpx.post(f"{base}/auth/login", json=body, timeout=10).raise_for_status().json()
                headers = {"Authorization": f"Bearer {token['access_token']}"}
                return (
                    httpx.request(method, f"{base}{path}", headers=headers, timeout=20, **options)
                    .raise_for_status()
                    .json()
                )
            except (httpx.HTTPError, OSError, ValueError):
                continue
        return None

    def listing(self) -> list[dict[str, Any]]:
        answer = self.call("GET", "/bots", params={"limit": 200})
        return list(answer["items"]) if answer else []

    def running(self) -> int:
        return sum(bot["observed_state"] == "running" for bot in self.listing())

    def fill(self, count: int) -> None:
        templates = ("breakout", "trend", "mean_reversion")
        for number in range(count):
            body = {"name": f"chaos-{number}", "template": templates[number % 3], "pairs": PAIRS, "timeframe": "1m"}
            made = wait_until(partial(self.call, "POST", "/bots", json=body), 60, "a bot created")
            self.bots[made["id"]] = made["name"]
        wait_until(lambda: self.running() == count, _RECOVERY_SECONDS, f"{count} bots running")

    # ---- where things are

    def roots(self) -> list[Path]:
        """Directories of pools, as this host sees them."""
        if self.docker is None:
            return [path.parent for path in (self.home / "pools").glob("*/pool.json")]
        return [
            Path(v.attrs["Mountpoint"]) for v in self.docker.volumes.list(filters=self._label) if "paper" not in v.name
        ]

    def directories(self, bot_id: str) -> list[Path]:
        return [root / "bots" / bot_id for root in self.roots() if (root / "bots" / bot_id).is_dir()]

    def trades(self) -> int:
        return sum(len(rows) for rows in (_rows(self._database(bot_id)) for bot_id in self.bots))

    def _database(self, bot_id: str) -> Path | None:
        """Of the directory with the highest epoch: others are what moves left behind."""
        found = [d for d in self.directories(bot_id) if (d / "tradesv3.sqlite").exists()]
        return max(found, key=_epoch) / "tradesv3.sqlite" if found else None

    @property
    def _label(self) -> dict[str, str]:
        return {"label": f"flotilla.installation={self.environment['FLOTILLA_BROKER_INSTALLATION']}"}

    def paper(self) -> Path:
        """Directory of the paper exchange."""
        if self.docker is None:
            return self.home / "paper-exchange"
        return next(
            Path(v.attrs["Mountpoint"]) for v in self.docker.volumes.list(filters=self._label) if "paper" in v.name
        )

    # ---- whom to kill

    def victims(self, kind: str) -> list[Callable[[], None]]:
        if kind == "control plane":
            return [process.kill for process in self.control_planes.values() if process.poll() is None]
        if kind in ("postgres", "redis"):
            return [store.kill for store in self.stores if store.name == kind and store.alive()]
        if kind == "broker":
            return [self.broker.kill] if self.broker is not None and self.broker.poll() is None else []
        return [partial(_kill, process) for process in self._processes(kind)]

    def _processes(self, kind: str) -> Iterator[psutil.Process]:
        containers = self._container_pids() if self.docker is not None else None
        for process in psutil.process_iter(["cmdline", "name"]):
            words = process.info["cmdline"] or []
            mine = process.pid in containers if containers is not None else any(str(self.home) in w for w in words)
            if mine and _kind(process.info["name"] or "", words) == kind:
                yield process

    def _container_pids(self) -> set[int]:
        found: set[int] = set()
        for container in self.docker.containers.list(filters=self._label):
            try:
                found |= {int(row[1]) for row in container.top()["Processes"]}
            except (docker.errors.APIError, OSError) as gone:  # it may end while it is looked at
                print(f"{container.name}: {type(gone).__name__}", file=sys.stderr)
        return found


@contextmanager
def fleet(scratch: Path, arguments: argparse.Namespace) -> Iterator[Fleet]:
    home = scratch / "home"
    home.mkdir(mode=0o700)
    with ExitStack() as stack:
        database = stack.enter_context(postgres(scratch / "postgres"))
        cache = stack.enter_context(redis(scratch / "redis"))
        environment = {
            **os.environ,
            "FLOTILLA_HOME": str(home),
            "FLOTILLA_ORCH_DATABASE_URL": database.url,
            "FLOTILLA_ORCH_REDIS_URL": cache.url,
            "FLOTILLA_ORCH_POOL_SLOTS": str(-(-arguments.bots // 2)),
        }
        rig = Fleet(home, [database, cache], environment)
        try:
            if arguments.docker:
                _containers(rig, scratch, arguments.image)
            for port in (free_port(), free_port()):
                rig.start_control_plane(port)
                wait_until(partial(_answers, port), 120, "a control plane")
            yield rig
        except TimeoutError:
            for log in scratch.glob("*.log"):
                print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)
            raise
        finally:
            for process in (*rig.control_planes.values(), *([rig.broker] if rig.broker else [])):
                end(process)
            if rig.docker is not None:
                _remove_all(rig)


def _containers(rig: Fleet, scratch: Path, image: str) -> None:
    rig.docker = docker.from_env()
    rig.environment |= {
        "FLOTILLA_ORCH_POOL_DRIVER": "docker",
        "FLOTILLA_ORCH_POOL_IMAGE": image,
        "FLOTILLA_ORCH_BROKER_SOCKET": str(scratch / "broker.sock"),
        "FLOTILLA_BROKER_SOCKET": str(scratch / "broker.sock"),
        "FLOTILLA_BROKER_INSTALLATION": f"chaos-{secrets.token_hex(4)}",
        "FLOTILLA_BROKER_ALLOWED_IMAGES": json.dumps([image]),
        "FLOTILLA_BROKER_DOCKER_HOST": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"),
    }
    rig.start_broker()
    wait_until((scratch / "broker.sock").exists, 60, "broker")


def _remove_all(rig: Fleet) -> None:
    for container in rig.docker.containers.list(all=True, filters=rig._label):
        container.remove(force=True)
    for volume in rig.docker.volumes.list(filters=rig._label):
        volume.remove(force=True)
    for network in rig.docker.networks.list(filters=rig._label):
        network.remove()


def _rage(rig: Fleet, chance: random.Random, arguments: argparse.Namespace) -> Counter[str]:
    kills: Counter[str] = Counter()
    until = time.monotonic() + arguments.minutes * 60
    while sum(kills.values()) < arguments.kills or time.monotonic() < until:
        kind = chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
        victims = rig.victims(kind)
        if victims:
            chance.choice(victims)()
            kills[kind] += 1
            print(f"\r{sum(kills.values())} kills", end="", file=sys.stderr, flush=True)
        time.sleep(chance.uniform(*_BREATH_SECONDS))
        rig.revive()
    return kills


def _recover(rig: Fleet) -> list[str]:
    rig.revive()
    try:
        wait_until(lambda: rig.running() == len(rig.bots), _RECOVERY_SECONDS, "every bot running again")
    except TimeoutError:
        states = Counter(bot["observed_state"] for bot in rig.listing())
        return [f"not every bot came back within {_RECOVERY_SECONDS} s: {dict(states)}"]
    return []


class Watch(threading.Thread):
    """Looks who holds the locks of bots' directories, several times a second."""

    def __init__(self, rig: Fleet) -> None:
        super().__init__(daemon=True)
        self._rig = rig
        self._done = threading.Event()
        self._found: set[str] = set()
        self.looks = 0

    def run(self) -> None:
        while not self._done.wait(_WATCH_SECONDS):
            owners = {
                (directory / "lock").stat().st_ino: bot_id
                for bot_id in self._rig.bots
                for directory in self._rig.directories(bot_id)
                if (directory / "lock").exists()
            }
            held: dict[str, set[str]] = {}
            for pid, inode in _LOCK.findall(Path("/proc/locks").read_text()):
                if int(inode) in owners and _is_bot(int(pid)):
                    held.setdefault(owners[int(inode)], set()).add(pid)
            self._found |= {f"bot {bot_id} ran twice, as {pids}" for bot_id, pids in held.items() if len(pids) > 1}
            self.looks += 1

    def stop(self) -> None:
        self._done.set()
        self.join()

    def problems(self) -> list[str]:
        return sorted(self._found)


def _check_trades(rig: Fleet) -> list[str]:
    problems = []
    fills = 0
    for bot_id, name in rig.bots.items():
        rows = _rows(rig._database(bot_id))
        ids = {row[0] for row in rows}
        open_pairs = [row[1] for row in rows if row[2]]
        if len(open_pairs) != len(set(open_pairs)):
            problems.append(f"{name}: a pair has two open trades: {sorted(open_pairs)}")
        told = {event["data"].get("trade_id") for event in _events(rig, bot_id) if event["type"] == "trade.entry_fill"}
        fills += len(told)
        if missing := {trade for trade in told if trade is not None} - ids:
            problems.append(f"{name}: trades {sorted(missing)} were told and are gone")
    if not fills:
        problems.append("no fill was ever told: run longer, or with more bots")
    return problems


def _check_ledger(rig: Fleet) -> list[str]:
    connection = sqlite3.connect(rig.paper() / "ledger.sqlite", timeout=30)
    try:
        orders = int(connection.execute("SELECT count(*) FROM orders").fetchone()[0])
    finally:
        connection.close()
    return [f"the paper exchange has {orders} orders of bots that trade dry"] if orders else []


def _events(rig: Fleet, bot_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        options = {"limit": 200} | ({"after": after} if after else {})
        page = wait_until(partial(rig.call, "GET", f"/bots/{bot_id}/events", params=options), 60, "events of a bot")
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


def _rows(database: Path | None) -> list[tuple[int, str, int]]:
    if database is None:
        return []
    connection = sqlite3.connect(database, timeout=30)
    try:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise RuntimeError(f"{database} is damaged: {verdict}")
        return list(connection.execute("SELECT id, pair, is_open FROM trades ORDER BY id"))
    finally:
        connection.close()


def _epoch(directory: Path) -> int:
    file = directory / "epoch"
    return int(file.read_text()) if file.exists() else 0


def _kind(name: str, words: list[str]) -> str | None:
    if name.startswith("bot:"):
        return "bot"
    for module, kind in (("pool.zygote", "zygote"), ("pool.agent", "agent"), ("pool", "init"),
                         ("pool.exchange.simulator", "paper exchange")):  # fmt: skip
        if module in words:
            return kind
    return None


def _is_bot(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("bot:")
    except OSError:
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _print(result: dict[str, Any]) -> None:
    table = Table("", "", title="Chaos", show_header=False)
    for name, value in result.items():
        table.add_row(name, "\n".join(value) if isinstance(value, list) else str(value))
    Console().print(table)
    Console().print("[green]nothing lost[/]" if not result["problems"] else "[red]see the problems[/]")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--bots", type=int, default=10, help="bots, in two pools")
    parser.add_argument("--kills", type=int, default=200, help="at least so many kills …")
    parser.add_argument("--minutes", type=float, default=0, help="… and at least so many minutes")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier run")
    parser.add_argument("--docker", action="store_true", help="pools as containers")
    parser.add_argument("--image", default="flotilla-pool:latest", help="image of the containers")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
