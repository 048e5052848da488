"""What each version of Landlock is asked to refuse, and what the rules allow."""

import os
import stat
from pathlib import Path

import pytest

import pool
from pool.bot.sandbox import reach
from pool.bot.sandbox.landlock import NEWEST_ABI, Fs, Handled, Net, Scope, Use, allowed
from pool.settings import PoolSettings


def settings(**changes: object) -> PoolSettings:
    return PoolSettings.model_validate({"pool_id": "p"} | changes)


def test_every_right_that_a_version_knows_is_handled() -> None:
    assert Handled.by(1).fs == Fs.MAKE_SYM * 2 - 1
    assert [bool(Handled.by(abi).fs & Fs.REFER) for abi in (1, 2)] == [False, True]
    assert [bool(Handled.by(abi).fs & Fs.TRUNCATE) for abi in (2, 3)] == [False, True]
    assert [bool(Handled.by(abi).fs & Fs.IOCTL_DEV) for abi in (4, 5)] == [False, True]
    assert [Handled.by(abi).net for abi in (3, 4)] == [0, Net.BIND_TCP | Net.CONNECT_TCP]
    assert [Handled.by(abi).scoped for abi in (5, 6)] == [0, Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL]
    assert Handled.by(NEWEST_ABI).fs == Fs.IOCTL_DEV * 2 - 1
    assert len(Handled.by(NEWEST_ABI).packed()) == 24


@pytest.mark.parametrize("abi", range(1, NEWEST_ABI + 1))
@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize("directory", [True, False])
def test_rules_ask_only_for_what_the_kernel_takes(abi: int, use: Use, directory: bool) -> None:
    """It refuses rights that are not handled, and rights of directories on a file."""
    rights = allowed(use, Handled.by(abi), directory=directory)
    assert rights & ~Handled.by(abi).fs == 0
    if not directory:
        assert rights & (Fs.READ_DIR | Fs.MAKE_REG | Fs.REMOVE_FILE | Fs.REFER) == 0


def test_nothing_may_be_executed_anywhere() -> None:
    assert not any(use.value & Fs.EXECUTE for use in Use)


def test_the_own_directory_takes_files_and_nothing_that_others_trip_over() -> None:
    made = Fs.MAKE_CHAR | Fs.MAKE_BLOCK | Fs.MAKE_SYM | Fs.MAKE_FIFO | Fs.MAKE_SOCK
    assert Use.OWN.value & made == 0
    assert Use.OWN.value & Fs.MAKE_REG


def test_of_the_pool_only_the_bots_own_directory_is_within_reach(tmp_path: Path) -> None:
    own = tmp_path / "bots" / "bot-1"
    found = dict(reach.paths(own))
    assert found[own] is Use.OWN
    assert [path for path, use in found.items() if use is not Use.READ and path != own] == [Path("/dev/null")]
    for secret in (tmp_path / "agent-token", tmp_path / "bots" / "bot-2", Path("/etc/shadow"), Path.home() / ".ssh"):
        assert not any(secret.is_relative_to(path) for path in found)


def test_candles_for_all_bots_of_a_pool_may_be_read_and_no_more(tmp_path: Path) -> None:
    own, shared = tmp_path / "bots" / "bot-1", tmp_path / "mapped"
    found, without = dict(reach.paths(own, shared)), dict(reach.paths(own))
    assert found.pop(shared) is Use.READ
    assert found == without
    writes = Fs.WRITE_FILE | Fs.TRUNCATE | Fs.MAKE_REG | Fs.REMOVE_FILE | Fs.REMOVE_DIR | Fs.REFER | Fs.EXECUTE
    assert Use.READ.value & writes == 0


def test_the_code_that_a_bot_runs_is_within_reach(tmp_path: Path) -> None:
    found = list(dict(reach.paths(tmp_path)))
    for needed in (pool.__file__, os.__file__, pytest.__file__):
        assert any(Path(needed).is_relative_to(path) for path in found), needed
    assert not any(Path(pool.__file__).parents[1] == path for path in found), "a checkout holds more than the code"


def test_only_the_own_process_is_within_reach(tmp_path: Path) -> None:
    processes = [path for path in dict(reach.paths(tmp_path)) if path.parent == Path("/proc") and path.name.isdigit()]
    assert processes == [Path("/proc", str(os.getpid()))]
    assert not any(path in (Path("/proc"), Path("/")) for path in dict(reach.paths(tmp_path)))


def test_devices_within_reach_hold_nothing(tmp_path: Path) -> None:
    devices = [path for path in dict(reach.paths(tmp_path)) if path.is_relative_to("/dev")]
    assert {path.name for path in devices} == {"null", "random", "urandom"}
    assert all(stat.S_ISCHR(path.stat().st_mode) for path in devices)


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        (None, [53, 443]),
        ("http://127.0.0.1:9000", [53, 443, 9000]),
        ("http://paper", [53, 80, 443]),
        ("https://paper", [53, 443]),
    ],
)
def test_ports_are_those_of_exchanges(url: str | None, ports: list[int]) -> None:
    assert reach.connect_ports(settings(paper_exchange_url=url)) == ports
    assert reach.connect_ports(settings(paper_exchange_url=url, connect_ports=[8443])) == sorted({*ports, 8443})
    assert reach.connect_ports(settings(gateway_url=url)) == ports
    assert reach.connect_ports(settings(paper_exchange_url="http://p:81", gateway_url=url)) == sorted({*ports, 81})
