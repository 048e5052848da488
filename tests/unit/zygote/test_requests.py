"""The zygote may be root: whom a bot becomes and what is given to it is checked there once more."""

import socket
from pathlib import Path
from unittest.mock import Mock

import pytest

from pool.contract.frames import Fork
from pool.settings import PoolSettings
from pool.zygote.forking import ForkError, Grounds, check_request

FIRST = 20_000


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    (tmp_path / "bots").mkdir()
    return tmp_path


def grounds(pool: Path, first: int | None = FIRST) -> Grounds:
    settings = PoolSettings(pool_id="p", slots_total=3, bot_uid_first=first)
    return Grounds(lambda *_: 0, pool, settings, Mock(spec=socket.socket))


def request(directory: Path, uid: int | None = FIRST) -> Fork:
    return Fork.model_validate(
        {"bot_id": "bot-1", "run_id": "run", "epoch": 1, "nonce": "n", "directory": str(directory), "uid": uid}
    )


@pytest.mark.parametrize("uid", [FIRST, FIRST + 5])
def test_ids_of_the_pool_are_taken(pool: Path, uid: int) -> None:
    check_request(request(pool / "bots" / "bot-1", uid), grounds(pool))


@pytest.mark.parametrize("uid", [None, 0, 10_000, FIRST - 1, FIRST + 6])
def test_other_ids_are_refused_and_so_is_none(pool: Path, uid: int | None) -> None:
    with pytest.raises(ForkError, match="user id"):
        check_request(request(pool / "bots" / "bot-1", uid), grounds(pool))


def test_a_pool_without_ids_takes_none(pool: Path) -> None:
    check_request(request(pool / "bots" / "bot-1", None), grounds(pool, None))
    with pytest.raises(ForkError, match="user id"):
        check_request(request(pool / "bots" / "bot-1", FIRST), grounds(pool, None))


@pytest.mark.parametrize("where", ["", "bots", "bots/bot-2", "archive/bot-1", "bots/../bot-1"])
def test_only_the_bots_own_directory_is_given_away(pool: Path, where: str) -> None:
    (pool / "archive").mkdir()
    with pytest.raises(ForkError, match="directory"):
        check_request(request(pool / where), grounds(pool))


def test_a_pool_behind_a_link_is_the_same_pool(pool: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "pool"
    link.symlink_to(pool)
    check_request(request(link / "bots" / "bot-1"), grounds(pool))
