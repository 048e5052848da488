"""Two users with their own keys, wallets, strategies and bots: each works with FreqTrade's client on his own, and
nothing of one is there for the other, whatever he asks, tries or listens to. Then one of them may only look."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.people import START_SECONDS, STEP_SECONDS, Person, change, furnish, invite, put_to_work
from tests.e2e.ruled import listening, write_eager_template
from tests.e2e.running import Flotilla
from tests.e2e.test_live import in_files, in_processes, in_text
from tests.support import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

LISTS = (
    "/bots", "/wallets", "/exchange-keys", "/strategies", "/tokens", "/sessions", "/shares", "/portfolio",
    "/portfolio/history?range=1h", "/wallets/performance", "/audit?limit=200", "/actions", "/findings",
    "/findings/accounts", "/risk", "/policies/default", "/policies/default/effective", "/freqtrade/bots",
    "/freqtrade/bots?shared=true", "/bots?everybody=true", "/auth/me", "/templates", "/pools",
)  # fmt: skip
"""All that lists something, or sums it up."""
ADMINISTRATORS = ("/users", "/nodes", "/moves", "/rollouts", "/invitations", "/policies/guardrails")
RELAYED = ("show_config", "status", "trades", "logs")


def test_two_users_work_side_by_side_and_nothing_of_one_is_there_for_the_other(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_eager_template(tmp_path / "templates")
    environment = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(tmp_path / "templates"), "FLOTILLA_ORCH_PAPER_SYMBOLS": "20"
    }  # fmt: skip
    with Flotilla(home, "serve", "--no-demo", **environment) as flotilla:
        both = (invite(flotilla, "quillen"), invite(flotilla, "wrenna"))
        with listening(both[0]) as told, listening(both[1]) as told_other:
            for person in both:
                furnish(person)
            for person in both:
                put_to_work(person)
            for person in both:
                eventually_sync(person.runs, START_SECONDS, f"both bots of {person.name} run")
            for person in both:
                work_with_freqtrades_client(person)
            try_everything(both[0], both[1], beside=NOBODY)
            try_everything(both[1], both[0])
            an_administrator_has_nobodys_keys_wallets_and_strategies(flotilla, both)
            looks_from_now_on(flotilla, both[1], both[0])
            planted = [secret for person in both for secret in person.secrets]
            assert [*in_files(home, planted), *in_processes(flotilla, planted)] == []
            eventually_sync(lambda: all(map(tells_of_trades, (told, told_other))), STEP_SECONDS, "both streams tell")
            flotilla.stop()
        assert in_text(flotilla.output, planted) == []
        for person, other, heard in ((*both, told), (*both[::-1], told_other)):
            everything = [*person.answers, *(json.dumps(one) for one in heard)]
            assert [one for one in everything if any(mark in one.lower() for mark in other.marks)] == []
            assert [one for one in everything if any(secret in one for secret in planted)] == []


def work_with_freqtrades_client(person: Person) -> None:
    """On both of his bots: looks, sells, pauses, goes on, listens."""
    imported = httpx.get(f"{person.url}/api/v1/freqtrade/bots", auth=(person.name, person.token), timeout=60)
    person.answers.append(imported.raise_for_status().text)
    assert [bot["name"] for bot in imported.json()["items"]] == [f"{person.name}-dry", f"{person.name}-live"]
    dry, live = (person.client(bot_id) for bot_id in person.bots)
    assert [one.show_config()["dry_run"] for one in (dry, live)] == [True, False]
    for client in (dry, live):
        trade = eventually_sync(client.status, STEP_SECONDS, "it is in a trade")[0]
        assert (trade["pair"], trade["strategy"]) == ("BTC/USDT", f"Eager{person.name.title()}")
    eventually_sync(lambda: "result" in dry.forceexit(1, "market"), STEP_SECONDS, "it can be sold")
    eventually_sync(lambda: dry.trades()["trades_count"] == 1, STEP_SECONDS, "it is sold")
    assert live.stopbuy()["status"].startswith("paused")
    eventually_sync(lambda: live.show_config()["state"] == "paused", STEP_SECONDS, "it pauses")
    assert live.start()["status"] == "starting trader ..."
    eventually_sync(lambda: live.show_config()["state"] == "running", STEP_SECONDS, "it goes on")
    person.answers.extend(json.dumps([one.profit(), one.balance(), one.logs(50)]) for one in (dry, live))
    with connect(address_of_messages(person, person.things["dry"], pass_of(person))) as websocket:
        websocket.send(json.dumps({"type": "subscribe", "data": ["whitelist", "new_candle", "entry_fill"]}))
        websocket.send(json.dumps({"type": "whitelist", "data": None}))
        assert json.loads(websocket.recv(STEP_SECONDS)) == {"type": "whitelist", "data": ["BTC/USDT"]}


def pass_of(person: Person) -> str:
    """What FreqUI's login form gets at his dry bot."""
    url = f"{person.url}/api/v1/bots/{person.things['dry']}/freqtrade/api/v1/token/login"
    signed_in = httpx.post(url, auth=(person.name, person.token), json={}, timeout=60).raise_for_status()
    return str(signed_in.json()["access_token"])


def address_of_messages(person: Person, bot_id: str, token: str) -> str:
    base = person.url.replace("http", "ws", 1)
    return f"{base}/api/v1/bots/{bot_id}/freqtrade/api/v1/message/ws?token={token}"


def try_everything(person: Person, other: Person, beside: dict[str, str] | None = None) -> None:
    """What is the other's is answered like what is not there (`beside`, where that is asked for, too), and is
    afterwards as it was."""
    before, theirs = holdings(other), things_of(other)
    for method, path, body in requests_about(person):
        answer = answer_about(person, method, path, body, theirs)
        assert answer[0] in (404, 422) or answer == (200, NOTHING), f"{method} {path}: {answer}"
        if beside is not None:
            assert answer == answer_about(person, method, path, body, beside), f"{method} {path} tells what there is"
        person.answers.append(str(answer))
    for path in ADMINISTRATORS:
        person.ask("GET", path, expect=403)
    for bot_id in other.bots:
        client = person.client(bot_id)
        for answer in (client.status(), client.stop(), client.forceexit("all"), client.show_config()):
            assert answer["code"] == "not_found", answer
        url = f"{person.url}/api/v1/bots/{bot_id}/freqtrade/api/v1"
        login = httpx.post(f"{url}/token/login", auth=(person.name, person.token), json={}, timeout=60)
        own_pass = {"Authorization": f"Bearer {pass_of(person)}"}
        foreign = httpx.get(f"{url}/status", headers=own_pass, timeout=60)
        assert (login.status_code, foreign.status_code) == (404, 401)
        with pytest.raises(InvalidStatus), connect(address_of_messages(person, bot_id, pass_of(person))):
            pass
    assert holdings(other) == before
    look_around(person)


NOBODY = {
    "dry": "bot-2222222222222222", "live": "bot-3333333333333333", "wallet": "wallet-2222222222222222",
    "account": "wallet-3333333333333333", "key": "key-2222222222222222", "strategy": "strategy-2222222222222222",
    "token": "token-2222222222222222", "session": "session-2222222222222222", "pool": "pool-2222222222222222",
    "user": "ocarina",
}  # fmt: skip
"""What there is not."""
NOTHING: dict[str, Any] = {"items": [], "next": None}


def requests_about(person: Person) -> Iterator[tuple[str, str, Any]]:
    """Method, path, body; `<kind>` stands for the other's thing of the kind."""
    for bot in ("/bots/<dry>", "/bots/<live>"):
        yield from (("GET", f"{bot}{path}", None) for path in ("", "/events", "/history", "/logs"))
        yield from (("GET", f"{bot}/freqtrade/api/v1/{path}", None) for path in RELAYED)
        yield from (("POST", f"{bot}/{word}", None) for word in ("start", "stop", "pause", "resume", "restart"))
        for word in ("start", "stop", "pause", "reload_config"):
            yield "POST", f"{bot}/freqtrade/api/v1/{word}", None
        yield "POST", f"{bot}/freqtrade/api/v1/forceexit", {"tradeid": "all"}
        yield "POST", f"{bot}/freqtrade/api/v1/forceenter", {"pair": "BTC/USDT"}
        yield "DELETE", f"{bot}/freqtrade/api/v1/trades/1", None
        yield "PATCH", bot, {"stake_amount": "1"}
        yield "POST", f"{bot}/strategy", {"version": 1}
        yield "DELETE", bot, None
        bot_id = bot.removeprefix("/bots/")
        yield from (("GET", f"/policies{bot}{path}", None) for path in ("", "/effective", "/versions"))
        yield "PUT", f"/policies{bot}?reason=mine", {"schema_version": 1}
        for word in ("halt", "reduce", "release"):
            yield "POST", f"/risk/{word}", {"scope": "bot", "bot_id": bot_id, "reason": "mine"}
        yield "POST", "/trades/close", {"which": "all", "bot_id": bot_id}
        yield "POST", "/shares", {"what": "bot", "bot_id": bot_id, "user": "admin"}
        yield "POST", "/tokens", {"name": "taken", "scopes": ["trade"], "bot_ids": [bot_id]}
        yield "GET", f"/actions?bot={bot_id}", None
    for wallet in ("/wallets/<wallet>", "/wallets/<account>"):
        yield from (("GET", f"{wallet}{path}", None) for path in ("", "/statement", "/check", "/performance"))
        yield "PATCH", wallet, {"name": "taken"}
        yield "POST", f"{wallet}/archive", None
        for word in ("deposit", "withdraw"):
            yield "POST", f"{wallet}/{word}", {"currency": "USDT", "amount": "1"}
        for word in ("allocate", "take-back"):
            yield "POST", f"{wallet}/{word}", {"bot_id": person.things["dry"], "amount": "1"}
        taken = {"name": "taken", "strategy": {"id": person.things["strategy"]}, "wallet": wallet.split("/")[2]}
        yield "POST", "/bots", taken
        yield "POST", "/bots", {**taken, "dry_run": False, "confirm_live": "taken"}
    key = "/exchange-keys/<key>"
    yield "GET", key, None
    yield "PATCH", key, {"rotate_after_days": 30}
    yield "POST", f"{key}/check", None
    yield "POST", f"{key}/replace", {"key": "k" * 64, "secret": "s" * 64}
    yield "DELETE", key, None
    yield "POST", "/wallets", {"name": "taken", "kind": "exchange", "exchange_key_id": "<key>"}
    strategy = "/strategies/<strategy>"
    yield from (("GET", f"{strategy}{path}", None) for path in ("", "/versions", "/versions/1", "/shares", "/rollouts"))
    yield "GET", f"{strategy}/diff?before=1&after=1", None
    yield "POST", f"{strategy}/versions", {"source": "class Taken(IStrategy): ..."}
    yield "POST", f"{strategy}/versions/1/check", None
    yield "PUT", f"{strategy}/tags/taken", {"version": 1}
    yield "PUT", f"{strategy}/shares/{person.name}", {"level": "use"}
    yield "POST", f"{strategy}/roll-back", {"version": 1}
    yield "POST", f"{strategy}/rollouts", {"version": 1}
    yield "DELETE", strategy, None
    yield "POST", "/bots", {"name": "taken", "strategy": {"id": "<strategy>"}}
    yield "DELETE", "/tokens/<token>", None
    yield "DELETE", "/sessions/<session>", None
    yield "GET", "/pools/<pool>", None
    yield from (("GET", f"{path}?user=<user>", None) for path in ("/portfolio", "/portfolio/history"))


def answer_about(person: Person, method: str, path: str, body: Any, things: dict[str, str]) -> tuple[int, Any]:
    """Status and body, with the names of what was asked for put back, and without what is another each time."""
    asked = json.dumps([path, body])
    for kind, value in things.items():
        asked = asked.replace(f"<{kind}>", value)
    filled = json.loads(asked)
    answer = person.call(method, f"/api/v1{filled[0]}", json=filled[1])
    text = answer.text
    for kind, value in things.items():
        text = text.replace(value, f"<{kind}>")
    told = json.loads(text)
    return answer.status_code, {name: value for name, value in told.items() if name != "correlation_id"}


def things_of(person: Person) -> dict[str, str]:
    (session,) = [one["id"] for one in person.ask("GET", "/sessions")["items"]]
    (pool,) = [one["id"] for one in person.ask("GET", "/pools")["items"]]
    return {**person.things, "session": session, "pool": pool, "user": person.name}


def holdings(person: Person) -> list[Any]:
    """What others' attempts may not change."""
    bots = [
        (one["id"], one["name"], one["desired_state"], one["generation"])
        for one in person.ask("GET", "/bots")["items"]
    ]  # fmt: skip
    lists = [person.ask("GET", path)["items"] for path in ("/exchange-keys", "/strategies", "/tokens", "/sessions")]
    rest = [sorted((one["id"], one.get("name")) for one in items) for items in lists]
    wallets = [person.ask("GET", f"/wallets/{person.things[kind]}")["name"] for kind in ("wallet", "account")]
    trades = [len(person.client(bot_id).trades()["trades"]) for bot_id in person.bots]
    keys = [(one["id"], one["state"], one["version"]) for one in lists[0]]
    return [bots, rest, wallets, trades, keys, person.ask("GET", "/risk")["bots"] != []]


def look_around(person: Person) -> None:
    """Everything that lists or sums up; what is told is kept in `answers`."""
    for path in LISTS:
        person.ask("GET", path)
    for path in ("/bots", "/wallets", "/exchange-keys", "/strategies", "/tokens"):
        assert person.ask("GET", path)["items"], path
    assert {bot["id"] for bot in person.ask("GET", "/bots")["items"]} == set(person.bots)


def an_administrator_has_nobodys_keys_wallets_and_strategies(flotilla: Flotilla, both: tuple[Person, Person]) -> None:
    everybodys = flotilla.get("/api/v1/bots?everybody=true")["items"]
    assert {bot["id"] for bot in everybodys} == {bot_id for person in both for bot_id in person.bots}
    for path in ("/exchange-keys", "/wallets", "/strategies"):
        assert flotilla.get(f"/api/v1{path}")["items"] == []
    for person in both:
        kinds = {"key": "exchange-keys", "wallet": "wallets", "account": "wallets", "strategy": "strategies"}
        for kind, slice_ in kinds.items():
            assert flotilla.call("GET", f"/api/v1/{slice_}/{person.things[kind]}").status_code == 404


def looks_from_now_on(flotilla: Flotilla, person: Person, other: Person) -> None:
    """As a viewer: at his own, which trade on; the other one's stay what they were for him, nothing."""
    change(flotilla, person, role="viewer", reason="He goes on holiday.")
    for bot_id in person.bots:
        client = person.client(bot_id)
        assert client.show_config()["state"] == "running"
        for refused in (client.stop(), client.forceexit("all"), client.forceenter("ETH/USDT", "long")):
            assert refused["code"] == "not_allowed", refused
    person.ask("POST", "/bots", expect=403, name="another", strategy={"id": person.things["strategy"]})
    person.ask("POST", f"/exchange-keys/{person.things['key']}/check", expect=403)
    for bot_id in other.bots:
        assert person.client(bot_id).status()["code"] == "not_found"
        assert person.call("POST", f"/api/v1/bots/{bot_id}/stop").status_code in (403, 404)
    look_around(person)
    assert person.runs()
    assert other.client(other.things["live"]).stopbuy()["status"].startswith("paused")


def tells_of_trades(heard: list[tuple[str, dict[str, Any]]]) -> bool:
    return {"portfolio", "bot", "trade"} <= {event for event, _ in heard}
