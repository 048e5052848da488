"""Pools as containers: one container and one volume each, never two containers on one volume.

What is there is looked up anew for every operation, by label, by name and by what mounts the pool's volume, so that
whatever somebody did to Docker by hand is seen. A container counts as a pool's when it mounts the pool's volume and has
its label or its name. Everything here blocks; the server calls it in worker threads, one operation per pool at a time.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from loguru import logger

from orchestrator.broker import describe, images, uid_ranges
from orchestrator.broker.archives import File
from orchestrator.broker.contract import PoolSpec, RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.hardening import POOL_CAPABILITIES, Limits, host_options, limit_fields
from orchestrator.broker.mending import Mender
from orchestrator.broker.names import CONFIGURATION, FREQTRADE, IMAGE, IMAGE_ID, LIMITS, TENANT, Names
from orchestrator.broker.networks import Networks
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from orchestrator.broker.uid_ranges import UidRanges
from orchestrator.broker.volumes import MOUNTED_AT, Volumes, gone

AGENT_UID = 10_000
OF_GATEWAY = ("gateway_url", "signed_requests")
"""Settings that pools of images before the gateway refuse to start with: they ask exchanges themselves."""


class Pools:
    def __init__(self, docker: DockerApi, settings: BrokerSettings, networks: Networks, volumes: Volumes) -> None:
        self._docker = docker
        self._settings = settings
        self._names = Names(settings.installation)
        self._networks = networks
        self._volumes = volumes
        self._mender = Mender(docker, self._names, networks)
        self._uids = UidRanges(docker, settings)
        self._seccomp = json.dumps(json.loads(settings.seccomp_profile.read_text()))

    def ids(self) -> list[str]:
        """Of all pools that have a volume: a pool's volume is made first and goes last."""
        return self._volumes.pools()

    def find(self, pool_id: str) -> Mapping[str, Any] | None:
        """Its container as Docker inspects it: the living one if there are several. None where there is none. Raises
        Refused."""
        ours = self._containers(pool_id)
        return ours[0] if ours else None

    def has_volume(self, pool_id: str) -> bool:
        found = self._volumes.find(self._names.pool(pool_id))
        return found is not None and self._names.is_ours(found.get("Labels"))

    def ensure(self, pool_id: str, spec: PoolSpec) -> None:
        """All is there and runs. Raises Refused; what was made until then is found again by the next attempt."""
        ours = self._containers(pool_id)
        if ours and describe.state(ours[0]) in ("running", "paused") and self._is_labelled(ours[0], pool_id):
            self._end_others(ours)
            self.mend(pool_id)
            return
        with self._uids.of(pool_id, spec.slots_total) as ids:
            self._start(pool_id, spec, ours, ids)

    def mend(self, pool_id: str) -> None:
        """Sets right what somebody changed on a living container; nothing to do for one that does not live. Raises
        Refused."""
        details = self.find(pool_id)
        if details is not None and describe.is_alive(details) and self._is_labelled(details, pool_id):
            self._mender.mend(pool_id, details)

    def drift(self, pool_id: str, details: Mapping[str, Any]) -> list[str]:
        """What `mend` would set right. Raises Refused."""
        if not describe.is_alive(details) or not self._is_labelled(details, pool_id):
            return []
        return self._mender.drift(pool_id, details)

    def stop(self, pool_id: str, seconds: int) -> None:
        """Returns when every container of the pool has ended, in good order within `seconds` or killed."""
        for details in self._containers(pool_id):
            self._end(details, seconds)

    def remove(self, pool_id: str) -> None:
        """Its containers are gone; 409 while one lives. The network goes with its last pool, the volume stays."""
        ours = self._containers(pool_id)
        if any(describe.is_alive(details) for details in ours):
            raise Refused(RefusalCode.IN_USE, f"Pool {pool_id} still runs: stop it first.")
        for details in ours:
            self._remove(details)
            self._networks.remove_if_unused(self._names.network(describe.labels(details).get(TENANT)))

    def purge(self, pool_id: str) -> None:
        """Its volume and the trades in it are gone."""
        if self._containers(pool_id):
            raise Refused(RefusalCode.IN_USE, f"Pool {pool_id} still has its container: remove that first.")
        self._volumes.remove(self._names.pool(pool_id))
        try:
            images.forget_unused(self._docker)
        except Refused as refused:  # the next purge does it
            logger.warning("a tag of an image that no pool needs any more may be left: {}", refused.refusal.message)

    def logs(self, pool_id: str, tail: int) -> bytes:
        details = self.find(pool_id)
        if details is None:
            raise _not_found(pool_id)
        with translated(f"read the log of pool {pool_id}"):
            return bytes(self._docker.client.logs(details["Id"], tail=tail, stdout=True, stderr=True))

    def effective_memory_bytes(self, spec: PoolSpec) -> int:
        return spec.memory_limit_bytes or self._settings.default_memory_bytes

    def _start(self, pool_id: str, spec: PoolSpec, ours: list[dict[str, Any]], ids: range) -> None:
        name = self._names.pool(pool_id)
        labels = self._names.pool_labels(pool_id, spec.tenant_id) | uid_ranges.label(ids)
        volume = self._volumes.find(name)
        if spec.expect_volume and volume is None:
            raise gone(name, labels)
        made_of = _made_of(volume, ours)
        image = images.of_pool(self._docker, self._settings, made_of, spec.image)
        network = self._networks.ensure(self._names.network(spec.tenant_id))
        self._volumes.ensure(name, labels | {IMAGE_ID: image.id})
        images.keep(self._docker, made_of, image)
        wanted = self._configuration(pool_id, spec, image, network, labels)
        if ours and describe.is_alive(ours[0]) and describe.labels(ours[0]).get(CONFIGURATION) == wanted["digest"]:
            return  # Docker is about to start it again
        kept = self._keep_one(pool_id, ours, wanted["digest"])
        self._check_nobody_else(pool_id, kept)
        self._volumes.put(name, image.id, self._files(pool_id, spec, image, ids))
        if kept is None:
            kept = self._create(name, wanted)
        with translated(f"start pool {pool_id}"):
            self._docker.client.start(kept)
        logger.info("started pool {} of the image {} ({})", pool_id, spec.image, image.id)

    def _containers(self, pool_id: str) -> list[dict[str, Any]]:
        """The pool's own, living ones first, labelled ones first among those. The volume tells all candidates."""
        name = self._names.pool(pool_id)
        volume = self._volumes.find(name)
        if volume is None or not self._names.is_ours(volume.get("Labels")):
            return []
        ours = [
            details
            for details in self._on_volume(name)
            if self._is_labelled(details, pool_id) or describe.name(details) == name
        ]
        return sorted(ours, key=lambda one: (not describe.is_alive(one), not self._is_labelled(one, pool_id)))

    def _on_volume(self, volume: str) -> list[dict[str, Any]]:
        with translated(f"look who uses the volume {volume}"):
            told = self._docker.client.containers(all=True, filters={"volume": volume})
        found = []
        for one in told:
            try:
                with translated("look at a container"):
                    details = dict(self._docker.client.inspect_container(one["Id"]))
            except Refused as refused:
                if refused.refusal.code is RefusalCode.NOT_FOUND:
                    continue  # gone since the listing
                raise
            helper = describe.name(details) == f"{volume}.files" and not describe.is_alive(details)
            if describe.mounts_volume(details, volume) and not helper:
                found.append(details)
        return found

    def _is_labelled(self, details: Mapping[str, Any], pool_id: str) -> bool:
        return self._names.is_pool(describe.labels(details), pool_id)

    def _keep_one(self, pool_id: str, ours: list[dict[str, Any]], digest: str) -> str | None:
        """Ends what lives and removes what differs; the id of the container that can be started again."""
        kept: str | None = None
        for details in ours:
            self._end(details, self._settings.stop_seconds)
            same = describe.labels(details).get(CONFIGURATION) == digest and describe.state(details) != "dead"
            if same and kept is None and describe.name(details) == self._names.pool(pool_id):
                kept = str(details["Id"])
            else:
                self._remove(details)
        return kept

    def _end_others(self, ours: list[dict[str, Any]]) -> None:
        for details in ours[1:]:
            logger.warning("ending {}, a second container of a pool", describe.name(details))
            self._end(details, self._settings.stop_seconds)
            self._remove(details)

    def _check_nobody_else(self, pool_id: str, kept: str | None) -> None:
        for details in self._on_volume(self._names.pool(pool_id)):
            if describe.is_alive(details) and details["Id"] != kept:
                raise Refused(
                    RefusalCode.IN_USE,
                    f"The container {describe.name(details)}, which is not this installation's, uses the volume "
                    f"of pool {pool_id}: stop it first; two pools must not run on the same data.",
                )

    def _end(self, details: Mapping[str, Any], seconds: int) -> None:
        if not describe.is_alive(details):
            return
        client = self._docker.client
        with translated(f"stop the container {describe.name(details)}"):
            if describe.state(details) == "paused":
                client.unpause(details["Id"])
            client.stop(details["Id"], timeout=seconds)
        logger.info("stopped the container {}", describe.name(details))

    def _remove(self, details: Mapping[str, Any]) -> None:
        try:
            with translated(f"remove the container {describe.name(details)}"):
                self._docker.client.remove_container(details["Id"], v=False)
        except Refused as refused:
            if refused.refusal.code is not RefusalCode.NOT_FOUND:
                raise

    def _create(self, name: str, wanted: Mapping[str, Any]) -> str:
        client = self._docker.client
        with translated(f"make the container {name}"):
            made = client.create_container_from_config(
                client.create_container_config(
                    wanted["image"],
                    None,
                    hostname=wanted["hostname"],
                    user="0:0",
                    labels={**wanted["labels"], CONFIGURATION: wanted["digest"]},
                    host_config=client.create_host_config(**wanted["host"]),
                ),
                name,
            )
        return str(made["Id"])

    def _configuration(
        self, pool_id: str, spec: PoolSpec, image: images.Image, network: str, labels: dict[str, str]
    ) -> dict[str, Any]:
        """All that the container is made from, with a digest of it. A network that was made anew has another id."""
        limits = Limits(
            memory_bytes=self.effective_memory_bytes(spec),
            cpus=spec.cpu_limit or self._settings.default_cpus,
            processes=self._settings.pids_base + self._settings.pids_per_slot * spec.slots_total,
            tmp_bytes=self._settings.tmp_bytes,
        )
        host = host_options(
            volume=self._names.pool(pool_id),
            mounted_at=MOUNTED_AT,
            network=self._names.network(spec.tenant_id),
            limits=limits,
            seccomp=self._seccomp,
            capabilities=POOL_CAPABILITIES,
            egress=self._settings.egress,
        )
        told = {**labels, IMAGE: spec.image, LIMITS: json.dumps(limit_fields(limits))}
        told |= {FREQTRADE: image.freqtrade} if image.freqtrade else {}
        wanted = {"image": image.id, "hostname": pool_id, "labels": told, "host": host, "network": network}
        digest = hashlib.sha256(json.dumps(wanted, sort_keys=True, default=dict).encode()).hexdigest()
        return {**wanted, "digest": digest[:32]}

    def _files(self, pool_id: str, spec: PoolSpec, image: images.Image, ids: range) -> list[File]:
        """The pool's directory is its agent's; init's group 0 writes there, too; everybody may pass through."""
        unknown = () if image.takes_gateway else OF_GATEWAY
        settings = {
            **{name: value for name, value in spec.settings.items() if name not in unknown},
            "pool_id": pool_id,
            "slots_total": spec.slots_total,
            "memory_limit_bytes": self.effective_memory_bytes(spec),
            "agent_host": "0.0.0.0",  # noqa: S104  (in the container's own network, never published)
            "agent_port": self._settings.agent_port,
            "agent_uid": AGENT_UID,
            "bot_uid_first": ids.start,
            "isolation": "required",
        }
        token = spec.agent_token.get_secret_value() + "\n"
        return [
            File(".", None, 0o771, AGENT_UID, 0),
            File("pool.json", (json.dumps(settings, indent=2) + "\n").encode(), 0o644, 0, 0),
            File("agent-token", token.encode(), 0o400, AGENT_UID, AGENT_UID, once=True),
        ]


def _made_of(volume: Mapping[str, Any] | None, ours: list[dict[str, Any]]) -> str | None:
    """Id of the image that the pool stays with; None for one that never was. A volume without that label, from before
    there was one, leaves it to its container."""
    labelled = None if volume is None else (volume.get("Labels") or {}).get(IMAGE_ID)
    return labelled or next((str(details["Image"]) for details in ours), None)


def _not_found(pool_id: str) -> Refused:
    return Refused(RefusalCode.NOT_FOUND, f"There is no container of pool {pool_id}.")
