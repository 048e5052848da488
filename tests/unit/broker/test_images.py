"""A pool stays with the image that it was made of, whatever a tag means later. The daemon is a stand-in."""

from types import SimpleNamespace
from typing import Any

import docker
import pytest

from orchestrator.broker import images
from orchestrator.broker.contract import RefusalCode, Refused
from orchestrator.broker.names import IMAGE_ID, PROTOCOL
from orchestrator.broker.settings import BrokerSettings
from pool.contract import PROTOCOL_VERSION

OLD, NEW, ALIEN = (f"sha256:{digit * 64}" for digit in "123")
TAG = "flotilla-pool:latest"
SETTINGS = BrokerSettings()


class Daemon:
    """Images by id with their protocol, and what tags mean."""

    def __init__(self) -> None:
        self.images = {OLD: str(PROTOCOL_VERSION), NEW: str(PROTOCOL_VERSION), ALIEN: str(PROTOCOL_VERSION)}
        self.tags = {TAG: OLD, "alpine:3": ALIEN}
        self.volumes_of: list[str] = []
        self.containers_of: list[str] = []
        self.client = self

    def inspect_image(self, reference: str) -> dict[str, Any]:
        image_id = self.tags.get(reference, reference)
        if image_id not in self.images:
            raise docker.errors.ImageNotFound("No such image")
        tags = [tag for tag, meant in self.tags.items() if meant == image_id]
        return {"Id": image_id, "RepoTags": tags, "Config": {"Labels": {PROTOCOL: self.images[image_id]}}}

    def tag(self, image_id: str, repository: str, tag: str, *, force: bool) -> None:
        self.tags[f"{repository}:{tag}"] = image_id

    def remove_image(self, tag: str, *, noprune: bool) -> None:
        del self.tags[tag]

    def volumes(self, filters: Any) -> dict[str, Any]:
        return {"Volumes": [{"Labels": {IMAGE_ID: image_id}} for image_id in self.volumes_of] or None}

    def containers(self, *, all: bool, filters: Any) -> list[dict[str, Any]]:
        return [{"ImageID": image_id} for image_id in self.containers_of]

    @property
    def pins(self) -> set[str]:
        return {tag for tag in self.tags if tag.startswith("flotilla-pinned:")}

    def drop(self, image_id: str) -> None:
        del self.images[image_id]
        self.tags = {tag: meant for tag, meant in self.tags.items() if meant != image_id}


def listing(daemon: Daemon) -> Any:
    """As Docker lists images of one repository; a class attribute would hide `images`."""

    def told(name: str) -> list[dict[str, Any]]:
        return [{"RepoTags": [tag]} for tag in daemon.tags if tag.startswith(f"{name}:")]

    return SimpleNamespace(
        client=SimpleNamespace(
            images=told, volumes=daemon.volumes, containers=daemon.containers, remove_image=daemon.remove_image
        )
    )


def made(daemon: Any, made_of: str | None, reference: str = TAG) -> str:
    image = images.of_pool(daemon, SETTINGS, made_of, reference)
    images.keep(daemon, made_of, image)
    return image.id


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def test_a_tag_that_moves_moves_no_pool(daemon: Daemon) -> None:
    assert made(daemon, None) == OLD
    daemon.tags[TAG] = NEW
    assert made(daemon, OLD) == OLD
    assert made(daemon, None) == NEW, "a new pool"


def test_one_that_lost_its_tag_gets_it_again(daemon: Daemon) -> None:
    made(daemon, None)
    daemon.tags = {TAG: NEW}
    assert made(daemon, OLD) == OLD
    assert daemon.tags[f"flotilla-pinned:{'1' * 64}"] == OLD


def test_a_lost_image_is_replaced_by_an_administrator_alone(daemon: Daemon) -> None:
    made(daemon, None)
    daemon.drop(OLD)
    daemon.tags[TAG] = NEW
    with pytest.raises(Refused, match=f"docker tag IMAGE flotilla-pinned:{'1' * 64}") as told:
        made(daemon, OLD)
    assert told.value.refusal.code is RefusalCode.IMAGE_MISSING
    daemon.tags[f"flotilla-pinned:{'1' * 64}"] = NEW
    assert made(daemon, OLD) == NEW


def test_one_of_another_protocol_could_never_run_again_and_is_replaced_for_good(daemon: Any) -> None:
    made(daemon, None)
    daemon.images[OLD], daemon.tags[TAG] = "0", NEW
    assert made(daemon, OLD) == NEW
    daemon.images["sha256:" + "4" * 64] = str(PROTOCOL_VERSION)
    daemon.tags[TAG] = "sha256:" + "4" * 64
    assert made(daemon, OLD) == NEW, "it stays with that"


def test_an_id_is_allowed_by_a_tag_or_because_a_pool_was_made_of_it(daemon: Any) -> None:
    assert images.find(daemon, SETTINGS, OLD).id == OLD
    made(daemon, None)
    daemon.tags[TAG] = NEW
    assert images.find(daemon, SETTINGS, OLD).id == OLD, "a roll-back makes a pool of it"
    with pytest.raises(Refused, match="FLOTILLA_BROKER_ALLOWED_IMAGES"):
        images.find(daemon, SETTINGS, ALIEN)


def test_tags_go_with_the_last_pool(daemon: Daemon) -> None:
    made(daemon, None)
    daemon.tags[TAG] = NEW
    made(daemon, None)
    old, new = f"flotilla-pinned:{'1' * 64}", f"flotilla-pinned:{'2' * 64}"
    daemon.volumes_of, daemon.containers_of = [OLD], [NEW]
    images.forget_unused(listing(daemon))
    assert daemon.pins == {old, new}
    daemon.volumes_of = []
    images.forget_unused(listing(daemon))
    assert daemon.pins == {new}
    assert daemon.tags[TAG] == NEW
