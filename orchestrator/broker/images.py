"""Which image a pool is made of: one of the allow-list, there, and of our protocol. Nothing is ever pulled.

A reference may mean another image tomorrow, a pool stays with what it meant when it was first made: its volume has the
id as a label, and the tag `flotilla-pinned:<id>` keeps the image from being pruned as long as a volume or container of
it is there. The tag is what counts, so that an administrator can have another image take the place of a lost one.
"""

import re
from dataclasses import dataclass

from loguru import logger

from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import FREQTRADE, GATEWAY, IMAGE_ID, PROTOCOL, ROLE
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from pool.contract import PROTOCOL_VERSION

PINNED = "flotilla-pinned"
_ID = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Image:
    id: str
    freqtrade: str | None
    tags: tuple[str, ...] = ()
    takes_gateway: bool = True
    """Whether its pools know settings of the market-data gateway."""


def find(docker: DockerApi, settings: BrokerSettings, reference: str) -> Image:
    """By a reference of the allow-list, or the id of an image that has such a one, or that a pool was made of. Raises
    Refused."""
    if _ID.fullmatch(reference) is not None:
        image = _kept(docker, reference)
        if _pin(reference) in image.tags or any(settings.allows(tag) for tag in image.tags):
            return image
    elif settings.allows(reference):
        return _usable(docker, reference)
    raise Refused(
        RefusalCode.IMAGE_NOT_ALLOWED,
        f"The broker does not make pools of the image {reference}: it is not one of "
        f"{', '.join(settings.allowed_images)}. Add it to FLOTILLA_BROKER_ALLOWED_IMAGES if it shall.",
    )


def of_pool(docker: DockerApi, settings: BrokerSettings, made_of: str | None, reference: str) -> Image:
    """The image that the pool was `made_of`, by id, whatever the reference means by now; that of the reference for a
    new pool, and where the former one speaks another protocol than this control plane: it could never run again. Raises
    Refused."""
    if made_of is None:
        return find(docker, settings, reference)
    try:
        return _kept(docker, made_of)
    except Refused as refused:
        if refused.refusal.code is not RefusalCode.PROTOCOL_MISMATCH:
            raise
        logger.warning("{} takes the place of {}: {}", reference, made_of, refused.refusal.message)
        return find(docker, settings, reference)


def keep(docker: DockerApi, made_of: str | None, image: Image) -> None:
    """Gives it the tag of what the pool was `made_of` (None: of this); once the pool's volume is there, lest
    `forget_unused` takes it away again. Raises Refused."""
    repository, _, tag = _pin(made_of or image.id).partition(":")
    with translated(f"keep the image {image.id}"):
        docker.client.tag(image.id, repository, tag, force=True)


def forget_unused(docker: DockerApi) -> None:
    """Images that no pool was made of any more, of any installation, lose their tags. Raises Refused."""
    label = {"label": [f"{ROLE}=pool"]}
    with translated("look which images pools have"):
        tags = [tag for one in docker.client.images(name=PINNED) for tag in one.get("RepoTags") or []]
        volumes = docker.client.volumes(filters=label).get("Volumes") or []
        containers = docker.client.containers(all=True, filters=label)
    used = {(volume.get("Labels") or {}).get(IMAGE_ID) for volume in volumes}
    used |= {one.get("ImageID") for one in containers}
    kept = {_pin(image_id) for image_id in used if image_id}
    for tag in tags:
        if tag.startswith(f"{PINNED}:") and tag not in kept:
            with translated(f"remove the tag {tag}"):
                docker.client.remove_image(tag, noprune=True)
            logger.info("removed the tag {}: no pool was made of it any more", tag)


def _kept(docker: DockerApi, image_id: str) -> Image:
    """By its tag, or by itself where somebody removed that."""
    try:
        return _usable(docker, _pin(image_id))
    except Refused as refused:
        if refused.refusal.code is not RefusalCode.IMAGE_MISSING:
            raise
    try:
        return _usable(docker, image_id)
    except Refused as refused:
        if refused.refusal.code is not RefusalCode.IMAGE_MISSING:
            raise
        raise Refused(
            RefusalCode.IMAGE_MISSING,
            f"Docker does not have the image any more that pools were made of ({image_id}): load it again (docker "
            f"load), or have another one take its place (docker tag IMAGE {_pin(image_id)}), and try again.",
        ) from refused


def _pin(image_id: str) -> str:
    return f"{PINNED}:{image_id.removeprefix('sha256:')}"


def _usable(docker: DockerApi, reference: str) -> Image:
    """Raises Refused where it is not there, or of another protocol."""
    try:
        with translated(f"look for the image {reference}"):
            told = docker.client.inspect_image(reference)
    except Refused as refused:
        if refused.refusal.code in (RefusalCode.IMAGE_MISSING, RefusalCode.NOT_FOUND):
            raise Refused(
                RefusalCode.IMAGE_MISSING,
                f"Docker does not have the image {reference}: build it (scripts/image) or pull it, and try again.",
            ) from refused
        raise
    labels = (told.get("Config") or {}).get("Labels") or {}
    protocol = labels.get(PROTOCOL)
    if protocol != str(PROTOCOL_VERSION):
        raise Refused(
            RefusalCode.PROTOCOL_MISMATCH,
            f"The image {reference} speaks protocol {protocol or 'unknown'} (label {PROTOCOL}), this control plane "
            f"{PROTOCOL_VERSION}: use the image of the same release.",
        )
    return Image(str(told["Id"]), labels.get(FREQTRADE), tuple(told.get("RepoTags") or ()), GATEWAY in labels)
