"""Users with accounts of their own at the running product, each with a key, wallets, a strategy and two bots."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from freqtrade_client import FtRestClient

from tests.e2e.ruled import EAGER
from tests.e2e.running import Flotilla, wants_proof
from tests.e2e.test_live import Control
from tests.support import eventually_sync

START_SECONDS = 900
STEP_SECONDS = 120
PASSWORD = "mauve lantern orbits quietly"


@dataclass
class Person:
    """Somebody who came by an invitation. His name is in the names of all that is his, and is no word otherwise."""

    flotilla: Flotilla
    name: str
    user_id: str
    http: httpx.Client
    """In his session."""
    answers: list[str] = field(default_factory=list)
    """All that he was told, but of what belongs to others."""
    things: dict[str, str] = field(default_factory=dict)
    """Ids of what he made: `key`, `account` and `wallet` (of the key, of paper), `strategy`, `dry`, `live`, `token`."""
    secrets: list[str] = field(default_factory=list)
    """Of his exchange account."""
    token: str = ""
    """His API token."""

    @property
    def url(self) -> str:
        return self.flotilla.url

    @property
    def bots(self) -> list[str]:
        return [self.things["dry"], self.things["live"]]

    @property
    def marks(self) -> list[str]:
        """Whatever names him or his."""
        return [self.name, self.user_id, self.token, *self.things.values(), *self.secrets]

    def call(self, method: str, path: str, **keywords: Any) -> httpx.Response:
        """What he is answered is not kept. Proves that it is he where his last proof is too old."""
        answer = self.http.request(method, path, **keywords)
        if not wants_proof(answer):
            return answer
        self.prove()
        return self.http.request(method, path, **keywords)

    def ask(self, method: str, path: str, expect: int | None = None, **body: Any) -> Any:
        """For what is his."""
        answer = self.call(method, f"/api/v1{path}", **({"json": body} if body else {}))
        self.answers.append(f"{method} {path}: {answer.headers} {answer.text}")
        assert answer.is_success if expect is None else answer.status_code == expect, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else None

    def prove(self) -> None:
        """That it is he."""
        self.http.post("/api/v1/auth/step-up", json={"password": PASSWORD}).raise_for_status()

    def client(self, bot_id: str) -> FtRestClient:
        """FreqTrade's own, as its configuration has it: address, user name, and the API token as password."""
        return FtRestClient(f"{self.url}/api/v1/bots/{bot_id}/freqtrade", self.name, self.token, timeout=60)

    def runs(self, count: int = 2) -> bool:
        return [bot["observed_state"] for bot in self.ask("GET", "/bots")["items"]] == ["running"] * count


def invite(flotilla: Flotilla, name: str) -> Person:
    """A trader who may trade live, signed in."""
    body = {"role": "trader", "note": name}
    invited = flotilla.call("POST", "/api/v1/invitations", json=body).raise_for_status().json()
    mine = {"username": name, "password": PASSWORD}
    http = httpx.Client(base_url=flotilla.url, timeout=60)
    accepted = http.post("/api/v1/invitations/accept", json={"token": invited["token"], **mine})
    user_id = accepted.raise_for_status().json()["id"]
    login = http.post("/api/v1/auth/login", json=mine).raise_for_status().json()
    http.cookies.clear()
    http.headers["Authorization"] = f"Bearer {login['access_token']}"
    person = Person(flotilla, name, user_id, http)
    change(flotilla, person, may_trade_live=True, reason="play money")
    return person


def furnish(person: Person) -> None:
    """With a key, its account's wallet, a paper wallet, a strategy that waits for its check, and an API token."""
    home = person.flotilla.home
    exchange = eventually_sync(lambda: Control.of(home), START_SECONDS, "the paper exchange listens")
    assert exchange is not None
    account = exchange.post("accounts", {"balances": {"USDT": "5000"}})
    person.secrets += [account["key"], account["secret"]]
    mine = {"key": account["key"], "secret": account["secret"]}
    key = person.ask("POST", "/exchange-keys", name=f"{person.name}-key", exchange="paper", **mine)
    wallet = person.ask("POST", "/wallets", name=f"{person.name}-wallet")
    person.ask("POST", f"/wallets/{wallet['id']}/deposit", currency="USDT", amount="2000")
    source = EAGER.replace("Eager", f"Eager{person.name.title()}")
    strategy = person.ask("POST", "/strategies", name=f"{person.name}-strategy", source=source)
    person.token = person.ask("POST", "/tokens", name=f"{person.name}-token", scopes=["read", "trade"])["token"]
    tokens = person.ask("GET", "/tokens")["items"]
    person.things |= {
        "key": key["id"], "account": key["wallet"], "wallet": wallet["id"], "strategy": strategy["id"],
        "token": tokens[0]["id"],
    }  # fmt: skip


def put_to_work(person: Person) -> None:
    """A dry bot, and one that trades live with play money, both pinned to his strategy."""
    version = f"/strategies/{person.things['strategy']}/versions/head"
    checked = eventually_sync(lambda: _checked(person, version), START_SECONDS, "the strategy is checked")
    assert checked["state"] == "passed", checked
    eventually_sync(lambda: _has_money(person), STEP_SECONDS, "the account's money is read")
    common: dict[str, Any] = {
        "strategy": {"id": person.things["strategy"], "version": 1}, "pairs": ["BTC/USDT"], "stake_amount": "100",
        "max_open_trades": 1, "starting_balance": "500",
    }  # fmt: skip
    dry, live = f"{person.name}-dry", f"{person.name}-live"
    made = person.ask("POST", "/bots", name=dry, wallet=person.things["wallet"], **common)
    person.things["dry"] = made["id"]
    common |= {"wallet": person.things["account"], "dry_run": False, "confirm_live": live}
    made = person.ask("POST", "/bots", name=live, **common)
    assert (made["trading"], made["strategy"]["version"]) == ("paper_live", 1)
    person.things["live"] = made["id"]


def change(flotilla: Flotilla, person: Person, **what: Any) -> None:
    """By the administrator."""
    flotilla.call("PATCH", f"/api/v1/users/{person.user_id}", json=what).raise_for_status()


def _checked(person: Person, version: str) -> dict[str, Any] | None:
    check: dict[str, Any] = person.ask("GET", version)["check"]
    return check if check["state"] != "waiting" else None


def _has_money(person: Person) -> bool:
    balances = person.ask("GET", f"/wallets/{person.things['account']}")["balances"]
    return any(one["currency"] == "USDT" and float(one["free"]) > 0 for one in balances)
