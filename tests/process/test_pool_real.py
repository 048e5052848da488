"""The whole pool with real FreqTrade bots against the paper exchange: each process killed in turn, and bad luck.

One pool and one exchange for all; a zygote takes a while to warm up. The tests run in their order.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.fakes.pool_rig import PoolRig
from tests.process.bot.harness import BUYER, PRICING
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(1500)

WARM_SECONDS = 600
CRASHER = BUYER.replace("        return dataframe\n", "        import os\n        os._exit(9)\n", 1)
"""Kills its process in the first analysis, as a broken library would."""
CHECK_SECONDS = 20
SEEING = (
    BUYER.replace(
        "        return dataframe\n",
        '        dataframe["then"] = dataframe["close"].shift(-3)\n        return dataframe\n',
        1,
    )
    .replace(
        'dataframe["enter_long"] = 1', 'dataframe.loc[dataframe["then"] > dataframe["close"] * 1.004, "enter_long"] = 1'
    )
    .replace(
        'dataframe["enter_tag"] = "always"',
        'dataframe["exit_long"] = (dataframe["close"] > dataframe["open"]).astype(int)',
    )
)
"""Enters before a rise."""
SHORT = (
    SEEING.replace("    minimal_roi", "    can_short = True\n    minimal_roi")
    .replace("enter_long", "enter_short")
    .replace("exit_long", "exit_short")
    .replace("""    def populate_indicators""", """    @informative("5m")
    def populate_indicators_5m(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(3).mean()
        return dataframe

    def populate_indicators""", 1)
    .replace("import IStrategy", "import IStrategy, informative")
)  # fmt: skip
"""The same of futures, with candles of another length for each of its pairs."""
REACHING = BUYER.replace(
    "    def populate_indicators",
    """    import logging
    os, socket, told = logging.os, logging.sys.modules["socket"], {}
    for name, attempt in {
        "socket": lambda socket=socket: socket.socket(socket.AF_UNIX),
        "fork": os.fork,
        "mkdir": lambda os=os: os.mkdir("mine"),
        "pool": lambda os=os: os.listdir("../.."),
        "token": lambda os=os: os.close(os.open("../../agent-token", 0)),
        "sibling": lambda os=os: os.kill(SIBLING, 9),
    }.items():
        try:
            attempt()
            told[name] = "done"
        except OSError as problem:
            told[name] = problem.errno
    raise RuntimeError(str(told))

    def populate_indicators""",
)
"""Gets around what is read of it, and tells by its error how far it came behind the walls."""
UNLOADABLE = "import no_such_library\n" + BUYER


class Exchange:
    """A paper exchange that can go down and come back at the same address."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def up(self) -> None:
        endpoint = self._directory / "endpoint.json"
        endpoint_before = endpoint.read_text() if endpoint.exists() else ""
        options = ["--directory", str(self._directory), "--symbols", "40", "--seed", "7"]
        self._process = subprocess.Popen([sys.executable, "-m", "pool.exchange.simulator", *options])
        eventually_sync(lambda: endpoint.exists() and endpoint.read_text() != endpoint_before, message="exchange")

    def down(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    @property
    def url(self) -> str:
        return str(json.loads((self._directory / "endpoint.json").read_text())["url"])

    def pairs(self, count: int) -> list[str]:
        symbols = httpx.get(f"{self.url}/api/v3/exchangeInfo", timeout=60).json()["symbols"]
        return [f"{s['baseAsset']}/USDT" for s in symbols if s["quoteAsset"] == "USDT"][:count]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    paper = Exchange(tmp_path_factory.mktemp("paper-exchange"))
    paper.up()
    yield paper
    paper.down()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory, exchange: Exchange) -> Iterator[PoolRig]:
    rig = PoolRig(
        tmp_path_factory.mktemp("real") / "pool",
        "pool",
        paper_exchange_url=exchange.url,
        stop_timeout_seconds=15,
        connect_timeout_seconds=60,
        quarantine_window_seconds=600,
        orphan_timeout_seconds=2,
        check_seconds=CHECK_SECONDS,
    )
    try:
        rig.start()
        await_zygote(rig)
        yield rig
    finally:
        rig.close()


def await_zygote(pool: PoolRig) -> None:
    eventually_sync(lambda: pool.pool()["zygote"]["state"] == "ready", WARM_SECONDS, "zygote warm")


@pytest.fixture(scope="module")
def pairs(exchange: Exchange) -> list[str]:
    return exchange.pairs(2)


def put(pool: PoolRig, bot_id: str, pairs: list[str], desired: str = "running", **more: Any) -> None:
    source = more.pop("source", BUYER)
    config = {
        "max_open_trades": len(pairs),
        "stake_currency": "USDT",
        "stake_amount": 50,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "entry_pricing": PRICING,
        "exit_pricing": PRICING,
        "exchange": {"pair_whitelist": pairs},
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 1},
    }
    strategy = {"class_name": "Buyer", "source": source}
    pool.put(bot_id, desired, exchange="paper", config=config, strategy=strategy, **more)


def trades(pool: PoolRig, bot_id: str) -> bool:
    snapshot = pool.slot(bot_id)["snapshot"]
    return bool(snapshot and snapshot["open_trades"])


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_real_bots_reach_running_and_trade(pool: PoolRig, pairs: list[str]) -> None:
    for name in ("one", "two"):
        put(pool, name, pairs)
    for name in ("one", "two"):
        slot = pool.until_state(name, "running")
        assert slot["conditions"] == []
        assert slot["trader_state"] == "running"
        eventually_sync(lambda name=name: trades(pool, name), message="open trades")
    kinds = {item["event"]["type"] for item in pool.events() if item["event"]["bot_id"] == "one"}
    assert {"bot.started", "bot.state", "bot.trader_state", "trade.entry"} <= kinds


def test_bots_weigh_as_one_beside_their_agent(pool: PoolRig) -> None:
    """Linux shares processors out among sessions first: were each bot one, hundreds at once would starve the agent."""
    bots = [slot["pid"] for slot in pool.call("GET", "/v1/slots").json()["items"] if slot["pid"]]
    agent, zygote = pool.child("pool.agent"), pool.child("pool.zygote")

    assert len(bots) > 1
    assert {os.getsid(pid) for pid in bots} == {os.getsid(zygote)}
    assert os.getsid(agent) != os.getsid(zygote)
    if Path("/proc/self/autogroup").exists():
        groups = {pid: Path(f"/proc/{pid}/autogroup").read_text() for pid in [agent, zygote, *bots]}
        assert {groups[pid].split()[0] for pid in bots} == {groups[zygote].split()[0]} != {groups[agent].split()[0]}
        assert groups[agent].strip().endswith("nice 0"), "no check or trial made it nicer"


def test_relay_reaches_the_real_api(pool: PoolRig) -> None:
    assert pool.call("GET", "/v1/slots/one/api/ping").json() == {"status": "pong"}
    status = pool.call("GET", "/v1/slots/one/api/status")
    assert status.status_code == 200
    assert status.json()[0]["is_open"] is True
    assert pool.call("POST", "/v1/slots/one/api/token/login").status_code == 403


def test_pause_resume_and_new_generation_keep_the_process(pool: PoolRig, pairs: list[str]) -> None:
    before = pool.until_state("one", "running")
    put(pool, "one", pairs, "paused")
    pool.until_state("one", "paused")
    put(pool, "one", pairs, generation=2)
    slot = pool.until("one", lambda slot: slot["observed_generation"] == 2 and slot["observed_state"] == "running")
    assert slot["run_id"] == before["run_id"]


def test_killed_bot_returns_with_its_trades(pool: PoolRig) -> None:
    before = pool.until_state("two", "running")
    open_before = {trade["trade_id"] for trade in before["snapshot"]["open_trades"]}
    os.kill(before["pid"], signal.SIGKILL)
    pool.until("two", lambda slot: slot["pid"] != before["pid"], message="noticed")
    after = pool.until("two", lambda slot: slot["observed_state"] == "running" and slot["run_id"] != before["run_id"])
    assert open_before
    eventually_sync(lambda: trades(pool, "two"), message="trades of the database")
    assert open_before <= {trade["trade_id"] for trade in pool.slot("two")["snapshot"]["open_trades"]}
    assert after["last_exit"]["signal"] == signal.SIGKILL


def test_killed_agent_readopts_real_bots_and_loses_no_event(pool: PoolRig) -> None:
    before = {name: pool.until_state(name, "running") for name in ("one", "two")}
    held = bot_events(pool, "one")
    agent = pool.child("pool.agent")
    os.kill(agent, signal.SIGKILL)
    for name in ("one", "two"):
        after = pool.until(
            name, lambda slot: slot["observed_state"] == "running" and pool.child("pool.agent") not in (0, agent)
        )
        assert (after["pid"], after["run_id"]) == (before[name]["pid"], before[name]["run_id"])
    eventually_sync(lambda: bot_events(pool, "one") >= held, message="events that the bot still held")
    assert pool.call("GET", "/v1/slots/one/api/ping").json() == {"status": "pong"}


def bot_events(pool: PoolRig, bot_id: str) -> set[tuple[str, int]]:
    found = [item["event"] for item in pool.events() if item["kind"] == "event"]
    return {(e["run_id"], e["seq"]) for e in found if e["origin"] == "bot" and e["bot_id"] == bot_id}


def test_crash_loop_is_quarantined_alone_while_a_sibling_trades(pool: PoolRig, pairs: list[str]) -> None:
    sibling = pool.until_state("one", "running")
    put(pool, "looping", pairs, source=CRASHER)
    slot = pool.until_state("looping", "quarantined", 400)
    assert slot["last_exit"]["code"] == 9
    assert slot["last_exit"]["log_tail"]
    assert [condition["type"] for condition in slot["conditions"]] == ["Quarantined"]
    after = pool.slot("one")
    assert (after["run_id"], after["observed_state"]) == (sibling["run_id"], "running")
    put(pool, "looping", pairs, generation=2)
    pool.until_state("looping", "running")
    put(pool, "looping", pairs, "stopped", generation=3)


def test_unloadable_strategy_fails_with_its_reason_and_is_not_tried_again(pool: PoolRig, pairs: list[str]) -> None:
    put(pool, "broken", pairs, source=UNLOADABLE)
    slot = pool.until_state("broken", "failed")
    assert slot["restarts"] == 0
    assert "no_such_library" in slot["conditions"][0]["message"]
    put(pool, "broken", pairs, "stopped", generation=2, source=UNLOADABLE)


def check(pool: PoolRig, source: str) -> dict[str, Any]:
    answer = pool.call("POST", "/v1/checks", json={"strategy": {"class_name": "Buyer", "source": source}})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_strategy_is_checked_by_loading_and_trying_it(pool: PoolRig) -> None:
    good = check(pool, BUYER)
    assert good["findings"] == []
    assert (good["facts"]["timeframe"], good["facts"]["can_short"], good["facts"]["stoploss"]) == ("1m", False, -0.9)
    unread = check(pool, UNLOADABLE)
    assert (unread["findings"][0]["code"], unread["findings"][0]["line"]) == ("import", 1)
    broken = check(pool, BUYER.replace("        return dataframe\n", '        return dataframe["none"]\n', 1))
    assert [(one["severity"], one["line"]) for one in broken["findings"]] == [("error", 17)]
    assert "KeyError" in broken["findings"][0]["message"]


@pytest.mark.parametrize("source", [SEEING, SHORT], ids=["spot", "futures"])
def test_freqtrades_own_analyses_find_what_looks_ahead(pool: PoolRig, source: str) -> None:
    body = {"strategy": {"class_name": "Buyer", "source": source}, "deep": True}
    answer = pool.call("POST", "/v1/checks", json=body).json()
    assert answer["deep"]
    told = [one["message"] for one in answer["findings"] if one["code"].endswith("_analysis")]
    assert ["It looks ahead" in one for one in told] == [True], told


def test_a_hostile_strategy_is_held_by_the_walls_and_killed_in_time_while_a_sibling_trades(pool: PoolRig) -> None:
    before = pool.until_state("one", "running")
    parts = {part["name"]: part["in_force"] for part in pool.pool()["isolation"]["parts"]}
    told = check(pool, REACHING.replace("SIBLING", str(before["pid"])))["findings"][0]["message"]
    reached = {"socket", "fork", "mkdir", "sibling"} if parts["seccomp"] else set[str]()
    reached |= {"pool", "token"} if parts["landlock"] else set()
    assert all(f"'{name}': 1" in told for name in reached), told
    greedy = check(pool, BUYER.replace("        return dataframe\n", "        bytearray(2**32)\n", 1))
    assert "MemoryError" in greedy["findings"][0]["message"] or not parts["memory_limit"]
    endless = check(pool, BUYER.replace("        return dataframe\n", "        while True: pass\n", 1))
    assert "not done after" in endless["findings"][0]["message"]
    leaving = check(
        pool,
        BUYER.replace("        return dataframe\n", "        self.os._exit(0)\n", 1).replace(
            "    minimal_roi", "    import logging\n    os = logging.os\n    minimal_roi"
        ),
    )
    assert "no account" in leaving["findings"][0]["message"]
    assert list((pool.directory / "checks").iterdir()) == []
    assert pool.until_state("one", "running")["run_id"] == before["run_id"]


def test_flatten_closes_real_trades(pool: PoolRig, pairs: list[str]) -> None:
    put(pool, "two", pairs, "stopped", open_trades="flatten", generation=3)
    pool.until_state("two", "stopped")
    put(pool, "two", pairs, "paused", generation=4)
    pool.until(
        "two",
        lambda slot: (
            slot["observed_state"] == "paused"
            and slot["snapshot"]
            and not slot["snapshot"]["open_trades"]
            and slot["snapshot"]["closed_trades"] >= 1
        ),
        message="paused and flat",
    )


@pytest.mark.slow
def test_frozen_bot_is_replaced(pool: PoolRig) -> None:
    """Its own patience is 45 s at the least, 180 s in its first loop."""
    before = pool.until_state("one", "running")
    os.kill(before["pid"], signal.SIGSTOP)
    after = pool.until(
        "one", lambda slot: slot["run_id"] != before["run_id"] and slot["observed_state"] == "running", 240
    )
    assert "Hung" in [condition["type"] for condition in after["conditions"]]
    assert after["last_exit"]["reason"] == "made no progress and was replaced"


def test_killed_zygote_leaves_bots_and_a_new_one_serves(pool: PoolRig, pairs: list[str]) -> None:
    before = pool.until_state("one", "running")
    os.kill(pool.pool()["zygote"]["pid"], signal.SIGKILL)  # forked bots have its command line, too
    eventually_sync(lambda: pool.pool()["zygote"]["state"] != "ready", message="zygote down")
    put(pool, "later", pairs)
    pool.until_state("later", "running", WARM_SECONDS + 60)
    assert pool.slot("one")["run_id"] == before["run_id"]
    assert pool.pool()["zygote"]["restarts"] == 1
    put(pool, "later", pairs, "stopped", generation=2)
    pool.until_state("later", "stopped")


def test_exchange_down_at_boot_is_waited_for(pool: PoolRig, exchange: Exchange, pairs: list[str]) -> None:
    exchange.down()
    try:
        put(pool, "patient", pairs)
        slot = pool.until("patient", lambda slot: slot["conditions"])
        assert [condition["type"] for condition in slot["conditions"]] == ["ExchangeUnreachable"]
    finally:
        exchange.up()
    pool.until("patient", lambda slot: slot["observed_state"] == "running" and not slot["conditions"])
    put(pool, "patient", pairs, "stopped", generation=2)


def test_killed_init_ends_all_and_a_new_one_resumes_the_fleet(pool: PoolRig) -> None:
    before = pool.until_state("one", "running")
    assert pool.init is not None
    others = [pool.child("pool.agent"), pool.child("pool.zygote")]
    pool.init.kill()
    pool.init.wait()
    eventually_sync(lambda: not any(map(is_alive, others)), message="agent and zygote ended")
    pool.start()
    after = pool.until(
        "one",
        lambda slot: slot["observed_state"] == "running" and slot["run_id"] != before["run_id"],
        WARM_SECONDS + 60,
    )
    assert not is_alive(before["pid"])
    eventually_sync(lambda: trades(pool, "one"), message="trades of the database")
    assert after["pid"] != before["pid"]


def test_graceful_stop_leaves_no_process_and_the_wish(pool: PoolRig) -> None:
    assert pool.stop() == 0
    assert pool.processes() == []
    stored = json.loads((pool.directory / "slots.json").read_text())
    assert {slot["bot_id"]: slot["spec"]["desired"] for slot in stored["slots"]}["one"] == "running"
    assert (pool.directory / "bots" / "one" / "bot.log").read_text().rstrip().endswith("Exit code 0")
