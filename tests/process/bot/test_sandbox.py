"""A hostile strategy in a real bot, beside a sibling: everything it tries is refused, and both trade on.

No bot here has a user id of its own, and where the tests run as root so do the bots: what is refused is refused by
Landlock, the system call filter and the limits alone.
"""

import ctypes
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import pool
from pool.bot.sandbox.syscalls import number
from pool.contract import exit_codes
from pool.contract.mapped import place
from pool.contract.slots import StrategySource
from tests.process.bot.conftest import MakeBench
from tests.process.bot.harness import Bench, Exchange, Init
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(180)

HOSTILE = Path(__file__).with_name("hostile_strategy.py").read_text()
LANDLOCK_ABI = ctypes.CDLL(None).syscall(444, None, 0, 1)
PROC_FILES = ("environ", "mem", "maps", "cmdline")
NEEDS_ABI = {
    "truncate_sibling_log": 3,
    "truncate_mapped": 3,
    "connect_elsewhere": 4,
    "connect_to_metadata": 4,
    "connect_abstract": 6,
}
"""Refused by Landlock alone, and since when."""
OTHERS = {
    "memory_bomb": {"MemoryError"},
    "big_file": {"OSError"},
    "core_dump": {"ValueError", "PermissionError"},
}
"""All else is met with PermissionError."""


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, exchange: Exchange, forking_init: Init
) -> Iterator[dict[str, str]]:
    """What came of each attempt."""
    root = tmp_path_factory.mktemp("pools")
    sibling = Bench(root / "sibling", forking_init, exchange.url, exchange.pairs)
    hostile = Bench(root / "hostile", forking_init, exchange.url, exchange.pairs)
    with socket.socket() as closed, socket.socket(socket.AF_UNIX) as abstract:
        closed.bind(("127.0.0.1", 0))
        closed.listen()
        abstract.bind(f"\0flotilla-test-{uuid.uuid4().hex}")
        abstract.listen()
        try:
            sibling_pid = sibling.run()
            (sibling.pool / "agent-token").write_text("a token for the agent")
            candles = place(hostile.pool, "candles")
            candles.parent.mkdir()
            candles.write_bytes(b"candles")
            targets = {
                "sibling_pid": sibling_pid,
                "agent_pid": os.getpid(),
                "init_pid": _parent_of(sibling_pid),
                "sibling_directory": str(sibling.directory),
                "pool": str(sibling.pool),
                "candles": str(candles),
                "code": pool.__file__,
                "closed_port": closed.getsockname()[1],
                "abstract": abstract.getsockname().decode(),
                "exchange": exchange.url,
                "numbers": {name: number(name) for name in ("tkill", "io_uring_setup", "bpf", "keyctl")},
            }
            (hostile.directory / "targets.json").write_text(json.dumps(targets))
            hostile.write_slot(hostile.spec(strategy=StrategySource(class_name="Hostile", source=HOSTILE)))
            hostile.fork()
            escapes = hostile.directory / "escapes.json"
            eventually_sync(escapes.exists, message=f"the attempts; {hostile.directory}")
            found: dict[str, str] = json.loads(escapes.read_text())
            hostile.agent.await_heartbeat(phase="running")
            sibling.agent.await_heartbeat(phase="running")
            assert (sibling.directory / "config.json").exists()
            assert [(file.name, file.read_bytes()) for file in candles.parent.iterdir()] == [("candles", b"candles")]
            yield found
        finally:
            hostile.close()
            sibling.close()


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _names() -> list[str]:
    """Of all attempts, read from the source: it cannot be imported without the bot's libraries."""
    return re.findall(r'^ +yield "(\w+)"', HOSTILE, re.MULTILINE) + [f"read_sibling_{file}" for file in PROC_FILES]


@pytest.mark.parametrize("name", [name for name in _names() if not name.startswith("ok_")])
def test_is_refused(outcomes: dict[str, str], name: str) -> None:
    if NEEDS_ABI.get(name, 1) > LANDLOCK_ABI:
        pytest.skip(f"this kernel's Landlock (ABI {LANDLOCK_ABI}) does not cover it")
    assert outcomes[name] in OTHERS.get(name, {"PermissionError"})


@pytest.mark.parametrize("whom", ["sibling", "agent", "init", "group", "everybody"])
def test_nobody_else_is_signalled(outcomes: dict[str, str], whom: str) -> None:
    assert outcomes[f"signal_{whom}"] == "PermissionError"


@pytest.mark.parametrize("name", [name for name in _names() if name.startswith("ok_")])
def test_goes_on_working(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[name] == "done"


def test_walls_that_are_required_and_cannot_be_had_keep_the_strategy_out(make_bench: MakeBench) -> None:
    bench = make_bench(isolation="required")
    (bench.directory / "targets.json").write_text("{}")
    bench.write_slot(bench.spec(strategy=StrategySource(class_name="Hostile", source=HOSTILE)))

    assert bench.await_exit(bench.fork()) == exit_codes.BOOT_FAILED
    (condition,) = eventually_sync(bench.agent.conditions)
    assert condition.type == "BootFailed"
    assert "own_uid" in condition.message
    assert "no user ids" in condition.message
    assert not (bench.directory / "escapes.json").exists()
    assert not (bench.directory / "config.json").exists()
