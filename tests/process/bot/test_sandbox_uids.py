"""A user id of its own, given by a root process that has the few capabilities of the image's zygote and no more."""

import ctypes
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import stat
import struct
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from pool.agent.asking import Asking
from pool.agent.books import opened
from pool.agent.files import count_open_trades, write_atomically
from pool.agent.mapping import Mapping
from pool.bot import checks
from pool.bot.sandbox import landlock, uids
from pool.bot.sandbox.kernel import process_status, system_call
from pool.bot.sandbox.syscalls import number
from pool.bot.sandbox.uids import DIRECTORY_MODE, give_directory
from pool.bot.sandbox.walls import Walls
from pool.contract.checks import CheckAnswer, CheckRequest
from pool.contract.frames import Fork
from pool.contract.mapped import place
from pool.contract.slots import StrategySource
from pool.settings import PoolSettings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="takes root to become somebody else")

AGENT, BOT, FORMER = 10_000, 20_007, 20_001
CHOWN, SETGID, SETUID = 0, 6, 7
SETTINGS = PoolSettings(pool_id="p", agent_uid=AGENT, bot_uid_first=20_000)


@pytest.fixture
def pool_directory() -> Iterator[Path]:
    """As in the image: the agent's, root's group may write; where every user can get to it."""
    directory = Path(tempfile.mkdtemp(prefix="flotilla-uids-", dir="/tmp"))
    (directory / "bots").mkdir()
    for path in (directory / "bots", directory):
        os.chown(path, AGENT, 0)
        path.chmod(0o771)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def home(pool_directory: Path) -> Path:
    """As an agent leaves it after a move: its own, with what the bot made elsewhere."""
    directory = pool_directory / "bots" / "bot-1"
    (directory / "strategy").mkdir(parents=True, mode=0o700)
    (directory / "slot.json").write_text("{}")
    (directory / "strategy" / "Buyer.py").write_text("")
    (directory / "tradesv3.sqlite").write_text("trades")
    (directory / "tradesv3.sqlite").chmod(0o600)
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, AGENT, AGENT)
    directory.chmod(0o700)
    return directory


def in_child(what: Callable[[], Any], *, capabilities: tuple[int, ...] = (CHOWN, SETGID, SETUID)) -> Any:
    """What `what` answers in a forked child that has these capabilities alone."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _keep(capabilities)
            answer = {"answer": what()}
        except BaseException:
            answer = {"failure": traceback.format_exc()}
        os.write(write_end, json.dumps(answer).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        found = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert "failure" not in found, found["failure"]
    return found["answer"]


def _keep(capabilities: tuple[int, ...]) -> None:
    bits = sum(1 << capability for capability in capabilities)
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    low, high = bits & 0xFFFFFFFF, bits >> 32
    data = ctypes.create_string_buffer(struct.pack("6I", low, low, 0, high, high, 0))
    system_call("capset", number("capset"), header, data)


def owner(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def test_the_directory_becomes_the_bots_and_the_agents_to_read(home: Path) -> None:
    in_child(lambda: give_directory(home, BOT, AGENT))

    assert owner(home) == (BOT, AGENT, DIRECTORY_MODE)
    assert owner(home / "strategy") == (BOT, AGENT, DIRECTORY_MODE)
    assert owner(home / "tradesv3.sqlite") == (BOT, AGENT, 0o640)
    assert owner(home / "strategy" / "Buyer.py")[:2] == (BOT, AGENT)
    assert (home / "tradesv3.sqlite").read_text() == "trades"


def test_a_directory_of_another_bots_user_is_taken_over(home: Path) -> None:
    in_child(lambda: give_directory(home, FORMER, AGENT))
    in_child(lambda: give_directory(home, BOT, AGENT))

    assert owner(home) == (BOT, AGENT, DIRECTORY_MODE)
    assert owner(home / "tradesv3.sqlite")[:2] == (BOT, AGENT)


def test_nothing_is_done_where_it_is_the_bots_already(home: Path) -> None:
    in_child(lambda: give_directory(home, BOT, AGENT))
    late = home / "slot.json"
    os.chown(late, AGENT, AGENT)

    in_child(lambda: give_directory(home, BOT, AGENT))
    assert owner(late)[:2] == (AGENT, AGENT)


def test_links_and_second_names_lead_nowhere(home: Path, pool_directory: Path) -> None:
    secret, folder = pool_directory / "agent-token", pool_directory / "folder"
    secret.write_text("token")
    secret.chmod(0o600)
    folder.mkdir()
    (folder / "inside").write_text("")
    (home / "link").symlink_to(secret)
    (home / "folder").symlink_to(folder)
    (home / "second").hardlink_to(secret)
    before = [owner(path) for path in (secret, folder, folder / "inside")]

    in_child(lambda: give_directory(home, BOT, AGENT))
    assert [owner(path) for path in (secret, folder, folder / "inside")] == before


def test_a_link_in_place_of_the_directory_is_refused(home: Path, pool_directory: Path) -> None:
    elsewhere = pool_directory / "elsewhere"
    elsewhere.mkdir()
    link = pool_directory / "bots" / "bot-2"
    link.symlink_to(elsewhere)

    def give() -> str:
        try:
            give_directory(link, BOT, AGENT)
        except OSError as refusal:
            return type(refusal).__name__
        return "given"

    assert in_child(give) != "given"
    assert owner(elsewhere)[0] == 0


def test_endless_nesting_is_refused(home: Path) -> None:
    deep = home
    for _ in range(40):
        deep = deep / "d"
    deep.mkdir(parents=True)

    def give() -> str:
        try:
            give_directory(home, BOT, AGENT)
        except OSError as refusal:
            return str(refusal)
        return "given"

    assert "nested" in in_child(give)


def test_behind_the_walls_it_is_somebody_else_without_any_right(home: Path, pool_directory: Path) -> None:
    sibling = pool_directory / "bots" / "bot-2"
    sibling.mkdir()
    (sibling / "slot.json").write_text("{}")
    in_child(lambda: give_directory(sibling, FORMER, AGENT))

    def live() -> dict[str, Any]:
        walls = Walls(home, BOT, SETTINGS)
        walls.lower()
        try:
            os.listdir(sibling)
            seen = True
        except PermissionError:
            seen = False
        (home / "made").write_text("")
        walls.close()
        (home / "later").write_text("")
        walls.check()
        return {
            "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "capabilities": [int(process_status(f), 16) for f in ("CapInh", "CapPrm", "CapEff", "CapAmb")],
            "sibling_seen_before_landlock": seen,
            "parts": {part.name: part.in_force for part in walls.report().parts},
            "details": {part.name: part.detail for part in walls.report().parts},
        }

    found = in_child(live)
    assert found["ids"] == [[BOT] * 3, [BOT] * 3, []]
    assert found["capabilities"] == [0, 0, 0, 0]
    assert found["nice"] == min(os.getpriority(os.PRIO_PROCESS, 0) + 15, 19), "the agent goes before it"
    assert not found["sibling_seen_before_landlock"], "user ids alone keep bots apart"
    assert found["parts"]["own_uid"]
    assert found["parts"]["seccomp"]
    assert "256 threads" in found["details"]["rlimits"]
    for name in ("made", "later"):
        assert owner(home / name) == (BOT, AGENT, 0o660), "the agent's group reads what the bot makes"


def test_it_reads_what_the_agent_puts_down_for_all_and_changes_nothing(home: Path, pool_directory: Path) -> None:
    candles = place(pool_directory, "candles")
    attempts: dict[str, Callable[[], Any]] = {
        "read": candles.read_bytes,
        "write": lambda: candles.write_bytes(b"planted"),
        "append": lambda: os.open(candles, os.O_WRONLY | os.O_APPEND),
        "remove": candles.unlink,
        "replace": lambda: (home / "made").replace(candles),
        "plant": candles.with_name("planted").touch,
        "chmod": lambda: candles.chmod(0o666),
        "touch": lambda: os.utime(candles, (1, 1)),
        "remove all": lambda: candles.parent.rename(home / "stolen"),
    }

    def put() -> None:
        uids.become(AGENT)
        os.umask(0o077)
        Mapping(pool_directory, Asking(None, "p")).prepare()
        write_atomically(candles, b"candles", durable=False, mode=0o644)

    def outcome(attempt: Callable[[], Any]) -> str:
        try:
            attempt()
        except OSError as refusal:
            return type(refusal).__name__
        return "done"

    def live() -> list[dict[str, str]]:
        walls = Walls(home, BOT, SETTINGS, shared=candles.parent)
        walls.lower()
        (home / "made").write_text("planted")
        by_user = {name: outcome(attempt) for name, attempt in attempts.items()}
        walls.close()
        return [by_user, {name: outcome(attempt) for name, attempt in attempts.items()}]

    in_child(put)
    by_user, behind_walls = in_child(live)
    assert by_user == behind_walls == {name: "done" if name == "read" else "PermissionError" for name in attempts}
    assert [(file.name, file.read_bytes()) for file in candles.parent.iterdir()] == [("candles", b"candles")]


def test_a_check_gets_to_the_strategy_under_an_id_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the first to go where memory runs out, gives way to bots, and writes little."""
    request = CheckRequest(strategy=StrategySource(class_name="Mine", source="pass"))
    (home / "check.json").write_bytes(request.to_json())
    fork = Fork(
        bot_id="check-1", run_id="r", epoch=1, nonce=SecretStr("n"), directory=str(home), uid=BOT, purpose="check"
    )
    seen: dict[str, Any] = {}

    def examine(strategy: StrategySource, directory: Path) -> tuple[CheckAnswer, None]:
        seen.update(uid=os.getuid(), score=Path("/proc/self/oom_score_adj").read_text().strip())
        limits = [resource.getrlimit(which)[0] for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)]
        seen.update(nice=os.getpriority(os.PRIO_PROCESS, 0), limits=limits)
        return CheckAnswer(findings=[]), None

    monkeypatch.setattr(checks, "leave_zygote", lambda name: None)  # which would close the way to answer
    monkeypatch.setattr(checks, "_examine", examine)

    assert in_child(lambda: [checks.look_at_strategy(fork, SETTINGS), seen]) == [
        0,
        {
            "uid": BOT,
            "score": "1000",
            "nice": min(os.getpriority(os.PRIO_PROCESS, 0) + 19, 19),
            "limits": [8 * 2**20, 64],
        },
    ]
    assert owner(home / "answer.json") == (BOT, AGENT, 0o660), "the agent's group reads it"


def test_without_the_capabilities_it_says_so_and_stays_who_it_is(home: Path) -> None:
    def live() -> tuple[int, dict[str, str]]:
        walls = Walls(home, BOT, SETTINGS)
        walls.lower()
        return os.getuid(), {part.name: part.detail for part in walls.report().parts if not part.in_force}

    uid, missing = in_child(live, capabilities=(CHOWN,))
    assert uid == 0
    assert "CAP_SETUID" in missing["own_uid"]
    assert owner(home)[0] == AGENT, "the directory is not given to whom the process cannot become"


@pytest.mark.parametrize("killed", [False, True])
def test_the_agent_counts_trades_and_leaves_nothing_that_the_bot_cannot_open(home: Path, killed: bool) -> None:
    """Its SQLite would make files beside the database that are the agent's."""
    (home / "tradesv3.sqlite").unlink()
    in_child(lambda: give_directory(home, BOT, AGENT))

    def trade() -> int:
        uids.become(BOT)
        os.umask(0o007)
        database = sqlite3.connect(home / "tradesv3.sqlite")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS trades (is_open BOOLEAN)")
        database.execute("INSERT INTO trades VALUES (1)")
        database.commit()
        count = int(database.execute("SELECT count(*) FROM trades").fetchone()[0])
        if not killed:
            database.close()
        return count

    def count() -> int:
        uids.become(AGENT)
        return count_open_trades(home, "dry_run")

    assert [in_child(trade), in_child(count), in_child(trade), in_child(count)] == [1, 1, 2, 2]
    assert {owner(path)[0] for path in home.glob("tradesv3*")} == {BOT}
    assert (home / "tradesv3.sqlite-wal").exists() is killed


@pytest.mark.parametrize(
    ("found", "word"), [(0, "no Landlock"), (PermissionError(1, "Operation not permitted"), "profile"), (3, "ABI 3")]
)
def test_what_the_kernel_lacks_is_told(home: Path, found: int | OSError, word: str) -> None:
    def abi() -> int:
        if isinstance(found, OSError):
            raise found
        return found

    def live() -> dict[str, tuple[bool, str]]:
        landlock.supported_abi = abi
        walls = Walls(home, None, PoolSettings(pool_id="p"))
        walls.lower()
        walls.close()
        return {part.name: (part.in_force, part.detail) for part in walls.report().parts}

    parts = in_child(live)
    assert parts["landlock"][0] is (found == 3)
    assert parts["landlock_network"][0] is False
    assert word in parts["landlock"][1]
    assert parts["landlock_network"][1].endswith(".")
    assert parts["seccomp"][0], "the rest stands all the same"


def test_threads_that_ran_before_are_not_passed_over_in_silence(home: Path) -> None:
    def live() -> list[str]:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        walls = Walls(home, None, PoolSettings(pool_id="p"))
        walls.close()
        return [part.name for part in walls.report().parts if not part.in_force and "1 other thread" in part.detail]

    assert in_child(live) == ["landlock", "landlock_network", "seccomp"]


def test_books_of_another_user_are_read_and_nothing_is_left_beside_them(home: Path) -> None:
    """While the bot writes them, after it was killed, and without the index that it kept."""
    file = home / "tradesv3.sqlite"
    file.unlink()
    in_child(lambda: give_directory(home, BOT, AGENT))

    def write() -> bool:
        _become(BOT)
        os.umask(0o027)
        database = sqlite3.connect(file, isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE orders (id)")
        database.execute("INSERT INTO orders VALUES (7)")
        ready.set()
        ended.wait(60)
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def rows() -> Any:
        _become(AGENT)
        with opened(file, "orders") as database:
            assert database is not None
            found = database.execute("SELECT id FROM orders").fetchall()
        return [found, sorted(path.name for path in home.iterdir() if path.stat().st_uid == AGENT)]

    fork = multiprocessing.get_context("fork")
    ready, ended = fork.Event(), fork.Event()
    writer = fork.Process(target=write)
    writer.start()
    try:
        assert ready.wait(60)
        assert in_child(rows, capabilities=(SETGID, SETUID)) == [[[7]], []]
    finally:
        ended.set()
        writer.join(60)
    assert file.with_name("tradesv3.sqlite-wal").stat().st_size > 0
    assert in_child(rows, capabilities=(SETGID, SETUID)) == [[[7]], []]
    file.with_name("tradesv3.sqlite-shm").unlink()
    assert in_child(rows, capabilities=(SETGID, SETUID)) == [[[7]], []]
    assert not file.with_name("tradesv3.sqlite-shm").exists()


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
