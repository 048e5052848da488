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
