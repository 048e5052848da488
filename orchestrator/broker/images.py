"""Which image a pool is made of: one of the allow-list, there, and of our protocol. Nothing is ever pulled."""

from dataclasses import dataclass

from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import FREQTRADE, PROTOCOL
from orchestrator.broker.refusals import translated
from orchestrator.broker.settings import BrokerSettings
from pool.contract import PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Image:
    id: str
    freqtrade: str | None


def find(docker: DockerApi, settings: BrokerSettings, reference: str) -> Image:
    """Raises Refused."""
    if not settings.allows(reference):
        raise Refused(
            RefusalCode.IMAGE_NOT_ALLOWED,
            f"The broker does not make pools of the image {reference}: it is not one of "
            f"{', '.join(settings.allowed_images)}. Add it to FLOTILLA_BROKER_ALLOWED_IMAGES if it shall.",
        )
    try:
        with translated(f"look for the image {reference}"):
            told = docker.client.inspect_image(reference)
    except Refused as refused:
        if refused.refusal.code in (RefusalCode.IMAGE_MISSING, RefusalCode.NOT_FOUND):
            raise Refused(
                RefusalCode.IMAGE_MISSING,
                f"Docker does not have the image {reference}: build it (make image) or pull it, and try again.",
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
    return Image(str(told["Id"]), labels.get(FREQTRADE))
