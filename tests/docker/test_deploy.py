"""`make up` and `make down` for real: compose file, images, secrets, pools beside it."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import eventually_sync, free_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]


@dataclass
class Deployment:
    """One project of its own on the daemon."""

    client: Any
    environment: dict[str, str]
    project: str
    port: int

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [ROOT / "scripts" / "deploy", *arguments], env=self.environment, capture_output=True, text=True, timeout=800
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def containers(self, **options: Any) -> list[dict[str, Any]]:
        mine = [f"label=com.docker.compose.project={self.project}", f"label=flotilla.installation={self.project}"]
        found = []
        for label in mine:
            found += self.client.containers(filters={"label": label.removeprefix("label=")}, **options)
        return [self.client.inspect_container(one["Id"]) for one in found]

    def password(self) -> str:
        """As `make up` says to read it."""
        command = ["docker", "exec", f"{self.project}-control-plane", "cat", "/home/flotilla/admin-password"]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()

    def signed_in(self, password: str | None = None) -> httpx.Client:
        base = f"http://127.0.0.1:{self.port}/api/v1"
        body = {"username": "admin", "password": password or self.password()}
        answer = httpx.post(f"{base}/auth/login", json=body, timeout=30, trust_env=False).raise_for_status().json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        return httpx.Client(base_url=base, headers=headers, timeout=30, trust_env=False)

    def clear(self) -> None:
        for container in self.containers(all=True):
            self.client.remove_container(container["Id"], force=True, v=True)
        for kind in (f"com.docker.compose.project={self.project}", f"flotilla.installation={self.project}"):
            for volume in self.client.volumes(filters={"label": kind})["Volumes"] or []:
                self.client.remove_volume(volume["Name"], force=True)
            for network in self.client.networks(filters={"label": kind}):
                self.client.remove_network(network["Id"])


@pytest.fixture(scope="module")
def deployment(docker_host: str, docker_client: Any) -> Iterator[Deployment]:
    if shutil.which("docker-compose") is None and subprocess.run(["docker", "compose", "version"]).returncode != 0:
        pytest.skip("Docker's compose plugin is not installed: apt install docker-compose")
    project = f"deploy-{secrets.token_hex(4)}"
    environment = {**os.environ, "DOCKER_HOST": docker_host}
    base = _output(environment, "scripts/base-image", "--control-plane")
    services = f"flotilla-services:{base.rpartition(':')[2]}"
    build = ["docker", "build", "--quiet", "--network", "host", "--build-arg", f"BASE_IMAGE={base}", "--tag", services]
    _output(environment, *build, "tests/docker/services")
    _output(environment, "scripts/image", "--control-plane", "--base", "local", "--tag", "flotilla:test-deploy")
    _output(environment, "scripts/image", "--base", "local", "--tag", "flotilla-pool:test-deploy")
    port = free_port()
    made = Deployment(
        docker_client,
        environment
        | {
            "FLOTILLA_PROJECT": project,
            "FLOTILLA_PORT": str(port),
            "FLOTILLA_IMAGE": "flotilla:test-deploy",
            "FLOTILLA_POOL_IMAGE": "flotilla-pool:test-deploy",
            "FLOTILLA_POSTGRES_IMAGE": services,
            "FLOTILLA_REDIS_IMAGE": services,
        },
        project,
        port,
    )
    try:
        yield made
    finally:
        made.clear()


def test_up_trades_and_down_keeps_everything(deployment: Deployment) -> None:
    told = deployment.run("up")
    assert f"http://127.0.0.1:{deployment.port}" in told
    with deployment.signed_in() as client:
        body = {"name": "kept", "template": "breakout", "pairs": ["BTC/USDT", "ETH/USDT"]}
        bot_id = client.post("/bots", json=body).raise_for_status().json()["id"]
        eventually_sync(lambda: _state(client, bot_id) == "running", 600, "a bot runs in a container")
        _nothing_is_published_but_the_web_port(deployment)
        _no_secret_is_shown(deployment)
    deployment.run("down")
    assert deployment.containers() == []
    deployment.run("up")
    with deployment.signed_in() as client:
        assert client.get(f"/bots/{bot_id}").raise_for_status().json()["name"] == "kept"
        eventually_sync(lambda: _state(client, bot_id) == "running", 600, "the same bot runs again")


def _nothing_is_published_but_the_web_port(deployment: Deployment) -> None:
    containers = deployment.containers()
    assert {"control-plane", "broker", "postgres", "redis", "pool", "paper-exchange"} <= {
        part for part in ("control-plane", "broker", "postgres", "redis", "pool", "paper-exchange")
        if any(part in container["Name"] for container in containers)
    }  # fmt: skip
    published = [
        (binding["HostIp"], int(binding["HostPort"]))
        for container in containers
        for bindings in (container["NetworkSettings"]["Ports"] or {}).values()
        for binding in bindings or []
    ]
    assert published == [("127.0.0.1", deployment.port)]
    holders = [one["Name"] for one in containers if any("docker.sock" in mount["Source"] for mount in one["Mounts"])]
    assert holders == [f"/{deployment.project}-broker"]


def _no_secret_is_shown(deployment: Deployment) -> None:
    """Neither in what Docker tells of containers nor in their logs."""
    volume = f"{deployment.project}_secrets-flotilla"
    directory = Path(deployment.client.inspect_volume(volume)["Mountpoint"])
    known = [deployment.password()]
    for file in directory.iterdir():
        url = httpx.URL(file.read_text().strip())
        assert url.password
        known.append(url.password)
    assert len(known) == 3
    for container in deployment.containers():
        shown = json.dumps(container) + deployment.client.logs(container["Id"]).decode(errors="replace")
        assert not [secret for secret in known if secret in shown], container["Name"]


def _state(client: httpx.Client, bot_id: str) -> str | None:
    answer = client.get(f"/bots/{bot_id}")
    return str(answer.json()["observed_state"]) if answer.is_success else None


def _output(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1000)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
