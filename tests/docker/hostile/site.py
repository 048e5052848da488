"""One pool of the real image as the broker makes it, the paper exchange, two honest bots, and another tenant's pool."""

import asyncio
import contextlib
import io
import json
import os
import secrets
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import httpx
from pydantic import SecretStr

from orchestrator.broker.contract import PaperSpec, PoolSpec
from orchestrator.pools.drivers.broker_client import BrokerClient
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import RenderedBot, render
from orchestrator.templates.spec import BotRequest, resolve
from tests.docker.broker_rig import FAKE_IMAGE, build_fake_image, remove_everything_of
from tests.docker.pool_container import REPOSITORY, build_pool_image
from tests.support import PATIENT_SECONDS, eventually_sync

AGENT_PORT = 8700
MIB = 2**20
SIBLINGS = ("sibling-one", "sibling-two")
WARM_SECONDS = 600
_PAIRS = ["BTC/USDT", "ETH/USDT", "SOL/USDT"]
_TENANT, _OTHER_TENANT = "usr-1", "usr-2"
_SETTINGS = {
    "paper_exchange_url": "http://paper-exchange:9000",
    "bot_memory_limit_bytes": 128 * MIB,
    "bot_disk_limit_bytes": 64 * MIB,
    "sample_interval_seconds": 1,
    "snapshot_interval_seconds": 1,
    "stop_timeout_seconds": 5,
    "restart_backoff_seconds": 60,  # what was ended stays ended while the test looks
}


@contextmanager
def hostile_site(client: docker.APIClient, docker_host: str, directory: Path) -> Iterator["Site"]:
    """Two honest bots trade when it begins; everything that it made is gone when it ends."""
    site = Site(client, directory, build_pool_image())
    build_fake_image(client)
    environment = {
        **os.environ,
        "FLOTILLA_BROKER_SOCKET": str(site.socket),
        "FLOTILLA_BROKER_INSTALLATION": site.installation,
        "FLOTILLA_BROKER_ALLOWED_IMAGES": json.dumps([site.image, FAKE_IMAGE]),
        "FLOTILLA_BROKER_DOCKER_HOST": docker_host,
    }
    command = [sys.executable, "-m", "orchestrator.broker"]
    with (directory / "broker.log").open("wb") as log:
        broker = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        eventually_sync(site.socket.exists, message="the broker listens")
        site.start()
        yield site
    finally:
        site.agent.close()
        broker.terminate()
        broker.wait(30)
        remove_everything_of(client, site.installation)


class Site:
    """`agent` speaks to the real pool as the control plane does."""

    def __init__(self, client: docker.APIClient, directory: Path, image: str) -> None:
        self.installation = f"test-{secrets.token_hex(4)}"
        self.socket = directory / "broker.sock"
        self.image = image
        self.token = secrets.token_urlsafe(32)
        self.agent = httpx.Client()
        self.address = self.other_address = ""
        self._client = client

    @property
    def container(self) -> str:
        return f"flotilla-{self.installation}-pool-a"

    def start(self) -> None:
        self._ask("ensure_paper", PaperSpec(image=self.image, symbols=40, control_token=SecretStr("a-token-for-tests")))
        self._ensure("pool-b", _OTHER_TENANT, FAKE_IMAGE, {}, 256 * MIB)
        self._ensure("pool-a", _TENANT, self.image, _SETTINGS, 2048 * MIB)
        self.address, self.other_address = self._address("pool-a"), self._address("pool-b")
        self.agent = httpx.Client(
            base_url=f"http://{self.address}:{AGENT_PORT}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            trust_env=False,
        )
        eventually_sync(self._is_warm, WARM_SECONDS, "the zygote is warm")
        for number, bot_id in enumerate(SIBLINGS):
            self.put_honest(bot_id, number)
        for bot_id in SIBLINGS:
            self.until(bot_id, lambda slot: slot["observed_state"] == "running" and slot["snapshot"])

    # ---- bots

    def put(self, bot_id: str, config: dict[str, Any], class_name: str, source: str, **more: Any) -> None:
        """`more` of a `SlotSpec`."""
        strategy = {"class_name": class_name, "source": source}
        body = {"epoch": 1, "generation": 1, "desired": "running", "exchange": "paper", **more}
        answer = self.agent.put(f"/v1/slots/{bot_id}", json={**body, "config": config, "strategy": strategy})
        assert answer.status_code in (200, 201), answer.text

    def put_honest(self, bot_id: str, number: int = 0, **more: Any) -> None:
        bot = _honest_bots()[number]
        self.put(bot_id, bot.config, bot.strategy.class_name, bot.strategy.source, **more)

    def put_hostile(self, bot_id: str, strategy: str, told: dict[str, Any]) -> None:
        """`strategy` is a module beside this one, its class the same word with a capital letter."""
        config = {**_honest_bots()[0].config, "hostile": told}
        config["internals"] = {**config.get("internals", {}), "process_throttle_secs": 1}
        source = Path(__file__).with_name(f"{strategy}.py").read_text()
        self.put(bot_id, config, strategy.capitalize(), source)

    def remove(self, bot_id: str) -> None:
        """Stopped, and its directory archived."""

        def gone() -> bool:
            return self.agent.delete(f"/v1/slots/{bot_id}", params={"epoch": 1}).status_code in (204, 404)

        # What cannot be read of it at once is read again after `restart_backoff_seconds`.
        eventually_sync(gone, message=f"{bot_id} is gone")

    def slot(self, bot_id: str) -> dict[str, Any]:
        answer = self.agent.get(f"/v1/slots/{bot_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(self, bot_id: str, check: Any, seconds: float = PATIENT_SECONDS) -> dict[str, Any]:
        """The slot once `check` is true of it."""
        last: dict[str, Any] = {}

        def look() -> bool:
            last.clear()
            last.update(self.slot(bot_id))
            return bool(check(last))

        try:
            eventually_sync(look, seconds, bot_id)
        except AssertionError as problem:
            log = self.agent.get(f"/v1/slots/{bot_id}/logs", params={"tail": 20}).text
            agent = (self.read("logs/agent.log") or b"").decode()[-4000:]
            raise AssertionError(f"{problem}\n{json.dumps(last, indent=1)}\n{log[-2000:]}\n{agent}") from None
        return dict(last)

    def pool(self) -> dict[str, Any]:
        return dict(self.agent.get("/v1/pool").raise_for_status().json())

    # ---- the container

    def state(self) -> dict[str, Any]:
        return dict(self._client.inspect_container(self.container)["State"])

    def read(self, path: str) -> bytes | None:
        """A file of the pool's volume, None where there is none; no process in the container takes part."""
        try:
            chunks, _ = self._client.get_archive(self.container, f"/pool/{path}")
        except docker.errors.NotFound:
            return None
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            entry = tar.next()
            file = tar.extractfile(entry) if entry is not None and entry.isreg() else None
            return None if file is None else file.read()

    def plant(self, entries: list[tarfile.TarInfo]) -> None:
        """Puts names into the pool's volume that no bot could make."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for entry in entries:
                tar.addfile(entry)
        self._client.put_archive(self.container, "/pool", archive.getvalue())

    def python(self, source: str, user: str = "0:0", *, wait: bool = True) -> Any:
        """What a program run in the container prints, as JSON; it has none of a bot's walls but `user`."""
        made = self._client.exec_create(self.container, ["python", "-c", source], user=user)
        told = self._client.exec_start(made["Id"], detach=not wait)
        if not wait:
            return None
        assert self._client.exec_inspect(made["Id"])["ExitCode"] == 0, told.decode()
        return json.loads(told.decode())

    def pids(self) -> dict[str, int]:
        """As they are numbered in the container."""
        found = self.python(_PIDS)
        sibling = self.slot(SIBLINGS[0])["pid"]
        return {"sibling": sibling, "agent": found["pool.agent"], "zygote": found["pool.zygote"], "init": found["pool"]}

    def gateway(self) -> str:
        """The machine that Docker runs on, as the pool sees it."""
        networks = self._client.inspect_container(self.container)["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["Gateway"])

    # ---- parts

    def _ensure(self, pool_id: str, tenant: str, image: str, settings: dict[str, Any], memory: int) -> None:
        token = self.token if image == self.image else secrets.token_urlsafe(32)
        spec = PoolSpec(
            tenant_id=tenant,
            image=image,
            slots_total=8,
            memory_limit_bytes=memory,
            settings=settings,
            agent_token=SecretStr(token),
        )
        self._ask("ensure", pool_id, spec)

    def _address(self, pool_id: str) -> str:
        def told() -> str | None:
            found = self._ask("pool", pool_id)
            return found.address if found is not None and found.state == "running" else None

        return str(eventually_sync(told, message=f"address of {pool_id}"))

    def _is_warm(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            answer = self.agent.get("/v1/pool")
            return answer.status_code == 200 and answer.json()["zygote"]["state"] == "ready"
        return False

    def _ask(self, call: str, *arguments: Any) -> Any:
        async def asked() -> Any:
            broker = BrokerClient(self.socket)
            try:
                return await getattr(broker, call)(*arguments)
            finally:
                await broker.aclose()

        return asyncio.run(asked())


class Door(socket.socket):
    """Listens on the machine's side of the pool's network, as a database would; nobody must ever come in."""

    def __init__(self, host: str) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.bind((host, 0))
        self.listen()
        self.setblocking(False)

    def was_entered(self) -> bool:
        try:
            self.accept()[0].close()
        except BlockingIOError:
            return False
        return True


def _honest_bots() -> list[RenderedBot]:
    """Of shipped templates."""
    catalogue = Catalogue.load(REPOSITORY / "bot_templates")
    requests = [
        (template, BotRequest(name=template.name, template=template.name, pairs=_PAIRS))
        for template in catalogue.all()[: len(SIBLINGS)]
    ]
    return [render(template, resolve(template, request)) for template, request in requests]


_PIDS = """
import json, pathlib
found = {}
for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = file.read_bytes().decode().split(chr(0))
    except OSError:
        continue  # it ended meanwhile, as health checks do
    if "-m" in words and not words[0].endswith("tini"):
        found.setdefault(words[words.index("-m") + 1], int(file.parent.name))
print(json.dumps(found))
"""
