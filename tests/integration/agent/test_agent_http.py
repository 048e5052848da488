"""The agent's HTTP API but for the relay: authentication, refusals, logs, commands, the event stream."""

import contextlib
import json
import os
import select
import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from pool.agent.turnstile import MOST_OF_ONE
from pool.contract import PROTOCOL_VERSION
from pool.contract.books import BookMarks, Books
from pool.contract.errors import AgentProblem
from pool.contract.events import StreamItem
from pool.contract.frames import Hello
from pool.contract.pools import PoolReport
from pool.contract.slots import Slot
from pool.ipc.framing import pack
from pool.ipc.unix_address import connect_unix
from tests.fakes.pool_rig import PoolRig, spec
from tests.support import eventually_sync

ROUTES = [
    ("GET", "/v1/pool"),
    ("GET", "/v1/slots"),
    ("GET", "/v1/slots/api-bot"),
    ("PUT", "/v1/slots/api-bot"),
    ("DELETE", "/v1/slots/api-bot?epoch=1"),
    ("POST", "/v1/slots/api-bot/restart?epoch=1"),
    ("POST", "/v1/slots/api-bot/commands"),
    ("GET", "/v1/slots/api-bot/logs"),
    ("GET", "/v1/slots/api-bot/books"),
    ("GET", "/v1/books"),
    ("GET", "/v1/events"),
    ("POST", "/v1/token"),
    ("GET", "/v1/slots/api-bot/api/ping"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}])
def test_every_route_wants_the_token(pool: PoolRig, method: str, path: str, header: dict[str, str]) -> None:
    answer = httpx.request(method, pool.url + path, headers=header, timeout=60)
    assert answer.status_code == 401
    assert AgentProblem.model_validate_json(answer.content).code == "unauthorised"


def test_health_needs_no_token_and_tells_the_protocol(pool: PoolRig) -> None:
    answer = httpx.get(pool.url + "/v1/health", timeout=60)
    assert answer.status_code == 200
    assert answer.json()["protocol"] == PROTOCOL_VERSION
    assert answer.json()["incarnation"] == pool.pool()["incarnation"]


def test_reports_are_what_the_contract_says(pool: PoolRig) -> None:
    report = PoolReport.model_validate_json(pool.call("GET", "/v1/pool").content)
    assert (report.pool_id, report.slots_total, report.paper_exchange) == ("test", 20, False)
    items = pool.call("GET", "/v1/slots").json()["items"]
    slots = {item["bot_id"]: Slot.model_validate(item) for item in items}
    assert slots["api-bot"].snapshot is not None
    bare = pool.call("GET", "/v1/slots?snapshots=false").json()["items"]
    assert {item["bot_id"]: item["snapshot"] for item in bare} == dict.fromkeys(slots)
    assert (report.slots_used, report.bots_alive) == (len(slots), sum(slot.pid is not None for slot in slots.values()))


def test_an_older_specification_under_the_same_epoch_is_refused(pool: PoolRig) -> None:
    """It was on its way for long, from a control plane that leads no more."""
    pool.put("twice-told", "stopped", generation=5)
    late = pool.call("PUT", "/v1/slots/twice-told", json=spec(generation=4))
    assert (late.status_code, late.json()["code"]) == (409, "stale_epoch")
    assert late.json()["params"]["known_generation"] == 5
    slot = pool.slot("twice-told")
    assert (slot["generation"], slot["desired"]) == (5, "stopped")
    assert pool.put("twice-told", "stopped", generation=5, expect=200)["generation"] == 5, "the same again is no matter"
    assert pool.put("twice-told", "stopped", epoch=2, generation=3)["generation"] == 3, "a higher epoch is believed"


@pytest.mark.parametrize("bot_id", ["..", "%2e%2e", "a%2Fb", "UPPER", "a" * 64, "-a", "a_b", "%00"])
def test_path_tricks_in_ids_create_nothing(pool: PoolRig, bot_id: str) -> None:
    answer = pool.call("PUT", f"/v1/slots/{bot_id}", json=spec())
    assert 400 <= answer.status_code < 500
    names = {entry.name for entry in (pool.directory / "bots").iterdir()}
    assert all(name == name.lower() and "%" not in name for name in names)
    assert not (pool.directory.parent / "slot.json").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"epoch": 0}, "epoch"),
        ({"desired": "dancing"}, "desired"),
        ({"strategy": {"class_name": "no class", "source": ""}}, "strategy.class_name"),
        ({"exchange": "paper"}, "exchange"),
    ],
)
def test_bad_specs_name_the_field(pool: PoolRig, change: dict[str, Any], field: str) -> None:
    answer = pool.call("PUT", "/v1/slots/bad", json=spec() | change)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid_spec"
    assert field in json.dumps(problem["params"])
    assert pool.call("GET", "/v1/slots/bad").status_code == 404


def test_refusals_do_not_repeat_secrets(pool: PoolRig) -> None:
    body = spec() | {"credentials": {"key": ["hush-hush"], "secret": "hush-hush"}}
    answer = pool.call("PUT", "/v1/slots/bad", json=body)
    assert answer.status_code == 422
    assert "hush-hush" not in answer.text


def test_huge_and_malformed_bodies_are_refused(pool: PoolRig) -> None:
    assert pool.call("PUT", "/v1/slots/bad", content=b"x" * (2 * 1024 * 1024)).json()["code"] == "invalid_spec"
    assert pool.call("PUT", "/v1/slots/bad", content=b"{").json()["code"] == "invalid_spec"
    assert pool.call("DELETE", "/v1/slots/api-bot").json()["code"] == "invalid_spec"


def test_full_pool_refuses_the_next(pool: PoolRig) -> None:
    for number in range(20):
        answer = pool.call("PUT", f"/v1/slots/filler-{number}", json=spec("stopped"))
        if answer.status_code != 201:
            break
    assert (answer.status_code, answer.json()["code"]) == (409, "pool_full")
    for slot in pool.call("GET", "/v1/slots").json()["items"]:
        if slot["bot_id"].startswith("filler-"):
            assert pool.call("DELETE", f"/v1/slots/{slot['bot_id']}?epoch=1").status_code == 204


def test_commands_reach_the_bot(pool: PoolRig) -> None:
    answer = pool.call("POST", "/v1/slots/api-bot/commands", json={"name": "force_exit", "trade_id": 7})
    assert answer.json() == {"ok": True, "message": "", "data": {"echo": {"trade_id": 7}}}
    missing = pool.call("POST", "/v1/slots/api-bot/commands", json={"name": "force_exit"})
    assert (missing.status_code, missing.json()["params"]["field"]) == (422, "trade_id")
    pool.put("idle", "stopped")
    idle = pool.call("POST", "/v1/slots/idle/commands", json={"name": "reload_config"})
    assert (idle.status_code, idle.json()["code"]) == (409, "bot_not_running")


def test_logs_tail_and_follow_across_rotation(pool: PoolRig) -> None:
    pool.put("logging", "stopped")
    log = pool.directory / "bots" / "logging" / "bot.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert pool.call("GET", "/v1/slots/logging/logs?tail=2").text == "line 998\nline 999\n"
    assert pool.call("GET", "/v1/slots/logging/logs?tail=x").status_code == 422
    lines: list[str] = []
    ready = threading.Event()

    def read() -> None:
        url = f"{pool.url}/v1/slots/logging/logs?tail=1&follow=true"
        with httpx.stream("GET", url, headers=pool.headers, timeout=60) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                ready.set()
                if line == "after":
                    return

    reader = threading.Thread(target=read)
    reader.start()
    assert ready.wait(60)
    with log.open("a") as stream:
        stream.write("before\n")
        stream.flush()
        log.rename(log.with_suffix(".log.1"))
        log.write_text("between\n")
        stream.write("late\n")
    eventually_sync(lambda: "between" in lines, message="the new file is read")
    with log.open("a") as stream:
        stream.write("after\n")
    reader.join(60)
    assert lines == ["line 999", "before", "late", "between", "after"]


def test_stream_greets_and_resumes_after_a_cursor(pool: PoolRig) -> None:
    items: list[Any] = []
    with httpx.stream("GET", f"{pool.url}/v1/events", headers=pool.headers, timeout=60) as stream:
        for line in stream.iter_lines():
            items.append(TypeAdapter(StreamItem).validate_json(line))
            if items[-1].kind == "snapshot":
                break
    assert items[0].kind == "heartbeat"
    assert {"event", "slot", "snapshot"} <= {item.kind for item in items}
    assert all(item.slot.snapshot is None for item in items if item.kind == "slot")
    events = [item for item in items if item.kind == "event"]
    after = pool.events(cursor=events[1].cursor)
    assert after[0]["kind"] == "event"
    assert after[0]["cursor"] == events[2].cursor
    foreign = pool.events(cursor="0123-5")
    assert foreign[0]["kind"] == "reset"
    assert foreign[1]["cursor"] == events[0].cursor or len(events) == 100


def test_reader_that_does_not_read_is_dropped(pool: PoolRig) -> None:
    """The agent neither buffers for it nor lets it hinder others."""
    noisy = [f"noisy-{number}" for number in range(4)]  # each within what one bot may say at once
    log = pool.directory / "logs" / "agent.log"
    host, port = pool.url.removeprefix("http://").split(":")
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect((host, int(port)))
        request = f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: {pool.headers['Authorization']}\r\n\r\n"
        lazy.sendall(request.encode())
        for name in noisy:
            pool.put(name, fake={"events": 150, "event_bytes": 50_000})
        for name in noisy:
            pool.until_state(name, "running")
        eventually_sync(lambda: "and is dropped" in log.read_text(), message="dropped")
        assert pool.pool()["agent_memory"]["rss_bytes"] < 110 * 1024 * 1024
    for name in noisy:
        pool.put(name, "stopped", generation=9)


@pytest.mark.parametrize("nonce", ["wrong", "from-init"])
def test_nobody_else_can_speak_for_a_bot(pool: PoolRig, nonce: str) -> None:
    """The test process knows the run id, but has another pid than the fork, whatever its nonce."""
    slot = pool.slot("api-bot")
    with connect_unix(pool.directory / "agent.sock", 60) as impostor:
        hello = Hello(
            protocol=PROTOCOL_VERSION,
            bot_id="api-bot",
            run_id=slot["run_id"],
            epoch=1,
            nonce=nonce,
            pid=slot["pid"],
            incarnation_seen=None,
        )
        impostor.sendall(pack(hello.to_json()))
        assert impostor.recv(100) == b""
    assert "is not the one forked" in (pool.directory / "logs" / "agent.log").read_text()
    assert pool.slot("api-bot")["run_id"] == slot["run_id"]


def test_connections_without_end_keep_no_sibling_out(pool: PoolRig) -> None:
    """This process may keep a few open, and those only for as long as a Hello takes; bots come in beside them."""
    with contextlib.ExitStack() as kept:
        peers = [kept.enter_context(connect_unix(pool.directory / "agent.sock", 60)) for _ in range(100)]
        eventually_sync(lambda: len(_closed(peers)) >= 100 - MOST_OF_ONE, message="all but a few are refused")
        pool.put("beside")
        pool.until_state("beside", "running")
        told = (pool.directory / "logs" / "agent.log").read_text().count(f"process {os.getpid()} has too many")
        assert 0 < told <= 10, "a flood does not fill the log"
        eventually_sync(lambda: len(_closed(peers)) == 100, message="who does not say hello is closed on")
    with connect_unix(pool.directory / "agent.sock", 60) as peer:
        assert not _closed([peer]), "there is room again"
    with connect_unix(pool.directory / "agent.sock", 60) as peer:
        peer.sendall((1_000_000).to_bytes(4, "big"))
        assert peer.recv(100) == b"", "no Hello is that long"
    pool.put("beside", "stopped", generation=2)


def _closed(peers: list[socket.socket]) -> list[socket.socket]:
    readable, _, _ = select.select(peers, [], [], 0.2)
    return readable


def test_garbage_on_the_socket_hurts_nobody(pool: PoolRig) -> None:
    for garbage in (os.urandom(200), b"\xff\xff\xff\xff", pack(b"{}"), pack(b'{"kind": "heartbeat"}')):
        with connect_unix(pool.directory / "agent.sock", 60) as peer:
            peer.sendall(garbage)
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(100) == b""
    assert pool.slot("api-bot")["observed_state"] == "running"


def test_unwritable_disk_is_told_and_nothing_is_half_made(pool: PoolRig) -> None:
    """`slots.json` cannot be replaced while a directory stands in the way of its new content."""
    obstacle = pool.directory / ".slots.json.new"
    obstacle.mkdir()
    try:
        answer = pool.call("PUT", "/v1/slots/unlucky", json=spec())
        assert (answer.status_code, answer.json()["code"]) == (500, "internal")
        assert "Is a directory" in answer.json()["message"]
        assert pool.call("GET", "/v1/slots/unlucky").status_code == 404
    finally:
        obstacle.rmdir()
    assert not (pool.directory / "bots" / "unlucky").exists()
    assert Path(pool.directory / "slots.json").exists()


def test_books_are_told_page_by_page_and_of_no_bot_that_is_not_there(pool: PoolRig) -> None:
    told = Books.model_validate_json(pool.call("GET", "/v1/slots/api-bot/books?mode=live&after=3.4").content)
    assert (told.bot_id, told.mode, told.orders, told.cursor, told.more) == ("api-bot", "live", [], "3.4", False)
    for query, field in (("after=nonsense", "after"), ("mode=paper", "mode")):
        refused = AgentProblem.model_validate_json(pool.call("GET", f"/v1/slots/api-bot/books?{query}").content)
        assert (refused.code, refused.params["field"]) == ("invalid_spec", field)
    missing = AgentProblem.model_validate_json(pool.call("GET", "/v1/slots/nobody/books").content)
    assert missing.code == "slot_not_found"


def test_marks_of_books_are_told_of_all_bots_at_once(pool: PoolRig) -> None:
    home = pool.directory / "bots" / "marked"
    home.mkdir()
    first, again = (BookMarks.model_validate_json(pool.call("GET", "/v1/books").content) for _ in range(2))
    assert first.marks["marked"] == again.marks["marked"]
    assert first.as_of < again.as_of
    (home / "tradesv3.sqlite").write_bytes(b"")
    changed = BookMarks.model_validate_json(pool.call("GET", "/v1/books").content)
    assert "marked" not in changed.marks, "it changed just now"
