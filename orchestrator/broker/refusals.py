"""What Docker's failures mean for those who asked, and what they can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from docker import errors

from orchestrator.broker.contract import RefusalCode, Refused

STATUS: dict[RefusalCode, int] = {
    RefusalCode.DOCKER_UNREACHABLE: 503,
    RefusalCode.IMAGE_MISSING: 409,
    RefusalCode.IMAGE_NOT_ALLOWED: 409,
    RefusalCode.PROTOCOL_MISMATCH: 409,
    RefusalCode.NAME_TAKEN: 409,
    RefusalCode.VOLUME_GONE: 409,
    RefusalCode.IN_USE: 409,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.INVALID: 400,
    RefusalCode.DEPOSED: 409,
    RefusalCode.NOT_ALLOWED: 403,
    RefusalCode.OTHER_DOCKER: 409,
    RefusalCode.DISK_FULL: 503,
    RefusalCode.NO_ADDRESS_SPACE: 503,
    RefusalCode.NO_USER_IDS: 503,
    RefusalCode.DOCKER_FAILED: 502,
    RefusalCode.BROKER_UNREACHABLE: 503,
}
_LONGEST = 300


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raises Refused for every failure of Docker inside. `what` names the attempt: `start pool a`."""
    try:
        yield
    except errors.ImageNotFound as error:
        raise Refused(
            RefusalCode.IMAGE_MISSING, "Docker does not have the image any more: build or pull it, and try again."
        ) from error
    except errors.NotFound as error:
        raise Refused(RefusalCode.NOT_FOUND, f"Docker could not {what}: it is not there any more.") from error
    except errors.APIError as error:
        raise _refused(what, str(error.explanation or error.response.reason or "")) from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise unreachable() from error
    except (errors.DockerException, requests.RequestException, OSError) as error:
        if isinstance(error.__cause__ or error.__context__ or error, requests.RequestException | OSError):
            raise unreachable() from error
        raise Refused(RefusalCode.DOCKER_FAILED, f"Docker could not {what}: {type(error).__name__}.") from error


def unreachable() -> Refused:
    return Refused(
        RefusalCode.DOCKER_UNREACHABLE,
        "Docker does not answer the broker: start the daemon (systemctl start docker), or set "
        "FLOTILLA_BROKER_DOCKER_HOST to where it listens. Pools that run go on.",
    )


def no_address_space(what: str) -> Refused:
    return Refused(
        RefusalCode.NO_ADDRESS_SPACE,
        f"Docker could not {what}: no subnet is left for another network. Give the broker more with "
        "FLOTILLA_BROKER_SUBNETS, or remove networks that nobody uses (docker network ls).",
    )


def _refused(what: str, told: str) -> Refused:
    text = " ".join(told.split())[:_LONGEST]
    lower = text.lower()
    if "no space left" in lower or "disk quota exceeded" in lower:
        return Refused(
            RefusalCode.DISK_FULL,
            f"Docker could not {what}: its disk is full. Free space where Docker keeps its data (docker system df); "
            "volumes named flotilla-… hold trades.",
        )
    if "overlap" in lower or "fully subnetted" in lower:
        return no_address_space(what)
    if "is already in use by container" in lower or "already exists" in lower:
        return Refused(
            RefusalCode.NAME_TAKEN, f"Docker could not {what}: the name is taken. Rename or remove what has it: {text}"
        )
    if "volume is in use" in lower:
        return Refused(RefusalCode.IN_USE, f"Docker could not {what}: the volume is in use by a container.")
    return Refused(RefusalCode.DOCKER_FAILED, f"Docker could not {what}: {text}")
