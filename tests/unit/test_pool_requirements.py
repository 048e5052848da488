"""What the image installs is what everything else is tested with."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def versions(file: Path) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+==[^ ;\\]+)", file.read_text(), re.MULTILINE))


def test_the_pool_image_has_versions_of_the_lock() -> None:
    image = versions(ROOT / "pool" / "image" / "requirements.txt")
    assert len(image) > 50
    assert image <= versions(ROOT / "requirements.txt")


def test_default_base_is_pinned_to_the_same_freqtrade() -> None:
    dockerfile = (ROOT / "pool" / "image" / "Dockerfile").read_text()
    pinned = re.search(r"^ARG BASE_IMAGE=freqtradeorg/freqtrade:(\S+)$", dockerfile, re.MULTILINE)
    assert pinned is not None
    assert f"freqtrade=={pinned[1]}" in versions(ROOT / "pool" / "image" / "requirements.txt")


def test_the_control_planes_image_holds_every_room_of_the_pool_that_it_imports() -> None:
    imported = {
        room
        for floor in ("api", "orchestrator")
        for file in (ROOT / floor).rglob("*.py")
        for room in re.findall(r"^(?:from|import) pool\.(\w+)", file.read_text(), re.MULTILINE)
    }
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert imported >= {"contract", "rules"}
    assert imported == set(re.findall(r"^COPY pool/(\w+) ", dockerfile, re.MULTILINE))
