"""Which volumes of pools there are, those of pools that are gone included. Blocking; two questions to Docker."""

import re

from orchestrator.broker.contract import POOL_ID_PATTERN, PoolVolume
from orchestrator.broker.describe import ALIVE
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import IMAGE_ID, INSTALLATION, POOL, ROLE, TENANT, Names
from orchestrator.broker.refusals import translated


def look(docker: DockerApi, names: Names) -> list[PoolVolume]:
    """By pool. One that has a pool's labels, but not its name, is nobody's to remove and left out. Raises Refused."""
    with translated("list volumes"):
        told = docker.client.volumes(filters={"label": [f"{INSTALLATION}={names.installation}", f"{ROLE}=pool"]})
    with translated("look which volumes are in use"):
        containers = docker.client.containers(all=True)
    used = {
        mount.get("Name")
        for container in containers
        if container.get("State") in ALIVE
        for mount in container.get("Mounts") or []
        if mount.get("Type") == "volume"
    }
    found = []
    for volume in told.get("Volumes") or []:
        labels = volume.get("Labels") or {}
        pool_id = labels.get(POOL, "")
        if names.is_ours(labels) and re.fullmatch(POOL_ID_PATTERN, pool_id) and names.pool(pool_id) == volume["Name"]:
            found.append(
                PoolVolume(
                    pool_id=pool_id,
                    tenant_id=labels.get(TENANT),
                    image_id=labels.get(IMAGE_ID),
                    in_use=volume["Name"] in used,
                )
            )
    return sorted(found, key=lambda one: one.pool_id)
