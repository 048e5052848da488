"""Memory per bot and start times in containers: N bots in shared pools beside one container per bot, of the same image.

    python -m benchmarks.containers [--bots 50] [--pools 1] [--plain 6] [--minutes 5] [--image IMAGE] [--json]

Needs a Docker daemon (DOCKER_HOST) and the pool's image (scripts/image). Pools are made by the broker, with everything
that it does to them; the other side is `freqtrade trade` in a container per bot, as people write it into compose files.
Both trade the same templates on the same ten pairs against the same paper exchange, one side after the other. Memory is
told twice: by the containers' cgroups without the page cache (usage less inactive files), and as PSS of all processes.
"""

import argparse
import asyncio
import io
import json
import os
import secrets
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.processes import cost, running
from benchmarks.rigs import ENDPOINTS, ROOT, _plain_configuration, rendered_bots, wait_until
from orchestrator.broker.contract import PaperSpec, PoolContainer, PoolSpec
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.templates.render import RenderedBot

SYMBOLS = 1_500
MEGABYTE = 1_000_000
TENANT = "bench"
_BEAT_SECONDS = 0.02


def main() -> None:
    arguments = _arguments()
    client = docker.from_env()
    with tempfile.TemporaryDirectory() as scratch, site(Path(scratch), client, arguments.image) as rig:
        shared = _measure_pools(rig, arguments)
        beside = _measure_plain(rig, arguments) if arguments.plain else None
    result: dict[str, Any] = {"pools": shared, "one_each": beside}
    if beside:
        for name in ("cgroup_mb_per_bot", "pss_mb_per_bot"):
            result[f"ratio_{name[:3]}"] = round(beside[name] / shared[name], 2)
    if arguments.json:
        print(json.dumps(result))
    else:
        _print(result)


@dataclass
class Site:
    """A broker with its paper exchange, all of an installation of its own."""

    client: docker.DockerClient
    installation: str
    socket: Path
    image: str
    scratch: Path
    pools: list[PoolContainer] = field(default_factory=list)

    def ask(self, call: str, *arguments: Any) -> Any:
        """One call of `BrokerClient`."""

        async def asked() -> Any:
            broker = BrokerClient(self.socket)
            try:
                return await getattr(broker, call)(*arguments)
            finally:
                await broker.aclose()

        return asyncio.run(asked())

    def containers(self) -> list[Any]:
        return list(
            self.client.containers.list(all=True, filters={"label": f"flotilla.installation={self.installation}"})
        )

    def network(self) -> str:
        found = self.client.networks.list(filters={"label": f"flotilla.installation={self.installation}"})
        return str(next(network.name for network in found if network.name.endswith(TENANT)))


@contextmanager
def site(scratch: Path, client: docker.DockerClient, image: str) -> Iterator[Site]:
    """Everything that it makes is gone when the block ends."""
    installation = f"bench-{secrets.token_hex(4)}"
    socket = scratch / "broker.sock"
    environment = {
        **os.environ,
        "FLOTILLA_BROKER_SOCKET": str(socket),
        "FLOTILLA_BROKER_INSTALLATION": installation,
        "FLOTILLA_BROKER_ALLOWED_IMAGES": json.dumps([image]),
        "FLOTILLA_BROKER_DOCKER_HOST": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"),
    }
    rig = Site(client, installation, socket, image, scratch)
    with running([sys.executable, "-m", "orchestrator.broker"], scratch / "broker.log", cwd=ROOT, env=environment):
        wait_until(socket.exists, 60, "broker")
        try:
            yield rig
        finally:
            label = {"label": f"flotilla.installation={installation}"}
            for container in rig.containers():
                container.remove(force=True)
            for volume in client.volumes.list(filters=label):
                volume.remove(force=True)
            for network in client.networks.list(filters=label):
                network.remove()


def _measure_pools(rig: Site, arguments: argparse.Namespace) -> dict[str, float]:
    paper = PaperSpec(image=rig.image, symbols=SYMBOLS, control_token=SecretStr(secrets.token_urlsafe(32)))
    url = rig.ask("ensure_paper", paper).url
    per_pool = -(-arguments.bots // arguments.pools)
    agents: list[httpx.Client] = []
    with ExitStack() as stack:
        for number in range(arguments.pools):
            token = secrets.token_urlsafe(32)
            limit = 1_500 * 2**20 + per_pool * 64 * 2**20
            spec = PoolSpec(
                tenant_id=TENANT, image=rig.image, slots_total=per_pool, memory_limit_bytes=limit,
                settings={"paper_exchange_url": url}, agent_token=SecretStr(token),
            )  # fmt: skip
            rig.ask("ensure", f"pool-{number}", spec)
            agents.append(stack.enter_context(_agent(rig, f"pool-{number}", token)))
        bots = rendered_bots(arguments.bots)
        starts, at_once = _start_in_pools(agents, bots)
        _trade(agents, arguments.minutes, len(bots))
        figures = _memory([c for c in rig.containers() if "paper" not in c.name], len(bots))
        alive = sum(_running(agent) for agent in agents)
        isolation = agents[0].get("/v1/pool").json()["isolation"]
        return {
            **figures,
            "start_p50_seconds": round(statistics.median(starts), 2),
            "start_p95_seconds": round(sorted(starts)[int(len(starts) * 0.95)], 2),
            "at_once_seconds": round(at_once, 1),
            "dead": len(bots) - alive,
            "walls": sum(part["in_force"] for part in isolation["parts"]),
        }


def _start_in_pools(agents: list[httpx.Client], bots: list[RenderedBot]) -> tuple[list[float], float]:
    """Seconds from request to RUNNING of the first ten, one by one; and of all the others at once."""
    starts = []
    for number, bot in enumerate(bots[:10]):
        begun = time.monotonic()
        _put(agents[number % len(agents)], f"bench-{number:03d}", bot)
        while _state(agents[number % len(agents)], f"bench-{number:03d}") != "running":
            time.sleep(_BEAT_SECONDS)
        starts.append(time.monotonic() - begun)
    begun = time.monotonic()
    for number, bot in enumerate(bots[10:], start=10):
        _put(agents[number % len(agents)], f"bench-{number:03d}", bot)
    wait_until(lambda: sum(_running(agent) for agent in agents) == len(bots), 600, "all bots running")
    return starts, time.monotonic() - begun


def _measure_plain(rig: Site, arguments: argparse.Namespace) -> dict[str, float]:
    for container in rig.containers():
        if "paper" not in container.name:
            container.remove(force=True)
    starts, containers = [], []
    for number, bot in enumerate(rendered_bots(arguments.plain)):
        begun = time.monotonic()
        container, address, password = _plain_container(rig, number, bot)
        while _plain_state(address, password) != "running":
            time.sleep(_BEAT_SECONDS)
        starts.append(time.monotonic() - begun)
        containers.append(container)
    time.sleep(arguments.minutes * 60)
    return {
        **_memory(containers, len(containers)),
        "start_p50_seconds": round(statistics.median(starts), 2),
        "start_p95_seconds": round(max(starts), 2),
    }


def _plain_container(rig: Site, number: int, bot: RenderedBot) -> tuple[Any, str, str]:
    password = secrets.token_urlsafe(16)
    home = Path("/tmp")
    config = _plain_configuration(bot, "http://paper-exchange:9000", home, 8080, password)
    config["api_server"]["listen_ip_address"] = "0.0.0.0"
    config["api_server"]["verbosity"] = "error"
    container = rig.client.containers.create(
        rig.image,
        entrypoint=["python", "-m", "freqtrade", "trade", "-c", "/tmp/config.json", "--userdir", "/tmp"],
        network=rig.network(),
        labels={"flotilla.installation": rig.installation},
        environment={"OPENBLAS_NUM_THREADS": "1", "NUMEXPR_NUM_THREADS": "1"},
        name=f"{rig.installation}-plain-{number}",
        healthcheck={"test": ["NONE"]},
    )
    files = {"config.json": json.dumps(config), f"strategies/{bot.strategy.class_name}.py": bot.strategy.source}
    container.put_archive("/tmp", _tar(files))
    container.start()
    container.reload()
    address = container.attrs["NetworkSettings"]["Networks"][rig.network()]["IPAddress"]
    return container, f"http://{address}:8080/api/v1", password


def _tar(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content.encode()), 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def _plain_state(url: str, password: str) -> str | None:
    try:
        answer = httpx.get(f"{url}/show_config", auth=("bench", password), timeout=5)
    except httpx.HTTPError:
        return None
    return str(answer.json().get("state")) if answer.status_code == 200 else None


def _memory(containers: list[Any], bots: int) -> dict[str, float]:
    """By cgroup and as PSS, all containers together and per bot."""
    used, pids = 0, []
    for container in containers:
        told = container.stats(stream=False)["memory_stats"]
        details = told["stats"]
        used += told["usage"] - details.get("total_inactive_file", details.get("inactive_file", 0))
        pids += [int(row[1]) for row in container.top()["Processes"]]
    pss = cost(pids).pss_bytes
    return {
        "bots": bots,
        "containers": len(containers),
        "cgroup_mb": round(used / MEGABYTE, 1),
        "cgroup_mb_per_bot": round(used / MEGABYTE / bots, 2),
        "pss_mb": round(pss / MEGABYTE, 1),
        "pss_mb_per_bot": round(pss / MEGABYTE / bots, 2),
    }


def _trade(agents: list[httpx.Client], minutes: float, bots: int) -> None:
    """Every bot's main REST endpoints are called each minute."""
    end = time.monotonic() + minutes * 60
    while True:
        for number in range(bots):
            for path in ENDPOINTS:
                agents[number % len(agents)].get(f"/v1/slots/bench-{number:03d}/api/{path}").raise_for_status()
        if time.monotonic() >= end:
            return
        time.sleep(min(60, max(end - time.monotonic(), 0)))


@contextmanager
def _agent(rig: Site, pool_id: str, token: str) -> Iterator[httpx.Client]:
    def address() -> str | None:
        found = rig.ask("pool", pool_id)
        return found.address if found is not None and found.state == "running" else None

    host = wait_until(address, 60, f"address of {pool_id}")
    with httpx.Client(
        base_url=f"http://{host}:8700", headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    ) as client:
        wait_until(lambda: _warm(client), 300, f"zygote of {pool_id}")
        yield client


def _warm(agent: httpx.Client) -> bool:
    try:
        return bool(agent.get("/v1/pool").json()["zygote"]["state"] == "ready")
    except httpx.TransportError:
        return False


def _put(agent: httpx.Client, bot_id: str, bot: RenderedBot) -> None:
    body = {
        "epoch": 1, "generation": 1, "desired": "running", "exchange": "paper",
        "config": bot.config, "strategy": bot.strategy.model_dump(),
    }  # fmt: skip
    agent.put(f"/v1/slots/{bot_id}", json=body).raise_for_status()


def _state(agent: httpx.Client, bot_id: str) -> str:
    return str(agent.get(f"/v1/slots/{bot_id}").raise_for_status().json()["observed_state"])


def _running(agent: httpx.Client) -> int:
    return sum(slot["observed_state"] == "running" for slot in agent.get("/v1/slots").json()["items"])


def _print(result: dict[str, Any]) -> None:
    table = Table("", "shared pools", "one container per bot", title="Density in containers")
    shared, beside = result["pools"], result["one_each"] or {}
    for name in shared:
        table.add_row(name, str(shared[name]), str(beside.get(name, "")))
    for name in ("ratio_cgr", "ratio_pss"):
        if name in result:
            table.add_row(f"times less, by {'cgroup' if name.endswith('cgr') else 'PSS'}", str(result[name]), "1")
    Console().print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.containers", description=__doc__)
    parser.add_argument("--bots", type=int, default=50, help="bots in shared pools")
    parser.add_argument("--pools", type=int, default=1, help="containers that they share")
    parser.add_argument("--plain", type=int, default=6, help="containers with one bot each; 0 for none")
    parser.add_argument("--minutes", type=float, default=5, help="minutes of trading on each side")
    parser.add_argument("--image", default="flotilla-pool:latest", help="image of both sides")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    main()
