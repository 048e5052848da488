"""The relay to a bot's own REST API."""

import os
import signal

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.fakes.pool_rig import PoolRig

API = "/v1/slots/api-bot/api"


def test_answers_come_through_unchanged_but_for_cookies(pool: PoolRig) -> None:
    answer = pool.call("GET", f"{API}/ping")
    assert (answer.status_code, answer.json()) == (200, {"status": "pong"})
    assert answer.headers["x-kept"] == "yes"
    assert "set-cookie" not in answer.headers
    missing = pool.call("GET", f"{API}/no-such-route")
    assert missing.status_code == 404


def test_a_short_answer_of_which_half_came_is_told_and_not_passed_on(pool: PoolRig) -> None:
    answer = pool.call("GET", f"{API}/cut")
    assert (answer.status_code, answer.json()["code"]) == (504, "bot_not_answering")


def test_requests_come_through_without_the_callers_credentials(pool: PoolRig) -> None:
    headers = {"Cookie": "session=mine", "X-Mine": "yes", "Content-Type": "application/json"}
    answer = pool.call("POST", f"{API}/echo?pair=BTC%2FUSDT&limit=2", headers=headers, content=b'{"a": 1}')
    heard = answer.json()
    assert (heard["method"], heard["body"]) == ("POST", '{"a": 1}')
    assert heard["query"] == {"pair": "BTC/USDT", "limit": "2"}
    assert heard["headers"]["x-mine"] == "yes"
    assert "cookie" not in heard["headers"]


def test_what_acts_is_sent_once_although_no_answer_comes(pool: PoolRig) -> None:
    answer = pool.call("DELETE", f"{API}/vanish")
    assert (answer.status_code, answer.json()["code"]) == (504, "bot_not_answering")
    assert pool.call("GET", f"{API}/carried-out").json() == ["DELETE"]


@pytest.mark.parametrize(
    "path", ["token/login", "token/refresh", "TOKEN/login", "%74oken/login", "a/..%2f..%2fx", "a//b"]
)
def test_tokens_and_climbing_paths_are_refused(pool: PoolRig, path: str) -> None:
    answer = pool.call("POST", f"{API}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "relay_refused")


def test_websocket_messages_go_both_ways(pool: PoolRig) -> None:
    url = pool.url.replace("http", "ws") + f"{API}/message/ws?token=anything"
    with connect(url, additional_headers=pool.headers, open_timeout=60) as client:
        client.send("hello")
        assert client.recv(timeout=60) == "echo hello"


@pytest.mark.parametrize(("asked", "code"), [("go away", 4001), ("break off", 1013)])
def test_a_websocket_ends_as_the_bot_ended_it(pool: PoolRig, asked: str, code: int) -> None:
    url = pool.url.replace("http", "ws") + f"{API}/message/ws"
    with connect(url, additional_headers=pool.headers, open_timeout=60) as client:
        client.send(asked)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    assert (closed.value.rcvd.reason == "Gone away.") == (code == 4001)


def test_stopped_bot_has_no_api(pool: PoolRig) -> None:
    pool.put("silent", "stopped")
    answer = pool.call("GET", "/v1/slots/silent/api/ping")
    assert (answer.status_code, answer.json()["code"]) == (409, "bot_not_running")


def test_new_process_serves_anew(pool: PoolRig) -> None:
    slot = pool.slot("api-bot")
    assert pool.call("GET", f"{API}/ping").status_code == 200
    os.kill(slot["pid"], signal.SIGKILL)
    pool.until("api-bot", lambda now: now["observed_state"] == "running" and now["pid"] != slot["pid"])
    assert pool.call("GET", f"{API}/ping").status_code == 200


def test_new_agent_serves_anew(pool: PoolRig) -> None:
    incarnation = httpx.get(pool.url + "/v1/health", timeout=60).json()["incarnation"]
    assert pool.call("GET", f"{API}/ping").status_code == 200
    os.kill(pool.child("pool.agent"), signal.SIGKILL)
    pool.until("api-bot", lambda _: httpx.get(pool.url + "/v1/health", timeout=60).json()["incarnation"] != incarnation)
    pool.until("api-bot", lambda slot: slot["last_report_at"] is not None)
    assert pool.call("GET", f"{API}/ping").status_code == 200
