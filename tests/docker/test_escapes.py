"""Whatever a strategy does in a real container, it stays where it is, and its siblings trade on.

One pool for all; every attack comes from a bot of its own.
"""

import json
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.docker.hostile.expected import FILES, HONEST, NETWORK, OTHERWISE, PROCESSES, PROGRAMS, REFUSED
from tests.docker.hostile.site import AGENT_PORT, MIB, SIBLINGS, Door, Site, hostile_site
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(1200)

_ABSTRACT = "flotilla-test"


@pytest.fixture(scope="module")
def site(docker_client: Any, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with hostile_site(docker_client, docker_host, tmp_path_factory.mktemp("hostile")) as site:
        yield site


@contextmanager
def siblings_trade_on(site: Site) -> Iterator[None]:
    """Both are the same processes afterwards as before, and go on: heartbeats and snapshots of later."""
    runs = {bot_id: site.slot(bot_id)["run_id"] for bot_id in SIBLINGS}
    started = site.state()["StartedAt"]
    yield
    after = datetime.now(UTC)
    for bot_id in SIBLINGS:
        slot = site.until(bot_id, lambda slot: _at(slot["last_report_at"]) > after and _snapshot_at(slot) > after)
        assert (slot["observed_state"], slot["run_id"]) == ("running", runs[bot_id])
    state = site.state()
    assert (state["Running"], state["OOMKilled"], state["StartedAt"]) == (True, False, started)
    assert site.pool()["zygote"]["state"] == "ready"


def _at(told: str | None) -> datetime:
    return datetime.fromisoformat(told) if told else datetime.min.replace(tzinfo=UTC)


def _first_uid(site: Site) -> int:
    """Of the pool's bots."""
    return int(json.loads(site.read("pool.json") or b"")["bot_uid_first"])


def _snapshot_at(slot: dict[str, Any]) -> datetime:
    return _at(slot["snapshot"]["as_of"] if slot["snapshot"] else None)


@pytest.fixture(scope="module")
def doors(site: Site) -> Iterator[dict[str, Door]]:
    """What the control plane would listen on, were it on the same machine and open to it."""
    doors = {name: Door(site.gateway()) for name in ("database", "redis")}
    yield doors
    for door in doors.values():
        door.close()


@pytest.fixture(scope="module")
def outcomes(site: Site, doors: dict[str, Door]) -> Iterator[dict[str, str]]:
    """What came of each attempt of `hostile/prober.py`."""
    sibling = site.slot(SIBLINGS[0])
    abstract = f"import socket, time; s = socket.socket(socket.AF_UNIX); s.bind(chr(0) + {_ABSTRACT!r}); s.listen(); "
    site.python(abstract + "time.sleep(3600)", wait=False)
    hello = {
        "kind": "hello",
        "protocol": 1,
        "bot_id": SIBLINGS[0],
        "run_id": sibling["run_id"],
        "epoch": sibling["epoch"],
        "nonce": secrets.token_hex(16),
        "incarnation_seen": None,
    }
    targets = {
        "pids": site.pids(),
        "sibling": {"directory": f"/pool/bots/{SIBLINGS[0]}", "uid": _first_uid(site)},
        "code": "/opt/flotilla/pool/bot/main.py",
        "own_agent": [site.address, AGENT_PORT],
        "other_pool": [site.other_address, AGENT_PORT],
        "listeners": {name: door.getsockname() for name, door in doors.items()},
        "abstract": "\0" + _ABSTRACT,
        "exchange": "http://paper-exchange:9000",
        "hellos": {"sibling": hello, "unknown_run": hello | {"run_id": "unknown"}, "nobody": {"kind": "ack"}},
    }
    with siblings_trade_on(site):
        site.put_hostile("prober", "prober", targets)
        told = eventually_sync(lambda: site.read("bots/prober/outcomes.json"), message="the attempts")
        site.until("prober", lambda slot: slot["observed_state"] == "running")
    found: dict[str, str] = json.loads(told)
    yield found
    site.remove("prober")


@pytest.mark.parametrize("attempt", [*FILES, *PROCESSES, *PROGRAMS, *NETWORK])
def test_it_is_refused(outcomes: dict[str, str], attempt: str) -> None:
    assert outcomes[attempt] in REFUSED


@pytest.mark.parametrize(("attempt", "right"), OTHERWISE.items(), ids=list(OTHERWISE))
def test_it_comes_to_nothing(outcomes: dict[str, str], attempt: str, right: set[str]) -> None:
    assert outcomes[attempt] in right


@pytest.mark.parametrize("attempt", HONEST)
def test_what_an_honest_strategy_does_goes_on_working(outcomes: dict[str, str], attempt: str) -> None:
    assert outcomes[attempt] == "done"


def test_every_attempt_has_its_test(outcomes: dict[str, str]) -> None:
    assert outcomes.keys() == {*FILES, *PROCESSES, *PROGRAMS, *NETWORK, *OTHERWISE, *HONEST}


def test_nobody_came_to_the_doors_of_the_control_plane(doors: dict[str, Door], outcomes: dict[str, str]) -> None:
    assert not [name for name, door in doors.items() if door.was_entered()]


def test_every_wall_is_in_force(site: Site) -> None:
    parts = site.pool()["isolation"]["parts"]
    names = {"own_uid", "no_new_privs", "rlimits", "memory_limit", "landlock", "landlock_network", "seccomp"}
    assert {part["name"]: part["in_force"] for part in parts} == dict.fromkeys(names, True)


def test_the_agent_says_who_was_refused(site: Site, outcomes: dict[str, str]) -> None:
    told = (site.read("logs/agent.log") or b"").decode()
    assert f"is not the one forked as run {site.slot(SIBLINGS[0])['run_id']}" in told


# ---- where a kernel has no Landlock: user ids and networks alone


def test_its_user_id_alone_keeps_it_from_others(site: Site, outcomes: dict[str, str]) -> None:
    uid = _first_uid(site) + 7
    found = site.python(_WITHOUT_WALLS % {"sibling": site.slot(SIBLINGS[0])["pid"]}, user=f"{uid}:{uid}")
    assert found == dict.fromkeys(found, "PermissionError")


def test_networks_alone_keep_it_from_other_tenants_and_a_token_from_the_agent(site: Site) -> None:
    other = f"import socket; socket.create_connection(({site.other_address!r}, {AGENT_PORT}), 3)"
    told = site.python(
        f"import json\ntry:\n    {other}\n    print(json.dumps('reached'))\n"
        "except OSError as refusal:\n    print(json.dumps(type(refusal).__name__))",
        user="20007:20007",
    )
    # A refusal would come from over there.
    assert told in ("TimeoutError", "OSError")
    guess = {"Authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    assert site.agent.get("/v1/slots", headers=guess).status_code == 401


# ---- using up what others need

Ended = dict[str, Any]


@contextmanager
def bomb(site: Site, kind: str) -> Iterator[str]:
    """A bot that goes off once it trades; its id. It is gone afterwards."""
    bot_id = f"bomb-{kind.replace('_', '-')}"
    with siblings_trade_on(site):
        site.put_hostile(bot_id, "bomb", {"bomb": kind})
        try:
            yield bot_id
        finally:
            site.remove(bot_id)


def stopped_by(site: Site, bot_id: str) -> str:
    """What the bomb met."""
    told = eventually_sync(lambda: site.read(f"bots/{bot_id}/outcomes.json"), message="the bomb")
    return str(json.loads(told)["bomb"])


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("heap", "MemoryError"),
        ("anonymous_memory", "ENOMEM"),
        ("threads", "RuntimeError"),
        ("one_file", "EFBIG"),
        ("descriptors", "EMFILE"),
        ("socket_buffers", "EMFILE"),
        ("connections_to_agent", "EMFILE"),
    ],
)
def test_a_limit_stops_it(site: Site, kind: str, right: str) -> None:
    with bomb(site, kind) as bot_id:
        assert stopped_by(site, bot_id) == right


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("memory_of_zygote", "MemoryExceeded"),
        ("many_files", "DiskExceeded"),
        ("removed_files", "DiskExceeded"),
        ("mapped_files", "DiskExceeded"),
        ("files_in_messages", "DiskExceeded"),
        ("many_names", "DiskExceeded"),
        ("deep_directories", "DiskExceeded"),
        ("locked_directory", "DiskExceeded"),
    ],
)
def test_the_agent_ends_it(site: Site, kind: str, condition: str) -> None:
    with bomb(site, kind) as bot_id:
        slot = site.until(bot_id, lambda slot: slot["last_exit"])
        assert slot["last_exit"]["signal"] == 9
        assert condition in {held["type"] for held in slot["conditions"]}


@pytest.mark.parametrize("kind", ["processor", "events"])
def test_siblings_get_their_share_beside_it(site: Site, kind: str) -> None:
    with bomb(site, kind) as bot_id:
        eventually_sync(lambda: site.read(f"bots/{bot_id}/begun") is not None, message="the bomb")
        if kind == "processor":
            site.until(bot_id, lambda slot: float(slot["cpu_percent"] or 0) > 20)
        with siblings_trade_on(site):
            began = datetime.now(UTC)
            site.until(SIBLINGS[0], lambda slot: (_snapshot_at(slot) - began).total_seconds() > 3)


@pytest.mark.parametrize("kind", ["long_line", "many_lines"])
def test_its_log_can_be_read_all_the_same(site: Site, kind: str) -> None:
    with bomb(site, kind) as bot_id:
        assert stopped_by(site, bot_id) == "ENODATA"
        answer = site.agent.get(f"/v1/slots/{bot_id}/logs", params={"tail": 50}, timeout=60)
        assert answer.status_code == 200
        assert 0 < len(answer.content) < 5 * MIB


# ---- what no bot can plant, had one planted it


@pytest.mark.parametrize("kind", ["link", "second_name", "pipe", "directory"])
def test_the_agent_trips_over_nothing_in_its_directory(site: Site, kind: str) -> None:
    bot_id = f"planted-{kind.replace('_', '-')}"
    with siblings_trade_on(site):
        site.put_honest(bot_id)
        site.until(bot_id, lambda slot: slot["observed_state"] == "running")
        site.put_honest(bot_id, generation=2, desired="stopped")
        site.until(bot_id, lambda slot: slot["observed_state"] == "stopped")
        uid = _first_uid(site)
        site.plant([_planted(f"bots/{bot_id}/{name}", kind, uid) for name in _PLANTED])
        answers = [
            site.agent.get(f"/v1/slots/{bot_id}/logs", params={"tail": 50}, timeout=60),
            site.agent.get(f"/v1/slots/{bot_id}/directory", params={"epoch": 1}, timeout=60),
        ]
        assert not any(site.token.encode() in answer.content for answer in answers)
        site.put_honest(bot_id, generation=3, open_trades="flatten", desired="stopped")
        site.put_honest(bot_id, generation=4)
        assert site.agent.post(f"/v1/slots/{bot_id}/restart", params={"epoch": 1}, timeout=60).status_code == 202
        site.remove(bot_id)
        assert (site.read("agent-token") or b"").decode().strip() == site.token


_PLANTED = (
    *("bot.log", "slot.json", ".slot.json.new", "epoch", ".epoch.new", "lock", "config.json", "tradesv3.sqlite"),
    *("tradesv3.sqlite-wal", "tradesv3.sqlite-shm", "api.sock"),
)


def _planted(path: str, kind: str, uid: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.type = {
        "link": tarfile.SYMTYPE,
        "second_name": tarfile.LNKTYPE,
        "pipe": tarfile.FIFOTYPE,
        "directory": tarfile.DIRTYPE,
    }[kind]
    entry.linkname = {"link": "/pool/agent-token", "second_name": "agent-token"}.get(kind, "")
    entry.mode, entry.uid, entry.gid = 0o666, uid, uid
    return entry


_WITHOUT_WALLS = """
import json, os, signal
from pathlib import Path
sibling = %(sibling)d
attempts = {
    "list": lambda: os.listdir("/pool/bots/sibling-one"),
    "read": lambda: Path("/pool/bots/sibling-one/config.json").read_text(),
    "environ": lambda: Path(f"/proc/{sibling}/environ").read_bytes(),
    "memory": lambda: open(f"/proc/{sibling}/mem", "rb"),
    "signal": lambda: os.kill(sibling, signal.SIGKILL),
    "init": lambda: os.kill(1, signal.SIGKILL),
    "token": lambda: Path("/pool/agent-token").read_text(),
    "slots": lambda: Path("/pool/slots.json").read_text(),
    "archive": lambda: os.listdir("/pool/archive"),
    "bots": lambda: os.listdir("/pool/bots"),
    "write": lambda: Path("/pool/written").touch(),
    "root": lambda: os.setuid(0),
    "mount": lambda: os.unshare(os.CLONE_NEWUSER),
}
found = {}
for name, attempt in attempts.items():
    try:
        attempt()
        found[name] = "done"
    except OSError as refusal:
        found[name] = type(refusal).__name__
print(json.dumps(found))
"""
