"""Policies, orders, leases, flag files, reservations and prices: a real agent, with fake bots."""

import contextlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import TypeAdapter

from pool.bot.universal.standing import boot_clock
from pool.contract.events import ReserveItem, StreamItem
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Flag
from tests.fakes.pool_rig import PoolRig, running
from tests.support import eventually_sync

_ITEM: TypeAdapter[StreamItem] = TypeAdapter(StreamItem)


class Prices:
    """A `bookTicker` of one symbol, and what was asked of it."""

    def __init__(self) -> None:
        self.bid = "100"
        self.status = 200
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        prices = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                prices.asked.append((parts.path, parse_qs(parts.query)))
                quotes = [{"symbol": name, "bidPrice": prices.bid, "askPrice": prices.bid} for name in ("AB", "CD")]
                self.send_response(prices.status)
                self.end_headers()
                self.wfile.write(json.dumps(quotes).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture(scope="module")
def prices() -> Iterator[Prices]:
    prices = Prices()
    threading.Thread(target=prices.server.serve_forever, daemon=True).start()
    yield prices
    prices.server.shutdown()
    prices.server.server_close()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, prices: Prices) -> Iterator[PoolRig]:
    with running(tmp_path_factory.mktemp("risk") / "pool", slots_total=20, paper_exchange_url=prices.url) as rig:
        yield rig


def policy(label: str = "1.0.0", **document: Any) -> dict[str, Any]:
    of = PolicyInForce(label=label, fingerprint=f"print-{label}", document=PolicyDocument.model_validate(document))
    return dict(of.model_dump(mode="json"))


def order(bot_id: str, number: int, mode: str = "active", lease: float = 60.0, **more: Any) -> dict[str, Any]:
    return {"bot_id": bot_id, "epoch": 1, "number": number, "mode": mode, "lease_seconds": lease} | more


def start(rig: PoolRig, bot_id: str, **more: Any) -> None:
    rig.put(bot_id, governed=True, **more)
    rig.until_state(bot_id, "running", 60)


def until_mode(rig: PoolRig, bot_id: str, mode: str) -> None:
    rig.until(bot_id, lambda slot: slot["mode"] == mode, 60, f"{bot_id} {mode}")


def restart_agent(rig: PoolRig) -> None:
    incarnation = rig.pool()["incarnation"]
    os.kill(rig.child("pool.agent"), signal.SIGKILL)

    def is_new() -> bool:
        with contextlib.suppress(OSError, ValueError, KeyError, httpx.HTTPError):
            return bool(rig.pool()["incarnation"] != incarnation)
        return False

    eventually_sync(is_new, message="a new agent")


def flag_of(rig: PoolRig, bot_id: str) -> Path:
    return rig.directory / "bots" / bot_id / "HALT"


def test_a_policy_is_on_disk_and_with_the_bot_without_a_new_process(rig: PoolRig) -> None:
    start(rig, "ruled", policy=policy("1.0.0"))
    before = rig.until("ruled", lambda slot: slot["policy"] == "print-1.0.0", 60)
    answer = rig.call("PUT", "/v1/slots/ruled/policy?epoch=1", json=policy("2.0.0"))
    assert answer.status_code == 204
    file = rig.directory / "bots" / "ruled" / "policy.json"
    assert json.loads(file.read_text())["label"] == "2.0.0", "it is answered once that is so"
    after = rig.until("ruled", lambda slot: slot["policy"] == "print-2.0.0", 60)
    assert (after["run_id"], after["generation"]) == (before["run_id"], before["generation"])
    rig.put("ruled", governed=True, generation=2)
    rig.until("ruled", lambda slot: slot["observed_generation"] == 2, 60)
    assert rig.slot("ruled")["policy"] == "print-2.0.0", "a slot that says nothing of it leaves it"


def test_policies_outlive_agent_and_bot_and_are_written_anew_for_each_start(rig: PoolRig) -> None:
    start(rig, "lasting")
    assert rig.call("PUT", "/v1/slots/lasting/policy?epoch=1", json=policy("3.0.0")).status_code == 204
    file = rig.directory / "bots" / "lasting" / "policy.json"
    restart_agent(rig)
    rig.until("lasting", lambda slot: slot["policy"] == "print-3.0.0", 60)
    file.unlink()
    assert rig.call("POST", "/v1/slots/lasting/restart?epoch=1").status_code == 202
    eventually_sync(file.exists, message="policy.json")
    assert json.loads(file.read_text())["label"] == "3.0.0"


def test_bad_policies_are_refused_and_change_nothing(rig: PoolRig) -> None:
    start(rig, "strict", policy=policy("1.0.0"), epoch=2)
    unknown = rig.call("PUT", "/v1/slots/nobody/policy?epoch=1", json=policy())
    assert (unknown.status_code, unknown.json()["code"]) == (404, "slot_not_found")
    stale = rig.call("PUT", "/v1/slots/strict/policy?epoch=1", json=policy("9.0.0"))
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_epoch")
    newer = policy("9.0.0") | {"document": {"schema_version": 99}}
    refused = rig.call("PUT", "/v1/slots/strict/policy?epoch=2", json=newer)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_spec")
    assert "document.schema_version" in refused.text
    assert json.loads((rig.directory / "bots" / "strict" / "policy.json").read_text())["label"] == "1.0.0"


def test_a_lease_lapses_by_itself_and_a_late_one_is_none(rig: PoolRig) -> None:
    start(rig, "leased")
    until_mode(rig, "leased", "reducing")

    def is_active() -> bool:
        """Renewed each time: a lease may be over before it is seen."""
        answer = rig.order(order("leased", 1, lease=3))
        assert abs(answer["clock"] - boot_clock()) < 30
        return bool(rig.slot("leased")["mode"] == "active")

    eventually_sync(is_active, message="active under a lease")
    leased_at = boot_clock()
    until_mode(rig, "leased", "reducing")
    late = rig.order(order("leased", 1, lease=3), clock=boot_clock() - 100)
    assert next(bot["lease_left_seconds"] for bot in late["bots"] if bot["bot_id"] == "leased") == 0
    rig.order(order("leased", 1, lease=3600), clock=boot_clock() + 1000)
    mandates = rig.heard("leased", "mandate")
    assert max(frame["lease_until"] for frame in mandates) <= leased_at + 3


def test_a_change_of_mode_is_told_at_once(rig: PoolRig) -> None:
    start(rig, "prompt")
    rig.order(order("prompt", 1))
    until_mode(rig, "prompt", "active")
    cursor = rig.events()[-1]["cursor"]
    modes: list[str | None] = []
    with httpx.stream(
        "GET", f"{rig.url}/v1/events", headers=rig.headers, params={"cursor": cursor}, timeout=60
    ) as told:
        rig.order(order("prompt", 2, "reducing", 0))
        for line in told.iter_lines():
            item = json.loads(line)
            if item["kind"] == "slot" and item["slot"]["bot_id"] == "prompt":
                modes.append(item["slot"]["mode"])
                if modes[-1] == "reducing":
                    break


def test_halted_outlives_the_agent_and_the_bot_until_it_is_released(rig: PoolRig) -> None:
    start(rig, "halted")
    rig.order(order("halted", 4))
    until_mode(rig, "halted", "active")
    rig.order(order("halted", 5, "halted", 0, why="told so"))
    assert flag_of(rig, "halted").exists(), "answered once it is there"
    restart_agent(rig)
    run = rig.slot("halted")["run_id"]
    assert rig.call("POST", "/v1/slots/halted/restart?epoch=1").status_code == 202
    rig.until("halted", lambda slot: slot["run_id"] != run and slot["mode"] == "halted", 60)
    told = rig.order(order("halted", 4))
    assert flag_of(rig, "halted").exists(), "an overtaken order releases nobody"
    assert next(bot["mode"] for bot in told["bots"] if bot["bot_id"] == "halted") == "halted"
    rig.order(order("halted", 6))
    assert not flag_of(rig, "halted").exists()
    until_mode(rig, "halted", "active")


def test_a_flag_in_the_pools_directory_halts_all_of_its_bots(rig: PoolRig) -> None:
    start(rig, "of-many")
    rig.put("free", governed=False)
    rig.until_state("free", "running", 60)
    rig.order(order("of-many", 1))
    until_mode(rig, "of-many", "active")
    (rig.directory / "HALT").write_text(Flag(why="everything").model_dump_json())
    try:
        until_mode(rig, "of-many", "halted")
        until_mode(rig, "free", "halted")
        told = rig.order(order("of-many", 2))
        assert next(bot["mode"] for bot in told["bots"] if bot["bot_id"] == "of-many") == "halted", "nobody released it"
        rig.order(order("of-many", 3, released_number=3))
        until_mode(rig, "of-many", "active")
        assert rig.slot("free")["mode"] == "halted", "it was not released"
    finally:
        (rig.directory / "HALT").unlink(missing_ok=True)
        bots = [slot["bot_id"] for slot in rig.call("GET", "/v1/slots").json()["items"]]
        rig.order(*[order(bot_id, 90) | {"epoch": 9} for bot_id in bots])
        rig.order(*[order(bot_id, 91, released_number=91) | {"epoch": 9} for bot_id in bots])
    assert not flag_of(rig, "free").exists()


def test_a_request_goes_up_the_stream_and_its_answer_down(rig: PoolRig) -> None:
    with httpx.stream("GET", f"{rig.url}/v1/events", headers=rig.headers, timeout=60) as told:
        lines = told.iter_lines()
        next(lines)
        start(rig, "asking", fake={"asks": ["AB/USDT", "CD/USDT"]})
        asked: list[ReserveItem] = []
        while len(asked) < 2:
            item = _ITEM.validate_json(next(lines))
            if isinstance(item, ReserveItem) and item.bot_id == "asking":
                asked.append(item)
    assert [item.request.pair for item in asked] == ["AB/USDT", "CD/USDT"]
    first, second = (item.request.request_id for item in asked)
    yes = {"bot_id": "asking", "request_id": first, "granted": True, "valid_seconds": 10}
    no = {"bot_id": "asking", "request_id": second, "granted": False, "limit": "limits.asset_exposure"}
    lost = {"bot_id": "nobody", "request_id": "x", "granted": True}
    assert rig.call("POST", "/v1/grants", json={"grants": [lost, yes, no, yes]}).status_code == 204
    eventually_sync(lambda: len(rig.heard("asking", "grant")) >= 2, message="both answers")
    assert [frame["grant"]["granted"] for frame in rig.heard("asking", "grant")] == [True, False], "each once"


def test_without_a_listener_a_request_is_refused_at_once(rig: PoolRig) -> None:
    start(rig, "alone", fake={"asks": ["AB/USDT"]})
    (grant,) = eventually_sync(lambda: rig.heard("alone", "grant"), message="a refusal")
    assert (grant["grant"]["granted"], grant["grant"]["limit"]) == (False, "lease")


def test_a_crossed_price_wakes_its_bot_and_nobody_asks_without_watches(rig: PoolRig, prices: Prices) -> None:
    prices.bid = "100"
    watches = [
        {"trade_id": 7, "symbol": "AB", "is_short": False, "below": "90"},
        {"trade_id": 8, "symbol": "CD", "is_short": False, "below": "80"},
        {"trade_id": 9, "symbol": "AB", "is_short": True, "market": "linear", "above": "1000"},
    ]
    prices.asked.clear()
    start(rig, "watching", exchange="paper", fake={"watches": watches})
    eventually_sync(lambda: len({path for path, _ in prices.asked}) == 2, message="both markets are asked")
    assert {(path, *query.get("symbols", query.get("symbol", []))) for path, query in prices.asked} == {
        ("/api/v3/ticker/bookTicker", '["AB","CD"]'),
        ("/fapi/v1/ticker/bookTicker", "AB"),
    }
    assert not rig.heard("watching", "look")
    prices.bid = "89.5"
    (look, *_) = eventually_sync(lambda: rig.heard("watching", "look"), message="a look")
    assert look["trade_ids"] == [7]
    prices.bid, prices.status = "70", 500
    count = len(prices.asked)
    eventually_sync(lambda: len(prices.asked) > count, message="asked in vain")
    prices.status = 200
    eventually_sync(
        lambda: any(8 in look["trade_ids"] for look in rig.heard("watching", "look")), message="a later look"
    )
    rig.put("watching", "stopped", governed=True, exchange="paper", generation=2)
    rig.until_state("watching", "stopped", 60)
    eventually_sync(lambda: _is_quiet(prices), message="nobody asks any more")


def test_what_is_not_watched_is_told(rig: PoolRig) -> None:
    start(rig, "elsewhere", exchange="kraken", fake={"watches": [{"trade_id": 1, "symbol": "X", "is_short": False}]})
    (note,) = eventually_sync(lambda: rig.pool()["notes"], message="a note")
    assert "kraken" in note


def _is_quiet(prices: Prices) -> bool:
    before = len(prices.asked)
    threading.Event().wait(1.2)
    return len(prices.asked) == before


@pytest.mark.parametrize("path", ["/v1/risk", "/v1/grants"])
def test_nonsense_is_refused_by_field(rig: PoolRig, path: str) -> None:
    answer = rig.call("POST", path, json={"clock": "soon"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
    assert rig.call("POST", path, headers={"Authorization": "Bearer wrong"}, json={}).status_code == 401
