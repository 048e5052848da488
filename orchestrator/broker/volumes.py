"""Named volumes: the data of pools and of the paper exchange. A volume is never removed but by `remove`.

Files are put in through a container that is made for it and never runs: Docker unpacks an archive there as root, owners
and modes included, so that nothing with power has to run inside and no secret passes an environment or a label.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from docker.types import Mount
from loguru import logger

from orchestrator.broker.archives import File, only_file, pack
from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import INSTALLATION, POOL, ROLE, Names
from orchestrator.broker.refusals import translated

MOUNTED_AT = "/pool"
_LONGEST_BYTES = 4096


class Volumes:
    def __init__(self, docker: DockerApi, names: Names) -> None:
        self._docker = docker
        self._names = names

    def ensure(self, name: str, labels: dict[str, str]) -> None:
        """Raises Refused where a volume of that name is somebody else's."""
        found = self.find(name)
        if found is None:
            with translated(f"make the volume {name}"):
                found = self._docker.client.create_volume(name, driver="local", labels=labels)
            logger.info("made the volume {}", name)
        if not self._names.is_ours(found.get("Labels")):
            raise Refused(
                RefusalCode.NAME_TAKEN,
                f"A volume {name} exists that is not this installation's, by its labels. One that was put back by hand "
                "without them may hold trades: save what it holds, then make it again with those that it had, at least "
                f"these (docker volume rm {name}; docker volume create {_as_options(labels)} {name}), and put that "
                "back. If it is somebody else's, choose another FLOTILLA_BROKER_INSTALLATION.",
            )

    def find(self, name: str) -> dict[str, Any] | None:
        try:
            with translated(f"look for the volume {name}"):
                return dict(self._docker.client.inspect_volume(name))
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return None
            raise

    def pools(self) -> list[str]:
        """Ids of the pools that have one."""
        with translated("list volumes"):
            told = self._docker.client.volumes(filters={"label": [f"flotilla.installation={self._names.installation}"]})
        labels = [volume.get("Labels") or {} for volume in told.get("Volumes") or []]
        return sorted(label[POOL] for label in labels if self._names.is_ours(label) and POOL in label)

    def remove(self, name: str) -> None:
        """With all that it holds. Raises Refused, also where it is in use or not ours."""
        found = self.find(name)
        if found is None:
            return
        if not self._names.is_ours(found.get("Labels")):
            raise Refused(RefusalCode.NAME_TAKEN, f"The volume {name} is not this installation's; it stays.")
        with translated(f"remove the volume {name}"):
            self._docker.client.remove_volume(name)
        logger.warning("removed the volume {} and all that it held", name)

    def put(self, name: str, image_id: str, files: Iterable[File]) -> None:
        """Replaces files, but not what is there `once`; one named `.` sets owner and mode of the volume's root. No
        container may run on it."""
        helper = f"{name}.files"
        client = self._docker.client
        self._drop(helper)
        with translated(f"put files into the volume {name}"):
            made = client.create_container_from_config(
                client.create_container_config(
                    image_id,
                    command=["never-runs"],
                    labels=self._names.labels("files"),
                    host_config=client.create_host_config(
                        network_mode="none",
                        mounts=[Mount(target=MOUNTED_AT, source=name, type="volume", no_copy=True)],
                    ),
                ),
                helper,
            )
            try:
                there = [file for file in files if not (file.once and self._holds(made["Id"], file))]
                client.put_archive(made["Id"], "/", pack(replace(file, name=_inside(file.name)) for file in there))
            finally:
                client.remove_container(made["Id"], force=True)

    def read(self, container_id: str, path: str) -> bytes | None:
        """A small regular file of a container, running or not; None where it is not there."""
        try:
            with translated("read a file of a volume"):
                chunks, _ = self._docker.client.get_archive(container_id, path)
                archive = b""
                for chunk in chunks:
                    archive += chunk
                    if len(archive) > 8 * _LONGEST_BYTES:
                        chunks.close()
                        return None
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return None
            raise
        return only_file(archive, _LONGEST_BYTES)

    def _holds(self, container_id: str, file: File) -> bool:
        return bool((self.read(container_id, f"{MOUNTED_AT}/{file.name}") or b"").strip())

    def _drop(self, helper: str) -> None:
        """One that was left by a broker that was killed."""
        try:
            with translated("look for a left-over container"):
                details = self._docker.client.inspect_container(helper)
        except Refused as refused:
            if refused.refusal.code is RefusalCode.NOT_FOUND:
                return
            raise
        if self._names.is_ours(details["Config"].get("Labels")):
            with translated("remove a left-over container"):
                self._docker.client.remove_container(details["Id"], force=True)


def gone(name: str, labels: dict[str, str]) -> Refused:
    """A volume that was there before is not. An empty one that somebody makes by hand is a decision: the pool then
    begins anew."""
    return Refused(
        RefusalCode.VOLUME_GONE,
        f"Its volume {name} is gone, with its bots' trades, or this is not the Docker daemon that it ran on: nothing "
        f"is started on an empty one. Make it again (docker volume create {_as_options(labels)} {name}) and put back "
        "what was saved of it; left empty, its bots begin without their trades.",
    )


def _as_options(labels: dict[str, str]) -> str:
    """Those that a volume is known by, for `docker volume create`."""
    return " ".join(f"--label {key}={labels[key]}" for key in (INSTALLATION, ROLE, POOL) if key in labels)


def _inside(name: str) -> str:
    """Where a file of the volume is in the container."""
    return f"{MOUNTED_AT[1:]}/{name}".removesuffix("/.")
