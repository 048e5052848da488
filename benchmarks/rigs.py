"""What benchmarks compare, against one paper exchange: bots in a pool, and plain `freqtrade trade` processes."""

import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ccxt
import httpx

from benchmarks.processes import descendants, end, one_thread_environment, running
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import RenderedBot, render
from orchestrator.templates.spec import BotRequest, resolve
from pool.exchange.urls import paper_urls

ROOT = Path(__file__).parents[1]
PAIRS = [f"{base}/USDT" for base in ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "DOGE", "LTC", "LINK", "AVAX")]
ENDPOINTS = (
    "ping", "version", "count", "balance", "performance", "profit", "status", "trades", "daily", "stats",
    "show_config", "whitelist", "blacklist", "locks", "logs", "health",
)  # fmt: skip
"""FreqTrade's main REST endpoints, called once a minute on every bot of both sides."""


def wait_until(check: Callable[[], Any], timeout_seconds: float, what: str) -> Any:
    """Polls `check` ten times a second. Raises TimeoutError naming what was waited for."""
    deadline = time.monotonic() + timeout_seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_seconds:.0f} s")
        time.sleep(0.1)
    return answer


def rendered_bots(count: int) -> list[RenderedBot]:
    """The shipped templates in turn, ten pairs each."""
    catalogue = Catalogue.load(ROOT / "bot_templates")
    templates = catalogue.all()
    bots = []
    for number in range(count):
        template = templates[number % len(templates)]
        request = BotRequest(name=f"bench-{number}", template=template.name, pairs=PAIRS)
        bots.append(render(template, resolve(template, request)))
    return bots


@contextmanager
def paper_exchange(directory: Path, symbols: int, *options: str) -> Iterator[str]:
    """A simulator of its own; yields its URL. `options` are further ones of its command line."""
    directory.mkdir(mode=0o700)
    command = [
        sys.executable,
        "-m",
        "pool.exchange.simulator",
        "--directory",
        str(directory),
        "--symbols",
        str(symbols),
        *options,
    ]
    with running(command, directory / "stdout", cwd=ROOT):
        endpoint = directory / "endpoint.json"
        wait_until(endpoint.exists, 60, "paper exchange")
        yield json.loads(endpoint.read_text())["url"]


@contextmanager
def gateway(directory: Path, paper_url: str) -> Iterator[tuple[str, list[int]]]:
    """A market-data gateway of its own; yields its URL and processes."""
    directory.mkdir(mode=0o700)
    command = [sys.executable, "-m", "pool.exchange.gateway", "--directory", str(directory), "--paper-url", paper_url]
    with running(command, directory / "stdout", cwd=ROOT) as process:
        endpoint = directory / "endpoint.json"
        wait_until(endpoint.exists, 60, "gateway")
        yield json.loads(endpoint.read_text())["url"], [process.pid]


@dataclass
class PoolRig:
    """A pool of its own, driven through its agent as the control plane does."""

    directory: Path
    init: subprocess.Popen[bytes]
    agent: httpx.Client
    bot_ids: list[str] = field(default_factory=list)

    def put(self, bots: list[RenderedBot], **more: Any) -> None:
        """`more`: further fields of `SlotSpec`."""
        for bot in bots:
            bot_id = f"bench-{len(self.bot_ids):03d}"
            body = {
                "epoch": 1,
                "generation": 1,
                "desired": "running",
                "exchange": "paper",
                "config": bot.config,
                "strategy": bot.strategy.model_dump(),
                **more,
            }
            self.agent.put(f"/v1/slots/{bot_id}", json=body).raise_for_status()
            self.bot_ids.append(bot_id)

    def slots(self) -> list[dict[str, Any]]:
        answer = self.agent.get("/v1/slots").raise_for_status().json()["items"]
        return list(answer)

    def running(self) -> int:
        return sum(slot["observed_state"] == "running" for slot in self.slots())

    def call_endpoints(self) -> None:
        for bot_id in self.bot_ids:
            for path in ENDPOINTS:
                self.agent.get(f"/v1/slots/{bot_id}/api/{path}").raise_for_status()

    def pids(self) -> list[int]:
        """Init, zygote, agent and all bots."""
        return descendants(self.init.pid)


@contextmanager
def pool(directory: Path, exchange_url: str, slots: int, **more: Any) -> Iterator[PoolRig]:
    """Init, zygote and agent, warmed. `more`: further fields of `PoolSettings`."""
    directory.mkdir(mode=0o700)
    settings = {"pool_id": "bench", "slots_total": slots, "paper_exchange_url": exchange_url, **more}
    (directory / "pool.json").write_text(json.dumps(settings))
    token = secrets.token_urlsafe(32)
    (directory / "agent-token").write_text(token)
    (directory / "agent-token").chmod(0o600)
    command = [sys.executable, "-m", "pool", "--directory", str(directory)]
    with running(command, directory / "stdout", cwd=ROOT) as init:
        endpoint = directory / "endpoint.json"
        wait_until(endpoint.exists, 60, "agent")
        where = json.loads(endpoint.read_text())
        base_url = f"http://{where['host']}:{where['port']}"
        with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as agent:
            wait_until(lambda: agent.get("/v1/pool").json()["zygote"]["state"] == "ready", 180, "zygote")
            yield PoolRig(directory, init, agent)


@dataclass
class PlainBot:
    process: subprocess.Popen[bytes]
    url: str
    password: str
    started: float
    running_after_seconds: float | None = None

    def state(self) -> str | None:
        try:
            answer = httpx.get(f"{self.url}/show_config", auth=("bench", self.password), timeout=5)
        except httpx.HTTPError:
            return None
        return str(answer.json().get("state")) if answer.status_code == 200 else None


@dataclass
class PlainRig:
    """`freqtrade trade` processes, each with its REST API on a port, as its users run them."""

    directory: Path
    exchange_url: str
    stack: ExitStack
    bots: list[PlainBot] = field(default_factory=list)

    def start(self, rendered: list[RenderedBot]) -> None:
        for bot in rendered:
            self.bots.append(self._start_one(bot))

    def wait_running(self, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        waiting = list(self.bots)
        while waiting:
            for bot in list(waiting):
                if bot.state() == "running":
                    bot.running_after_seconds = time.monotonic() - bot.started
                    waiting.remove(bot)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} plain bots did not reach running")
            time.sleep(0.05)

    def call_endpoints(self) -> None:
        for bot in self.bots:
            with httpx.Client(auth=("bench", bot.password), timeout=60) as client:
                for path in ENDPOINTS:
                    client.get(f"{bot.url}/{path}").raise_for_status()

    def pids(self) -> list[int]:
        return [pid for bot in self.bots if bot.process.poll() is None for pid in descendants(bot.process.pid)]

    def dead(self) -> int:
        return sum(bot.process.poll() is not None for bot in self.bots)

    def _start_one(self, rendered: RenderedBot) -> PlainBot:
        directory = self.directory / f"plain-{len(self.bots):03d}"
        (directory / "strategies").mkdir(parents=True)
        (directory / "strategies" / f"{rendered.strategy.class_name}.py").write_text(rendered.strategy.source)
        port, password = _free_port(), secrets.token_urlsafe(16)
        configuration = directory / "config.json"
        configuration.write_text(
            json.dumps(_plain_configuration(rendered, self.exchange_url, directory, port, password))
        )
        command = [str(Path(sys.executable).parent / "freqtrade"), "trade", "-c", str(configuration)]
        command += ["--userdir", str(directory)]
        process = self.stack.enter_context(
            running(command, directory / "stdout", cwd=directory, env=one_thread_environment())
        )
        return PlainBot(process, f"http://127.0.0.1:{port}/api/v1", password, time.monotonic())


@contextmanager
def plain(directory: Path, exchange_url: str) -> Iterator[PlainRig]:
    """Plain processes, all ended when the block ends."""
    directory.mkdir(mode=0o700)
    with ExitStack() as stack:
        rig = PlainRig(directory, exchange_url, stack)
        try:
            yield rig
        finally:
            for bot in rig.bots:
                if bot.process.poll() is None:
                    bot.process.terminate()
            for bot in rig.bots:
                end(bot.process)


def _plain_configuration(
    rendered: RenderedBot, exchange_url: str, directory: Path, port: int, password: str
) -> dict[str, Any]:
    urls = paper_urls(exchange_url, ccxt.binance().urls["api"])
    exchange = {
        **rendered.config["exchange"],
        "name": "binance",
        "enable_ws": False,
        "ccxt_config": {"urls": {"api": urls}},
    }
    return {
        **rendered.config,
        "exchange": exchange,
        "strategy": rendered.strategy.class_name,
        "db_url": f"sqlite:///{directory}/tradesv3.sqlite",
        "initial_state": "running",
        "api_server": {
            "enabled": True,
            "listen_ip_address": "127.0.0.1",
            "listen_port": port,
            "username": "bench",
            "password": password,
            "jwt_secret_key": secrets.token_hex(32),
            "ws_token": secrets.token_hex(16),
        },
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
