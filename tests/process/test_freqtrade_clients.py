"""FreqTrade's own Python client at a real bot: directly, and through Flotilla, method by method; what FreqUI asks for,
as its browser sends it; and the whole path of start, stop and forced entries.

One product with one bot for all, since it is the start that takes long; the tests run in their order.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from freqtrade_client import FtRestClient
from sqlmodel import select
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.direct import credentials, port_of
from orchestrator.db.engine import Database
from orchestrator.users import api_tokens
from orchestrator.users.models import UserModel
from tests.e2e.ruled import Pool, Prices, write_eager_template
from tests.e2e.running import Flotilla
from tests.e2e.test_rules import release
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(1500)

START_SECONDS = 600
STEP_SECONDS = 120
PAIRS = ["BTC/USDT", "ETH/USDT", "SOL/USDT"]
FREQUI = "http://frequi.example:3000"
"""Origin of a FreqUI elsewhere."""
Client = FtRestClient


@dataclass
class Stage:
    running: Flotilla
    pool: Pool
    bot_id: str
    token: str
    directly: Client
    through: Client

    def reaches(self, state: str) -> None:
        url = f"/api/v1/bots/{self.bot_id}"
        eventually_sync(lambda: self.running.get(url)["observed_state"] == state, START_SECONDS, state)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    root = tmp_path_factory.mktemp("clients")
    home = root / "home"
    write_eager_template(root / "templates")
    strategy = root / "templates" / "eager" / "strategy.py"
    strategy.write_text(strategy.read_text().replace('["enter_long"] = 1', '["enter_long"] = 0'))
    environment = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(root / "templates"), "FLOTILLA_ORCH_PAPER_SYMBOLS": "20",
        "FLOTILLA_API_CORS_ORIGINS": FREQUI,
    }  # fmt: skip
    with Flotilla(home, "serve", "--no-demo", **environment) as running:
        body = {"name": "one", "template": "eager", "pairs": PAIRS, "stake_amount": "100", "max_open_trades": 2}
        bot_id = running.call("POST", "/api/v1/bots", json=body).raise_for_status().json()["id"]
        eventually_sync(lambda: running.all_running(1), START_SECONDS, "the bot runs")
        Prices(home).freeze()
        with _clients(running, Pool(home), bot_id) as stage:
            yield stage


@contextmanager
def _clients(running: Flotilla, pool: Pool, bot_id: str) -> Iterator[Stage]:
    base = f"/api/v1/bots/{bot_id}/freqtrade"
    directory = pool.directory / "bots" / bot_id
    username, password = credentials(directory, lambda: running.get(f"{base}/api/v1/version"))
    token = asyncio.run(_api_token(running.home))
    with port_of(directory) as port:
        directly = Client(f"http://127.0.0.1:{port}", username, password, timeout=60)
        through = Client(f"{running.url}{base}", "admin", token, timeout=60)
        yield Stage(running, pool, bot_id, token, directly, through)


async def _api_token(home: Path) -> str:
    """Of the first administrator."""
    database = Database(f"sqlite+aiosqlite:///{home}/flotilla.db")
    try:
        async with database.unit_of_work() as session:
            admin = (await session.exec(select(UserModel).where(UserModel.username == "admin"))).one()
            _, token = await api_tokens.create(session, admin.id, "client", ["trade"], None, None)
    finally:
        await database.close()
    return token


VOLATILE = frozenset(
    {
        "last_process", "last_process_loc", "last_process_ts", "cpu_pct", "ram_pct", "bot_startup_ts",
        "current_profit", "current_profit_abs", "current_profit_pct", "total_profit_abs", "last_analyzed",
        "last_analyzed_ts", "data_start", "data_start_ts", "data_stop", "data_stop_ts", "data",
        "trading_volume",
    }
)  # fmt: skip
"""Fields that may differ between two calls one after the other, whichever way they go: what the clock and the candle
that is being made change."""

READ: dict[str, Callable[[Client], Any]] = {
    "available_pairs": lambda c: c.available_pairs("1m", "USDT"),
    "balance": lambda c: c.balance(),
    "blacklist": lambda c: c.blacklist(),
    "count": lambda c: c.count(),
    "daily": lambda c: c.daily(3),
    "entries": lambda c: c.entries("BTC/USDT"),
    "exits": lambda c: c.exits(),
    "health": lambda c: c.health(),
    "list_custom_data": lambda c: c.list_custom_data(1),
    "list_open_trades_custom_data": lambda c: c.list_open_trades_custom_data(limit=5),
    "locks": lambda c: c.locks(),
    "logs": lambda c: c.logs(3),
    "mix_tags": lambda c: c.mix_tags(),
    "monthly": lambda c: c.monthly(2),
    "pair_candles": lambda c: c.pair_candles("BTC/USDT", "1m", 5, columns=["enter_long"]),
    "pair_history": lambda c: c.pair_history("BTC/USDT", "1m", "Eager", "20260101-"),
    "pairlists_available": lambda c: c.pairlists_available(),
    "performance": lambda c: c.performance(),
    "ping": lambda c: c.ping(),
    "plot_config": lambda c: c.plot_config(),
    "profit": lambda c: c.profit(),
    "show_config": lambda c: c.show_config(),
    "stats": lambda c: c.stats(),
    "status": lambda c: c.status(),
    "strategies": lambda c: c.strategies(),
    "strategy": lambda c: c.strategy("Eager"),
    "sysinfo": lambda c: c.sysinfo(),
    "trade": lambda c: c.trade(1),
    "trades": lambda c: c.trades(10, 0, order_by_id=False),
    "version": lambda c: c.version(),
    "weekly": lambda c: c.weekly(2),
    "whitelist": lambda c: c.whitelist(),
}
"""A call of each method that changes nothing."""

WEBSERVER_ONLY = {"available_pairs", "pair_history", "pairlists_available", "strategies"}
"""FreqTrade answers a bot that trades 503 there; Flotilla refuses them with the reason."""

CHANGE = {
    "blacklist", "cancel_open_order", "delete_lock", "delete_trade", "forcebuy", "forceenter", "forceexit", "lock_add",
    "reload_config", "start", "stop", "stopbuy",
}  # fmt: skip
"""Methods that change something: below, each by itself."""


def test_every_method_of_the_client_is_compared() -> None:
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert methods == READ.keys() | CHANGE


def test_a_forced_entry_opens_a_trade(stage: Stage) -> None:
    opened = stage.through.forceenter("BTC/USDT", "long", stake_amount=50, enter_tag="by hand")
    assert (opened["pair"], opened["enter_tag"]) == ("BTC/USDT", "by hand")
    assert stage.through.forcebuy("ETH/USDT")["pair"] == "ETH/USDT"
    full = stage.through.forceenter("SOL/USDT", "long")
    assert full == stage.directly.forceenter("SOL/USDT", "long"), "errors come through as they are"
    assert "Maximum number of trades" in full["error"]
    eventually_sync(
        lambda: [t["has_open_orders"] for t in stage.directly.status()] == [False] * 2, STEP_SECONDS, "filled"
    )


def test_a_forced_exit_closes_it(stage: Stage) -> None:
    assert "Created exit order" in stage.through.forceexit(2, "market")["result"]
    eventually_sync(lambda: stage.directly.count()["current"] == 1, STEP_SECONDS, "one is left")


@pytest.mark.parametrize("method", READ)
def test_reading_answers_the_same_either_way(stage: Stage, method: str) -> None:
    """Twice the same, at last: between the two calls a second may pass that makes "now" "a second ago"."""
    if method in WEBSERVER_ONLY:
        assert READ[method](stage.directly) == {"detail": "Bot is not in the correct state."}
        refused = READ[method](stage.through)
        assert (refused["code"], refused["status"]) == ("relay_refused", 403)
        return

    def same() -> bool:
        answers = [_lasting(READ[method](client)) for client in (stage.directly, stage.through)]
        return bool(answers[0] == answers[1])

    eventually_sync(same, STEP_SECONDS, f"{method} answers the same")


def _lasting(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _lasting(value) for name, value in told.items() if name not in VOLATILE}
    return [_lasting(one) for one in told] if isinstance(told, list) else told


def test_status_and_headers_are_freqtrades(stage: Stage) -> None:
    for path in ("version", "trade/999", "daily?timescale=0", "pair_candles?pair=BTC%2FUSDT&timeframe=1m&limit=3"):
        answers = [requests_of(client, path) for client in (stage.directly, stage.through)]
        assert answers[0][:2] == answers[1][:2], path


def requests_of(client: Client, path: str) -> tuple[int, str, bytes]:
    """Status, content type and body."""
    answer = client._session.get(f"{client._serverurl}/api/v1/{path}", timeout=60)
    return answer.status_code, answer.headers["content-type"], answer.content


FREQUI_READS = (
    "ping", "show_config", "status", "trades?limit=500&offset=0", "profit", "profit_all", "balance", "historic_balance",
    "whitelist", "blacklist", "locks", "performance", "entries", "exits", "mix_tags", "logs", "sysinfo", "plot_config",
    "daily?timescale=20", "weekly?timescale=20", "monthly?timescale=20", "strategy/Eager", "trades/1/custom-data",
    "pair_candles?pair=BTC%2FUSDT&timeframe=1m&limit=500",
)  # fmt: skip
"""What its pages ask a bot for."""
FREQUI_CHANGES: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", "pair_candles", {"pair": "BTC/USDT", "timeframe": "1m", "columns": ["enter_long"]}),
    ("POST", "blacklist", {"blacklist": ["XRP/USDT"]}),
    ("DELETE", "blacklist?pairs_to_delete=XRP%2FUSDT", None),
    ("DELETE", "locks/999", None),
    ("POST", "forcesell", {"tradeid": "999", "ordertype": "market"}),
    ("POST", "forcebuy", {"pair": "NONE/USDT", "side": "long"}),
)
"""What its buttons ask for; of trades that there are not, so that any number of them may be asked."""


class FreqUi:
    """Its requests, as a browser sends them from another origin: first it asks whether it may, then it calls, with
    credentials, and shows its page the answer only where that names the page's origin."""

    def __init__(self, stage: Stage) -> None:
        self._base = f"{stage.running.url}/api/v1/bots/{stage.bot_id}/freqtrade/api/v1"
        self._http = httpx.Client(timeout=60)
        self._token = stage.token
        self.access = ""

    def login(self) -> str:
        """By its form; the refresh token."""
        told = self._send("POST", "token/login", {}, auth=("admin", self._token)).raise_for_status().json()
        self.access = told["access_token"]
        return str(told["refresh_token"])

    def refresh(self, token: str) -> None:
        told = self._send("POST", "token/refresh", {}, bearer=token).raise_for_status().json()
        self.access = told["access_token"]

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._send(method, path, body, bearer=self.access)

    @property
    def messages(self) -> str:
        """Address of its WebSocket."""
        return f"{self._base.replace('http', 'ws', 1)}/message/ws?token={self.access}"

    def _send(self, method: str, path: str, body: Any, bearer: str | None = None, **auth: Any) -> httpx.Response:
        names = "authorization" if body is None else "authorization,content-type"
        asks = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
        site = {"Origin": FREQUI, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"}
        url = f"{self._base}/{path}"
        preflight = self._http.options(url, headers={**site, **asks})
        assert preflight.status_code == 200, preflight.text
        assert method in preflight.headers["access-control-allow-methods"]
        allowed = preflight.headers["access-control-allow-headers"].lower()
        assert all(name in allowed for name in names.split(","))
        shown = {**site, "Accept": "application/json, text/plain, */*"}
        if bearer is not None:
            shown["Authorization"] = f"Bearer {bearer}"
        answer = self._http.request(method, url, headers=shown, json=body, **auth)
        for one in (preflight, answer):
            assert one.headers["access-control-allow-origin"] == FREQUI, one.text
            assert one.headers["access-control-allow-credentials"] == "true"
        return answer


@pytest.fixture(scope="module")
def frequi(stage: Stage) -> FreqUi:
    frequi = FreqUi(stage)
    frequi.login()
    return frequi


def test_frequi_signs_in_and_goes_on_after_its_token_has_ended(stage: Stage) -> None:
    frequi = FreqUi(stage)
    refresh = frequi.login()
    frequi.access = refresh  # which is as good as one that has ended
    assert frequi.call("GET", "status").status_code == 401
    frequi.refresh(refresh)
    assert frequi.call("GET", "status").status_code == 200


def test_frequi_is_answered_what_the_bot_answers(stage: Stage, frequi: FreqUi) -> None:
    for method, path, body in (*(("GET", path, None) for path in FREQUI_READS), *FREQUI_CHANGES):

        def same(method: str = method, path: str = path, body: Any = body) -> bool:
            session, base = stage.directly._session, stage.directly._serverurl
            answers = [session.request(method, f"{base}/api/v1/{path}", json=body, timeout=60)]
            answers.append(frequi.call(method, path, body))
            told = [(one.status_code, _lasting(one.json())) for one in answers]
            return bool(told[0] == told[1])

        eventually_sync(same, STEP_SECONDS, f"{method} {path} answers the same")


def test_frequi_hears_what_it_subscribes_to(frequi: FreqUi) -> None:
    with connect(frequi.messages, origin=Origin(FREQUI)) as websocket:
        wanted = ["whitelist", "entry_fill", "exit_fill", "entry_cancel", "exit_cancel", "new_candle"]
        websocket.send(json.dumps({"type": "subscribe", "data": wanted}))
        websocket.send(json.dumps({"type": "whitelist", "data": ""}))
        told = [json.loads(websocket.recv(STEP_SECONDS))]
        while told[-1]["type"] != "whitelist":
            told.append(json.loads(websocket.recv(STEP_SECONDS)))
    assert told[-1]["data"] == PAIRS


def test_locks_the_blacklist_and_errors(stage: Stage) -> None:
    added = stage.through.lock_add("ETH/USDT", "2099-01-01 00:00:00Z", "long", "by hand")
    assert added == stage.directly.locks()
    by_hand = [lock for lock in added["locks"] if lock["reason"] == "by hand"]
    assert [lock["pair"] for lock in by_hand] == ["ETH/USDT"]
    assert stage.through.delete_lock(by_hand[0]["id"]) == stage.directly.locks()
    assert stage.through.blacklist("DOGE/USDT")["blacklist"] == ["DOGE/USDT"] == stage.directly.blacklist()["blacklist"]
    for wrong in (lambda c: c.cancel_open_order(999), lambda c: c.delete_trade(999), lambda c: c.forceexit(999)):
        assert wrong(stage.through) == wrong(stage.directly)


def test_a_forced_entry_passes_the_risk_engine_like_any_other(stage: Stage) -> None:
    for mode in ("reduce", "halt"):
        asked = stage.running.call("POST", f"/api/v1/risk/{mode}", json={"scope": "user", "reason": "not now"})
        assert asked.status_code == 202, asked.text
        wanted = {"reduce": "reducing", "halt": "halted"}[mode]
        eventually_sync(lambda wanted=wanted: stage.pool.modes() == {wanted}, STEP_SECONDS, wanted)
        refused = stage.through.forceenter("SOL/USDT", "long")
        assert "Failed to enter position for SOL/USDT" in refused["error"], refused
    assert "SOL/USDT" not in {trade.pair for trade in stage.pool.trades()}

    def told() -> set[tuple[str, str]]:
        actions = stage.running.get("/api/v1/actions?kind=refused")["items"]
        return {(action["pair"], action["rule"]) for action in actions}

    eventually_sync(lambda: ("SOL/USDT", "mode") in told(), STEP_SECONDS, "the refusal is told")
    release(stage.running, "user")
    eventually_sync(lambda: stage.pool.modes() == {"active"}, STEP_SECONDS, "active")
    assert stage.through.forceenter("SOL/USDT", "long")["pair"] == "SOL/USDT"


def test_start_stop_pause_and_reload_are_what_is_wanted_of_it_and_happen(stage: Stage) -> None:
    assert stage.through.start() == {"status": "already running"} == stage.directly.start()
    assert stage.through.stopbuy() == {
        "status": "paused, no more entries will occur from now. Run /start to enable entries."
    }
    stage.reaches("paused")
    eventually_sync(lambda: stage.directly.show_config()["state"] == "paused", STEP_SECONDS, "FreqTrade pauses")
    assert stage.through.start() == {"status": "starting trader ..."}
    stage.reaches("running")
    assert stage.through.stop() == {"status": "stopping trader ..."}
    stage.reaches("stopped")
    assert stage.through.stop() == {"status": "already stopped"}
    assert stage.through.ping() == {"status": "not_running"}
    assert stage.through.show_config()["state"] == "stopped"
    assert stage.through.balance()["code"] == "bot_not_running"
    assert stage.through.start() == {"status": "starting trader ..."}
    stage.reaches("running")
    before = stage.pool.slots()[stage.bot_id]["run_id"]
    assert stage.through.reload_config() == {"status": "Reloading config ..."}
    eventually_sync(lambda: stage.pool.slots()[stage.bot_id]["run_id"] != before, START_SECONDS, "a fresh process")
    stage.reaches("running")
    eventually_sync(lambda: stage.through.ping() == {"status": "pong"}, STEP_SECONDS, "it answers")
