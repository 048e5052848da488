"""Live trading with play money, as a user has it: a key is entered, a bot goes live, the key is replaced, and wherever
one looks afterwards, there is nothing of the secrets."""

import asyncio
import base64
import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.db.backup import backup
from orchestrator.tables import tables
from tests.e2e.ruled import Pool, write_eager_template
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

START_SECONDS = 600
STEP_SECONDS = 120
EXCHANGES_OWN = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm")
"""What the exchange itself has of its accounts' keys."""


def test_a_live_bot_leaves_nothing_of_its_key_anywhere(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_eager_template(tmp_path / "templates")
    environment = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(tmp_path / "templates"), "FLOTILLA_ORCH_PAPER_SYMBOLS": "20"
    }  # fmt: skip
    with Flotilla(home, "serve", "--no-demo", **environment) as flotilla:
        exchange = eventually_sync(lambda: Control.of(home), START_SECONDS, "the paper exchange listens")
        first = exchange.post("accounts", {"balances": {"USDT": "5000"}})
        second = exchange.post("keys", {"account": first["key"]})
        planted = [part for key in (first, second) for part in (key["key"], key["secret"])]
        answers = Answers(flotilla)

        key = enter(answers, first)
        bot = go_live(answers, key)
        eventually_sync(lambda: flotilla.all_running(1), START_SECONDS, "the bot runs")
        eventually_sync(lambda: exchange.orders(first["key"]), STEP_SECONDS, "it buys with signed orders")
        run = eventually_sync(lambda: run_of(home, bot), STEP_SECONDS, "its process is known")

        answers.ask("POST", f"/api/v1/exchange-keys/{key['id']}/replace", **secrets_of(second))
        exchange.delete(f"keys?key={first['key']}")
        eventually_sync(lambda: run_of(home, bot) not in (None, run), STEP_SECONDS, "a process with the new key")
        eventually_sync(lambda: flotilla.all_running(1), STEP_SECONDS, "it runs with the new key")
        run = run_of(home, bot)
        lose_agent_and_process(flotilla, bot)
        eventually_sync(lambda: run_of(home, bot) not in (None, run), STEP_SECONDS, "its new agent is given the key")
        eventually_sync(lambda: flotilla.all_running(1), STEP_SECONDS, "it runs once more")
        exchange.post("faults", {"kind": "fail", "path": "/api/v3/*", "status": 503, "times": 3})
        answers.look_around(bot, key)

        asyncio.run(backup(f"sqlite+aiosqlite:///{home / 'flotilla.db'}", home / "backup", tables()))
        found = [*in_files(home, planted), *in_processes(flotilla, planted), *in_text(flotilla.output, planted)]
        assert found == []
        assert answers.shown(planted) == []


class Control:
    """The paper exchange, as whoever runs it has it."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    @classmethod
    def of(cls, home: Path) -> "Control | None":
        directory = home / "paper-exchange"
        try:
            url = json.loads((directory / "endpoint.json").read_text())["url"]
            return cls(url, (directory / "control-token").read_text().strip())
        except OSError:
            return None

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._http.post(f"/control/{path}", json=body).raise_for_status().json()
        return answer

    def delete(self, path: str) -> None:
        self._http.delete(f"/control/{path}").raise_for_status()

    def orders(self, key: str) -> list[Any]:
        found: list[Any] = self._http.get(f"/control/ledger?key={key}").raise_for_status().json()["orders"]
        return found


class Answers:
    """Calls as the admin, and all that was answered."""

    def __init__(self, flotilla: Flotilla) -> None:
        self._flotilla = flotilla
        self._kept: list[str] = []

    def ask(self, method: str, path: str, expect: int | None = None, **body: Any) -> Any:
        answer = self._flotilla.call(method, path, **({"json": body} if body else {}))
        self._kept.append(f"{method} {path}: {answer.headers} {answer.text}")
        assert answer.is_success if expect is None else answer.status_code == expect, answer.text
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else None

    def look_around(self, bot: dict[str, Any], key: dict[str, Any]) -> None:
        own = f"/api/v1/bots/{bot['id']}"
        for path in (
            "/api/v1/bots", own, f"{own}/events", f"{own}/logs?tail=1000", f"{own}/freqtrade/api/v1/show_config",
            f"{own}/freqtrade/api/v1/status", "/api/v1/exchange-keys", f"/api/v1/exchange-keys/{key['id']}",
            "/api/v1/exchange-keys/vault", "/api/v1/audit?limit=200", "/api/v1/portfolio", "/api/v1/pools",
            "/api/v1/wallets", f"/api/v1/wallets/{key['wallet']}", "/api/v1/risk",
        ):  # fmt: skip
            self.ask("GET", path)

    def shown(self, planted: list[str]) -> list[str]:
        return [answer[:200] for answer in self._kept if any(secret in answer for secret in planted)]


def secrets_of(key: dict[str, Any]) -> dict[str, str]:
    return {"key": key["key"], "secret": key["secret"]}


def enter(answers: Answers, key: dict[str, Any]) -> dict[str, Any]:
    wrong = {"key": key["key"], "secret": "w" * 64, "name": "play", "exchange": "paper"}
    answers.ask("POST", "/api/v1/exchange-keys", expect=422, **wrong)
    answers.ask("POST", "/api/v1/exchange-keys", expect=422, **{**wrong, "secret": [key["secret"]]})
    made: dict[str, Any] = answers.ask(
        "POST", "/api/v1/exchange-keys", name="play", exchange="paper", **secrets_of(key)
    )
    assert made["state"] == "active"
    return made


def go_live(answers: Answers, key: dict[str, Any]) -> dict[str, Any]:
    answers.ask("PATCH", "/api/v1/users/admin", may_trade_live=True, reason="play money")

    def money() -> bool:
        wallet = answers.ask("GET", f"/api/v1/wallets/{key['wallet']}")
        return any(one["currency"] == "USDT" and float(one["free"]) > 0 for one in wallet["balances"])

    eventually_sync(money, STEP_SECONDS, "the account's money is read")
    live = {"name": "one", "template": "eager", "dry_run": False, "wallet": key["wallet"], "pairs": ["BTC/USDT"]}
    answers.ask("POST", "/api/v1/bots", expect=422, **live)
    made: dict[str, Any] = answers.ask(
        "POST",
        "/api/v1/bots",
        confirm_live="one",
        stake_amount="100",
        max_open_trades=1,
        starting_balance="500",
        **live,
    )
    assert (made["trading"], made["dry_run"]) == ("paper_live", False)
    return made


def lose_agent_and_process(flotilla: Flotilla, bot: dict[str, Any]) -> None:
    """Nobody but the control plane has the key then."""
    (pid,) = [slot["pid"] for slot in Pool(flotilla.home).slots().values() if slot["bot_id"] == bot["id"]]
    (agent,) = [process for process in flotilla.processes() if "pool.agent" in process.cmdline()]
    agent.kill()
    os.kill(pid, signal.SIGKILL)


def run_of(home: Path, bot: dict[str, Any]) -> str | None:
    """The bot's run, as its own log has it last."""
    for log in home.glob(f"pools/*/bots/{bot['id']}/bot.log"):
        runs = [line for line in log.read_text().splitlines() if "Run run" in line or " - Run " in line]
        return runs[-1] if runs else None
    return None


def forms_of(secret: str) -> tuple[bytes, ...]:
    """As it is, and as an encoding of it alone would show it."""
    plain = secret.encode()
    return plain, base64.b64encode(plain).rstrip(b"=")[:-2], plain.hex().encode()


def in_files(home: Path, planted: list[str]) -> list[str]:
    found, looked, exchanges = [], 0, 0
    for file in home.rglob("*"):
        if not file.is_file():
            continue
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            continue  # it was replaced meanwhile
        shown = [secret for secret in planted if any(form in content for form in forms_of(secret))]
        if file.parent.name == "paper-exchange" and file.name in EXCHANGES_OWN:
            exchanges += len(shown)
            continue
        looked += 1
        found += [str(file) for _ in shown]
    assert looked > 20
    assert exchanges > 0, "where they are, they are found"
    return found


def in_processes(flotilla: Flotilla, planted: list[str]) -> list[str]:
    found, looked = [], 0
    for pid in [flotilla.process.pid, *(process.pid for process in flotilla.processes())]:
        for name in ("cmdline", "environ"):
            try:
                content = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            looked += 1
            found += [f"{pid} {name}" for secret in planted if any(form in content for form in forms_of(secret))]
    assert looked >= 10
    return found


def in_text(output: str, planted: list[str]) -> list[str]:
    return ["output" for secret in planted if secret in output]
