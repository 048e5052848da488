"""A pool stays with the image that it was made of, whatever happens to the tag."""

from collections.abc import Iterator

import pytest

from orchestrator.pools.drivers import CannotStartPool
from tests.docker.broker_rig import BrokerRig, build_image, pool


@pytest.fixture
def tag(rig: BrokerRig) -> Iterator[str]:
    """A tag of this test's, which means the same image as the fake pool's at first."""
    name, version = "flotilla-fake-pool", rig.installation
    rig.docker.tag(rig.image, name, version)
    yield f"{name}:{version}"
    for one in rig.docker.images(name=name):
        if f"{name}:{version}" in (one.get("RepoTags") or []):
            rig.docker.remove_image(f"{name}:{version}", noprune=True)


def pins(rig: BrokerRig, *image_ids: str) -> set[str]:
    """Those of these images that are kept for pools."""
    kept = {tag for one in rig.docker.images(name="flotilla-pinned") for tag in one.get("RepoTags") or []}
    return {image_id for image_id in image_ids if f"flotilla-pinned:{image_id.removeprefix('sha256:')}" in kept}


async def test_a_container_made_anew_is_of_the_same_image_and_new_pools_of_the_new_one(
    rig: BrokerRig, tag: str
) -> None:
    driver = rig.driver()
    build_image(rig.docker, tag, f"FROM {rig.image}\nLABEL variant={rig.installation}-old")
    old = str(rig.docker.inspect_image(tag)["Id"])
    await driver.ensure(pool(image=tag))
    await rig.listening(driver)
    assert (await driver.observe("pool-a")).image_id == old
    build_image(rig.docker, tag, f"FROM {rig.image}\nLABEL variant={rig.installation}-new")
    new = str(rig.docker.inspect_image(tag)["Id"])
    assert new != old
    rig.docker.remove_container(rig.name(), force=True)
    await driver.ensure(pool(image=tag))
    assert rig.inspect()["Image"] == old, "its container was lost"
    await driver.stop("pool-a", graceful=False)
    await driver.ensure(pool(image=tag, slots_total=9))
    assert rig.inspect()["Image"] == old, "its settings changed"
    await driver.ensure(pool("pool-b", image=tag))
    assert rig.inspect("pool-b")["Image"] == new
    assert pins(rig, old, new) == {old, new}
    # A roll-back, after the old pool has gone but for its volume.
    await driver.remove("pool-a")
    await driver.ensure(pool("pool-c", image=old))
    assert rig.inspect("pool-c")["Image"] == old
    await driver.purge("pool-c")
    assert pins(rig, old) == {old}, "the volume of another pool needs it"
    await driver.purge("pool-a")
    assert pins(rig, old, new) == {new}
    with pytest.raises(CannotStartPool, match="does not have the image any more that pools were made of"):
        await driver.ensure(pool("pool-d", image=old))
    await driver.purge("pool-b")
    assert pins(rig, new) == set()
    assert rig.docker.inspect_image(tag)["Id"] == new, "only our own tag goes"
