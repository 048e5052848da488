"""The paper exchange as a container: one per node, in every tenant's network as `paper-exchange`, unprivileged, with
its ledger in a volume. From the image of pools, which holds its code. Blocking."""

import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from loguru import logger

from orchestrator.broker import describe, images
from orchestrator.broker.archives import File
from orchestrator.broker.contract import (
    PAPER_ALIAS,
    PAPER_PORT,
    PAPER_URL,
    PaperContainer,
    PaperSpec,
    RefusalCode,
    Refused,
)
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.hardening import Limits, host_options
from orchestrator.broker.names import CONFIGURATION, IMAGE, Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.volumes import MOUNTED_AT, Volumes

PAPER_UID = 10_001
_MEMORY_BYTES = 1024 * 2**20
_PROCESSES = 128
_STOP_SECONDS = 15
_REMOTE_ACCOUNTS = "FLOTILLA_PAPER_REMOTE_ACCOUNTS"
"""Whoever knows the token opens accounts there, from the host."""
_COMMAND = ("/usr/bin/tini", "--", "python", "-m", "pool.exchange.simulator", "--directory", MOUNTED_AT)


class PaperExchanges:
    def __init__(self, docker: DockerApi, settings: BrokerSettings, networks: Networks, volumes: Volumes) -> None:
        self._docker = docker
        self._settings = settings
        self._names = Names(settings.installation)
        self._networks = networks
        self._volumes = volumes
        self._lock = threading.Lock()
        self._seccomp = json.dumps(json.loads(settings.seccomp_profile.read_text()))

    def get(self) -> PaperContainer | None:
        """None where there is none. Raises Refused."""
        details = self._find()
        return None if details is None else self._described(details)

    def ensure(self, spec: PaperSpec) -> PaperContainer:
        """It runs, in all tenants' networks. One that runs is left alone. Raises Refused."""
        with self._lock:
            details = self._find()
            if details is None or describe.state(details) not in ("running", "restarting"):
                self._start(spec, details)
            for network in [self._names.paper, *self._networks.ours()]:
                self._networks.ensure(network, internal=True if network == self._names.paper else None)
            details = self._find()
            if details is None:
                raise Refused(RefusalCode.NOT_FOUND, "The paper exchange was removed while it started; try again.")
            return self._described(details)

    def remove(self) -> None:
        """Stopped and gone; its ledger stays in its volume."""
        with self._lock:
            details = self._find()
            if details is not None:
                self._drop(details)
            self._networks.remove_if_unused(self._names.paper)

    def _start(self, spec: PaperSpec, found: Mapping[str, Any] | None) -> None:
        name = self._names.paper
        image = images.find(self._docker, self._settings, spec.image)
        network = self._networks.ensure(name, internal=True)
        self._volumes.ensure(name, self._names.labels("paper-exchange"))
        if found is not None:
            self._drop(found)
        wanted = self._options(spec, image.id, network)
        token = secrets.token_urlsafe(32) if spec.control_token is None else spec.control_token.get_secret_value()
        directory = File(".", None, 0o700, PAPER_UID, PAPER_UID)
        once = spec.control_token is None
        written = File("control-token", token.encode(), 0o600, PAPER_UID, PAPER_UID, once=once)
        self._volumes.put(name, image.id, [directory, written])
        client = self._docker.client
        with translated("start the paper exchange"):
            made = client.create_container_from_config(
                client.create_container_config(
                    image.id,
                    entrypoint=list(_COMMAND),
                    command=wanted["command"],
                    user=f"{PAPER_UID}:{PAPER_UID}",
                    hostname=PAPER_ALIAS,
                    environment=wanted["environment"],
                    labels={**self._names.labels("paper-exchange"), IMAGE: spec.image, CONFIGURATION: wanted["digest"]},
                    healthcheck={"test": ["NONE"]},
                    host_config=client.create_host_config(**wanted["host"]),
                ),
                name,
            )
            client.start(made["Id"])
        logger.info("started the paper exchange of the image {}", spec.image)

    def _options(self, spec: PaperSpec, image_id: str, network: str) -> dict[str, Any]:
        host = host_options(
            volume=self._names.paper,
            mounted_at=MOUNTED_AT,
            network=self._names.paper,
            limits=Limits(_MEMORY_BYTES, None, _PROCESSES, self._settings.tmp_bytes),
            seccomp=self._seccomp,
            capabilities=(),
            egress=False,
        )
        command = ["--host", "0.0.0.0", "--port", str(PAPER_PORT), "--symbols", str(spec.symbols)]  # noqa: S104
        environment = {} if spec.control_token is None else {_REMOTE_ACCOUNTS: "1"}
        told = json.dumps([image_id, network, command, environment, host], sort_keys=True, default=dict)
        return {
            "host": host,
            "command": command,
            "environment": environment,
            "digest": hashlib.sha256(told.encode()).hexdigest()[:32],
        }

    def _drop(self, details: Mapping[str, Any]) -> None:
        with translated("remove the paper exchange"):
            if describe.state(details) == "paused":
                self._docker.client.unpause(details["Id"])
            if describe.is_alive(details):
                self._docker.client.stop(details["Id"], timeout=_STOP_SECONDS)
            self._docker.client.remove_container(details["Id"], v=False)

    def _find(self) -> dict[str, Any] | None:
        """Raises Refused where the name is somebody else's."""
        try:
            with translated("look for the paper exchange"):
                details = dict(self._docker.client.inspect_container(self._names.paper))
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return None
            raise
        if not self._names.is_ours(describe.labels(details)):
            raise Refused(
                RefusalCode.NAME_TAKEN,
                f"A container {self._names.paper} exists that is not this installation's: rename or remove it.",
            )
        return details

    def _described(self, details: Mapping[str, Any]) -> PaperContainer:
        address = describe.address(details, self._names.paper)
        # One that a tenant's pools cannot find does not count as running, so that its keeper asks for it again.
        everywhere = set(self._networks.ours()) <= set(describe.networks(details))
        running = describe.state(details) == "running" and everywhere
        return PaperContainer(
            url=PAPER_URL,
            address=f"{address}:{PAPER_PORT}" if running and address else None,
            running=running,
        )
