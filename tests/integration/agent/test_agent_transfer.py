"""A bot's directory on its way between two agents; what runs in it is a fake bot's process."""

import fcntl
import io
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pool.contract.transfer import DIGEST_HEADER
from tests.fakes.pool_rig import PoolRig, running, spec

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolRig]:
    with running(tmp_path_factory.mktemp("other") / "pool", slots_total=20, bot_disk_limit_bytes=2**20) as rig:
        yield rig


def fetch(rig: PoolRig, bot_id: str, epoch: int) -> httpx.Response:
    return rig.call("GET", f"/v1/slots/{bot_id}/directory?epoch={epoch}")


def send(rig: PoolRig, bot_id: str, epoch: int, body: bytes, digest: str) -> httpx.Response:
    return rig.call("PUT", f"/v1/slots/{bot_id}/directory?epoch={epoch}", content=body, headers={DIGEST_HEADER: digest})


def at_rest(rig: PoolRig, bot_id: str, epoch: int) -> Path:
    rig.put(bot_id, epoch=1)
    rig.until_state(bot_id, "running")
    rig.put(bot_id, "stopped", epoch=epoch)
    rig.until_state(bot_id, "stopped")
    return rig.directory / "bots" / bot_id


def test_a_stopped_bot_is_carried_over_and_fenced_where_it_was(pool: PoolRig, other: PoolRig) -> None:
    directory = at_rest(pool, "carried", 2)
    database = sqlite3.connect(directory / "own.sqlite")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE trades (id INTEGER PRIMARY KEY, is_open BOOLEAN)")
    database.execute("INSERT INTO trades (is_open) VALUES (1)")
    database.commit()
    journal = (directory / "own.sqlite-wal").read_bytes()
    (directory / "killed.sqlite").write_bytes((directory / "own.sqlite").read_bytes())
    database.close()
    (directory / "killed.sqlite-wal").write_bytes(journal)  # of a bot that had no time to put it in order
    (directory / "killed.sqlite-shm").write_bytes(b"memory of one machine")
    (directory / "strategy" / "deep").mkdir(parents=True, exist_ok=True)
    (directory / "strategy" / "deep" / "ü.py").write_text("x = 1\n")

    parcel = fetch(pool, "carried", 2)
    assert parcel.status_code == 200, parcel.text
    assert (directory / "epoch").read_text().strip() == "2"
    kept = send(other, "carried", 3, parcel.content, parcel.headers[DIGEST_HEADER])
    assert kept.status_code == 200, kept.text
    assert kept.json()["digest"] == parcel.headers[DIGEST_HEADER]

    arrived = other.directory / "bots" / "carried"
    names = {str(path.relative_to(arrived)) for path in arrived.rglob("*")}
    assert {"own.sqlite", "killed.sqlite-wal", "strategy/deep/ü.py", "slot.json", "epoch"} <= names
    assert not names & {"lock", "api.sock", "killed.sqlite-shm"}
    assert (arrived / "epoch").read_text().strip() == "3"
    assert (arrived.stat().st_mode & 0o777, (arrived / "own.sqlite").stat().st_mode & 0o777) == (0o700, 0o600)
    for name in ("own.sqlite", "killed.sqlite"):
        with sqlite3.connect(arrived / name) as reader:
            assert reader.execute("SELECT count(*) FROM trades WHERE is_open").fetchone() == (1,)
        reader.close()

    late = pool.call("PUT", "/v1/slots/carried", json=spec(epoch=1))
    assert (late.status_code, late.json()["code"]) == (409, "stale_epoch"), "the source starts it no more"
    other.put("carried", epoch=3)
    other.until_state("carried", "running")
    assert send(other, "carried", 3, parcel.content, parcel.headers[DIGEST_HEADER]).json()["code"] == "in_use"


def test_only_a_bot_at_rest_under_that_epoch_is_sent(pool: PoolRig) -> None:
    pool.put("restless", epoch=4)
    pool.until_state("restless", "running")
    for epoch, code in ((4, "in_use"), (5, "in_use"), (3, "stale_epoch")):
        assert fetch(pool, "restless", epoch).json()["code"] == code
    assert fetch(pool, "nobody", 1).json()["code"] == "slot_not_found"
    pool.put("restless", "stopped", epoch=5)
    pool.until_state("restless", "stopped")
    assert fetch(pool, "restless", 4).json()["code"] == "stale_epoch"
    with (pool.directory / "bots" / "restless" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert fetch(pool, "restless", 5).json()["code"] == "in_use", "some process holds it after all"
    assert fetch(pool, "restless", 5).status_code == 200


def test_the_same_parcel_may_come_twice_and_an_older_one_is_refused(pool: PoolRig, other: PoolRig) -> None:
    at_rest(pool, "twice", 7)
    parcel = fetch(pool, "twice", 7)
    for _ in range(2):
        assert send(other, "twice", 8, parcel.content, parcel.headers[DIGEST_HEADER]).status_code == 200
    late = send(other, "twice", 6, parcel.content, parcel.headers[DIGEST_HEADER])
    assert (late.status_code, late.json()["code"]) == (409, "stale_epoch")
    assert (other.directory / "bots" / "twice" / "epoch").read_text().strip() == "8"
    assert list((other.directory / "staging").iterdir()) == []
    archived = [path.name for path in (other.directory / "archive").glob("twice-*")]
    assert len(archived) == 1, "what was in the way is kept"


def test_a_directory_that_never_got_a_slot_is_archived_with_its_bot(pool: PoolRig, other: PoolRig) -> None:
    at_rest(pool, "unwanted", 2)
    parcel = fetch(pool, "unwanted", 2)
    assert send(other, "unwanted", 3, parcel.content, parcel.headers[DIGEST_HEADER]).status_code == 200
    assert other.call("DELETE", "/v1/slots/unwanted?epoch=2").json()["code"] == "stale_epoch"
    for _ in range(2):
        assert other.call("DELETE", "/v1/slots/unwanted?epoch=3").status_code == 204
    assert not (other.directory / "bots" / "unwanted").exists()
    assert len(list((other.directory / "archive").glob("unwanted-*"))) == 1
    late = send(other, "unwanted", 3, parcel.content, parcel.headers[DIGEST_HEADER])
    assert late.json()["code"] == "stale_epoch", "what is gone stays gone"


def test_links_are_left_behind(pool: PoolRig, other: PoolRig, tmp_path: Path) -> None:
    directory = at_rest(pool, "sly", 2)
    secret = tmp_path / "secret"
    secret.write_text("nobody's business")
    (directory / "link").symlink_to(secret)
    (directory / "folder").symlink_to(tmp_path)
    os.link(secret, directory / "hard")
    os.mkfifo(directory / "pipe")
    parcel = fetch(pool, "sly", 2)
    assert parcel.status_code == 200
    assert b"nobody's business" not in parcel.content
    assert send(other, "sly", 3, parcel.content, parcel.headers[DIGEST_HEADER]).status_code == 200
    arrived = {path.name for path in (other.directory / "bots" / "sly").iterdir()}
    assert not arrived & {"link", "folder", "hard", "pipe"}


def _tar(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


@pytest.mark.parametrize(
    "body",
    [
        _tar((_entry("../outside"), b"x")),
        _tar((_entry("/etc/outside"), b"x")),
        _tar((_entry("a/../../outside"), b"x")),
        _tar((_entry("link", tarfile.SYMTYPE, "/etc"), b""), (_entry("link/outside"), b"x")),
        _tar((_entry("hard", tarfile.LNKTYPE, "/etc/passwd"), b"")),
        _tar((_entry("device", tarfile.CHRTYPE), b"")),
        _tar((_entry("epoch"), b"99")),
        _tar((_entry("lock"), b"")),
        _tar((_entry("a"), b"1"), (_entry("a"), b"2")),
        _tar((_entry("large"), b"0" * (66 * 2**20))),
        b"this is no tar stream at all" * 100,
    ],
    ids=["up", "absolute", "dots", "symlink", "hardlink", "device", "epoch", "lock", "twice", "large", "nonsense"],
)
def test_what_no_agent_sends_is_refused_and_leaves_nothing(other: PoolRig, body: bytes) -> None:
    answer = send(other, "bad", 1, body, EMPTY)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec"), answer.text
    assert not (other.directory / "bots" / "bad").exists()
    assert list((other.directory / "staging").iterdir()) == []
    assert not (other.directory.parent / "outside").exists()


def test_what_arrives_cut_off_or_changed_is_refused(pool: PoolRig, other: PoolRig) -> None:
    directory = at_rest(pool, "torn", 2)
    (directory / "notes").write_bytes(os.urandom(300_000))
    parcel = fetch(pool, "torn", 2)
    digest = parcel.headers[DIGEST_HEADER]
    cut = parcel.content[:150_000]
    changed = parcel.content.replace(b"fake", b"fame", 1)
    assert changed != parcel.content
    for body in (cut, changed, b""):
        assert send(other, "torn", 3, body, digest).status_code == 422
    assert not (other.directory / "bots" / "torn").exists()


def test_a_directory_beyond_its_limit_is_not_sent(other: PoolRig) -> None:
    directory = at_rest(other, "fat", 2)
    with (directory / "fat").open("wb") as file:
        file.truncate(70 * 2**20)
    answer = fetch(other, "fat", 2)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
    assert "more than" in answer.json()["message"]
