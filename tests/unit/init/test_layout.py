"""Owners and modes of a pool's directory. The owner is this process's own user here; in a container it is another."""

import os
import stat
from pathlib import Path

import pytest

from pool.init import layout

ME = os.getuid()


def modes(directory: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.lstat().st_mode)) for path in directory.iterdir()}


@pytest.fixture(autouse=True)
def _own_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's group has the number of its user; who is not root cannot give files to such a group."""
    if os.getgid() != ME:
        monkeypatch.setattr(os, "fchown", lambda *_: None)


def test_a_fresh_directory_and_an_old_one_end_the_same(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "pool.json").write_text("{}")
    (tmp_path / "agent-token").write_text("secret")
    (tmp_path / "agent-token").chmod(0o200)
    layout.prepare(tmp_path, ME)
    wanted = {
        "bots": "0o771",
        "checks": "0o771",
        "logs": "0o770",
        "archive": "0o700",
        "mapped": "0o755",
        "pool.json": "0o640",
        "agent-token": "0o400",
    }
    assert modes(tmp_path) == wanted
    assert oct(stat.S_IMODE(tmp_path.stat().st_mode)) == "0o771"
    (tmp_path / "slots.json").write_text("{}")
    (tmp_path / "logs").chmod(0o000)
    layout.prepare(tmp_path, ME)
    assert modes(tmp_path) == wanted | {"slots.json": "0o600"}
    assert (tmp_path / "agent-token").read_text() == "secret"


def test_directories_of_bots_are_left_alone(tmp_path: Path) -> None:
    bot = tmp_path / "bots" / "bot-1"
    bot.mkdir(parents=True)
    bot.chmod(0o2770)
    layout.prepare(tmp_path, ME)
    assert stat.S_IMODE(bot.stat().st_mode) == 0o2770


@pytest.mark.parametrize("name", ["bots", "logs", "agent-token", "slots.json"])
def test_a_link_in_the_place_of_something_is_refused_and_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("")
    victim.chmod(0o604)
    pool = tmp_path / "pool"
    pool.mkdir()
    (pool / name).symlink_to(victim)
    with pytest.raises(layout.WrongLayout, match=name):
        layout.prepare(pool, ME)
    assert stat.S_IMODE(victim.stat().st_mode) == 0o604


def test_a_file_of_two_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    os.link(tmp_path / "other", tmp_path / "slots.json")
    with pytest.raises(layout.WrongLayout, match="one name"):
        layout.prepare(tmp_path, ME)
