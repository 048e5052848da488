"""Flag files are written into directories in which bots may put anything."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Flotilla


def test_no_link_that_a_bot_planted_is_followed(
    flotilla: Flotilla, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{home}/nothing-listens-here")
    directory = home / "pools" / "pool-a" / "bots" / "bot-a"
    directory.mkdir(parents=True)
    precious = home / "precious"
    precious.write_text("not theirs")
    before = precious.stat()
    for name in (".HALT.new", "HALT"):
        (directory / name).symlink_to(precious)
    assert flotilla("halt", "--offline").code == 0
    assert (precious.read_text(), precious.stat().st_mode) == ("not theirs", before.st_mode)
    assert (directory / "HALT").is_file()
    assert not (directory / "HALT").is_symlink()
    assert not (directory / ".HALT.new").is_symlink()


def test_pools_that_are_containers_are_not_passed_over(
    flotilla: Flotilla, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home in which pools once were processes, on a machine where they are containers now."""
    (home / "pools" / "pool-a" / "bots" / "bot-a").mkdir(parents=True)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\nprintf 'flotilla-main-pool-b\\tmain\\n'\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    halted = flotilla("halt", "--offline")
    assert (home / "pools" / "pool-a" / "HALT").is_file()
    assert halted.code == 1
    assert "flotilla-main-pool-b" in halted.err
    assert "--installation main" in halted.err
    assert flotilla("halt", "--offline", "--bot", "bot-a").code == 0
