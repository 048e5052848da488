"""The real image in a container made as the broker makes it, and a look inside: every look is a program in there."""

import contextlib
import io
import json
import subprocess
import tarfile
import uuid
from importlib.resources import files
from pathlib import Path
from typing import Any

import docker
import httpx

from orchestrator.broker.hardening import POOL_CAPABILITIES, Limits, host_options
from tests.fakes.pool_rig import QUICK
from tests.support import eventually_sync

AGENT_UID = 10_000
BOT_UID_FIRST = 20_000
TOKEN = "a-token-for-tests-only"
REPOSITORY = Path(__file__).parents[2]
_PORT = 8700


def build_pool_image() -> str:
    """Of the code as it is; does next to nothing where there is one."""
    command = ["scripts/image", "--base", "local", "--tag", "flotilla-pool:dev"]
    built = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=1200)
    assert built.returncode == 0, built.stderr
    return built.stdout.strip()


class PoolContainer:
    """One pool: network, volume and container of a name of their own."""

    def __init__(self, client: Any, image: str, **settings: Any) -> None:
        self.name = f"flotilla-image-test-{uuid.uuid4().hex[:8]}"
        self.settings = settings
        self._client = client
        self._image = image
        self._others: list[str] = []
        client.create_network(self.name, driver="bridge")
        client.create_volume(self.name)

    def create(self, capabilities: tuple[str, ...] = POOL_CAPABILITIES) -> None:
        """With settings and token in its volume, as the broker puts them there."""
        self._client.create_container_from_config(
            self._client.create_container_config(
                self._image,
                command=[],
                host_config=self._client.create_host_config(**self._options(capabilities)),
                labels={"flotilla.role": "pool", "flotilla.installation": self.name},
            ),
            name=self.name,
        )
        settings = {
            "pool_id": "test",
            "slots_total": 3,
            "agent_host": "0.0.0.0",
            "agent_port": _PORT,
            "agent_uid": AGENT_UID,
            "bot_uid_first": BOT_UID_FIRST,
            **QUICK,
            **self.settings,
        }
        self.put("pool.json", json.dumps(settings).encode(), 0o644, 0)
        self.put("agent-token", TOKEN.encode(), 0o400, AGENT_UID)

    def start(self) -> None:
        self._client.start(self.name)
        eventually_sync(self.answers, message="agent answers")

    def put(self, name: str, content: bytes, mode: int, uid: int) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.uid, entry.gid, entry.size = mode, uid, uid, len(content)
            tar.addfile(entry, io.BytesIO(content))
        self._client.put_archive(self.name, "/pool", archive.getvalue())

    def start_exchange(self) -> str:
        """The paper exchange out of the same image, in the same network; its URL for the pool."""
        name = f"{self.name}-exchange"
        host = self._client.create_host_config(
            network_mode=self.name, tmpfs={"/data": "mode=1777"}, cap_drop=["ALL"], read_only=True
        )
        self._client.create_container_from_config(
            self._client.create_container_config(
                self._image,
                entrypoint=["/usr/bin/tini", "--", "python", "-m", "pool.exchange.simulator"],
                command=[
                    "--directory",
                    "/data",
                    "--host",
                    "0.0.0.0",
                    "--port",
                    "9000",
                    "--symbols",
                    "40",
                    "--seed",
                    "7",
                ],
                host_config=host,
                healthcheck={"test": ["NONE"]},
            ),
            name=name,
        )
        self._others.append(name)
        self._client.start(name)
        return f"http://{self._address(name)}:9000"

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError, OSError, KeyError):
            return self.call("GET", "/v1/pool").status_code == 200
        return False

    def call(self, method: str, path: str, timeout: float = 60, **more: Any) -> httpx.Response:
        url = f"http://{self._address(self.name)}:{_PORT}{path}"
        return httpx.request(method, url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=timeout, **more)

    def pool(self) -> dict[str, Any]:
        return dict(self.call("GET", "/v1/pool").json())

    def slot(self, bot_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/v1/slots/{bot_id}").json())

    @property
    def state(self) -> dict[str, Any]:
        return dict(self._client.inspect_container(self.name)["State"])

    def python(self, source: str, user: str = "0:0") -> Any:
        """What a program run in the container prints, as JSON; with init's capabilities where `user` is root."""
        made = self._client.exec_create(self.name, ["python", "-c", source], user=user)
        told = self._client.exec_start(made["Id"]).decode()
        assert self._client.exec_inspect(made["Id"])["ExitCode"] == 0, told
        return json.loads(told)

    def processes(self) -> dict[str, dict[str, str]]:
        """By module (`pool`, `pool.agent`, `pool.zygote`, `tini`): what /proc/<pid>/status says, and the pid."""
        found: dict[str, dict[str, str]] = self.python(_PROCESSES)
        return found

    def stop(self, seconds: int = 40) -> int:
        self._client.stop(self.name, timeout=seconds)
        return int(self.state["ExitCode"])

    def close(self) -> None:
        for name in (self.name, *self._others):
            with contextlib.suppress(docker.errors.NotFound):
                self._client.remove_container(name, force=True, v=True)
        self._client.remove_volume(self.name)
        self._client.remove_network(self.name)

    def _address(self, name: str) -> str:
        networks = self._client.inspect_container(name)["NetworkSettings"]["Networks"]
        return str(networks[self.name]["IPAddress"])

    def _options(self, capabilities: tuple[str, ...]) -> dict[str, Any]:
        options = host_options(
            volume=self.name,
            mounted_at="/pool",
            network=self.name,
            limits=Limits(memory_bytes=2 * 2**30, cpus=None, processes=512, tmp_bytes=64 * 2**20),
            seccomp=files("orchestrator.broker").joinpath("seccomp.json").read_text(),
            capabilities=capabilities,
            egress=True,
        )
        return options | {"restart_policy": {"Name": "no"}}


_PROCESSES = """
import json, pathlib
found = {}
for status in pathlib.Path("/proc").glob("[0-9]*/status"):
    try:
        words = (status.parent / "cmdline").read_bytes().decode().split(chr(0))
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    except OSError:
        continue  # it ended meanwhile, as health checks do
    module = "-m" in words and not words[0].endswith("tini")
    name = words[words.index("-m") + 1] if module else words[0].rpartition("/")[2]
    if "-c" not in words:
        found[name] = {key: value.strip() for key, value in fields.items()}
print(json.dumps(found))
"""
