"""What all pools of a node share, as containers: the paper exchange, the market-data gateway. One of each, in every
tenant's network under its own name, unprivileged, with what it keeps in a volume. From the image of pools, which holds
their code. Blocking."""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loguru import logger

from orchestrator.broker import describe, images
from orchestrator.broker.archives import File
from orchestrator.broker.contract import CompanionContainer, RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.hardening import Limits, host_options
from orchestrator.broker.names import CONFIGURATION, IMAGE, Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.volumes import MOUNTED_AT, Volumes

_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same of every one of its kind."""

    role: str
    """Also the name by which pools find it."""
    title: str
    """For people."""
    module: str
    port: int
    uid: int
    """Also its group."""
    memory_bytes: int
    processes: int
    egress: bool
    """Whether it reaches the world where the settings let pools do so."""
    renewed: bool
    """Whether one that runs is made anew where it should be another; else it is left alone until it ends."""

    @property
    def url(self) -> str:
        """Where pools find it."""
        return f"http://{self.role}:{self.port}"


@dataclass(frozen=True, slots=True)
class Start:
    """What it is started with."""

    image: str
    arguments: Sequence[str] = ()
    files: Sequence[File] = ()
    """In its directory."""
    environment: Mapping[str, str] = field(default_factory=dict)


class Companions:
    """The one container of a kind."""

    def __init__(
        self, kind: Kind, docker: DockerApi, settings: BrokerSettings, networks: Networks, volumes: Volumes
    ) -> None:
        self._kind = kind
        self._docker = docker
        self._settings = settings
        self._names = Names(settings.installation)
        self._name = self._names.companion(kind.role)
        self._internal = None if kind.egress else True
        self._networks = networks
        self._volumes = volumes
        self._lock = threading.Lock()
        self._seccomp = json.dumps(json.loads(settings.seccomp_profile.read_text()))

    @property
    def name(self) -> str:
        """Of its container."""
        return self._name

    def get(self) -> CompanionContainer | None:
        """None where there is none. Raises Refused."""
        details = self._find()
        return None if details is None else self._described(details)

    def ensure(self, start: Start) -> CompanionContainer:
        """It runs, in all tenants' networks. Raises Refused."""
        with self._lock:
            details = self._find()
            lives = details is not None and describe.state(details) in ("running", "restarting")
            if not lives or self._kind.renewed:
                self._start(start, details, lives)
            self._networks.ensure(self._name, internal=self._internal)
            for network in self._networks.of_guest(self._name):
                self._networks.ensure(network, internal=True if self._names.is_companion(network) else None)
            details = self._find()
            if details is None:
                raise Refused(RefusalCode.NOT_FOUND, f"The {self._kind.title} was removed while it started; try again.")
            return self._described(details)

    def remove(self) -> None:
        """Stopped and gone; what it keeps stays in its volume."""
        with self._lock:
            details = self._find()
            if details is not None:
                self._drop(details)
            self._networks.remove_if_unused(self._name)

    def _start(self, start: Start, found: Mapping[str, Any] | None, lives: bool) -> None:
        """Leaves one alone that `lives` and is as it shall be."""
        image = images.find(self._docker, self._settings, start.image)
        network = self._networks.ensure(self._name, internal=self._internal)
        host = self._host()
        digest = _digest(image.id, network, start, host)
        if lives and found is not None and describe.labels(found).get(CONFIGURATION) == digest:
            return
        labels = self._names.labels(self._kind.role)
        self._volumes.ensure(self._name, labels)
        if found is not None:
            self._drop(found)
        uid = self._kind.uid
        self._volumes.put(self._name, image.id, [File(".", None, 0o700, uid, uid), *start.files])
        command = ["/usr/bin/tini", "--", "python", "-m", self._kind.module, "--directory", MOUNTED_AT]
        client = self._docker.client
        with translated(f"start the {self._kind.title}"):
            made = client.create_container_from_config(
                client.create_container_config(
                    image.id,
                    entrypoint=command,
                    command=self._command(start),
                    user=f"{uid}:{uid}",
                    hostname=self._kind.role,
                    environment=dict(start.environment),
                    labels={**labels, IMAGE: start.image, CONFIGURATION: digest},
                    healthcheck={"test": ["NONE"]},
                    networking_config=client.create_networking_config(
                        {self._name: client.create_endpoint_config(aliases=[self._kind.role])}
                    ),
                    host_config=client.create_host_config(**host),
                ),
                self._name,
            )
            client.start(made["Id"])
        logger.info("started the {} of the image {}", self._kind.title, start.image)

    def _command(self, start: Start) -> list[str]:
        return ["--host", "0.0.0.0", "--port", str(self._kind.port), *start.arguments]  # noqa: S104

    def _host(self) -> dict[str, Any]:
        return host_options(
            volume=self._name,
            mounted_at=MOUNTED_AT,
            network=self._name,
            limits=Limits(self._kind.memory_bytes, None, self._kind.processes, self._settings.tmp_bytes),
            seccomp=self._seccomp,
            capabilities=(),
            egress=self._kind.egress and self._settings.egress,
        )

    def _drop(self, details: Mapping[str, Any]) -> None:
        with translated(f"remove the {self._kind.title}"):
            if describe.state(details) == "paused":
                self._docker.client.unpause(details["Id"])
            if describe.is_alive(details):
                self._docker.client.stop(details["Id"], timeout=_STOP_SECONDS)
            self._docker.client.remove_container(details["Id"], v=False)

    def _find(self) -> dict[str, Any] | None:
        """Raises Refused where the name is somebody else's."""
        try:
            with translated(f"look for the {self._kind.title}"):
                details = dict(self._docker.client.inspect_container(self._name))
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return None
            raise
        if not self._names.is_ours(describe.labels(details)):
            raise Refused(
                RefusalCode.NAME_TAKEN,
                f"A container {self._name} exists that is not this installation's: rename or remove it.",
            )
        return details

    def _described(self, details: Mapping[str, Any]) -> CompanionContainer:
        address = describe.address(details, self._name)
        # One that a tenant's pools cannot find does not count as running, so that its keeper asks for it again; nor
        # does a gateway that cannot find the paper exchange.
        everywhere = set(self._networks.of_guest(self._name)) <= set(describe.networks(details))
        running = describe.state(details) == "running" and everywhere
        return CompanionContainer(
            url=self._kind.url,
            address=f"{address}:{self._kind.port}" if running and address else None,
            running=running,
        )


def _digest(image_id: str, network: str, start: Start, host: Mapping[str, Any]) -> str:
    """Of all that it is made from but its files, some of which are secret."""
    told = json.dumps([image_id, network, *map(list, (start.arguments, start.environment.items())), host],
                      sort_keys=True, default=dict)  # fmt: skip
    return hashlib.sha256(told.encode()).hexdigest()[:32]
