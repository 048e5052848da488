"""One set of rules over a fleet, as a user has it: the whole product, real bots, and prices that move.

One fleet of two bots goes through everything, since it is the start that takes long; the steps are in the order of the
story, each a function."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.ruled import Held, Pool, Prices, listening, write_eager_template
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

START_SECONDS = 600
STEP_SECONDS = 180
LIMIT = 3
PAIRS = {"one": ["BTC/USDT", "ETH/USDT"], "two": ["SOL/USDT", "BNB/USDT"]}
DOCUMENT = {
    "take_profit": {"levels": [{"profit": "0.02", "fraction": "0.25"}, {"profit": "0.5"}]},
    "hard_stop": {"distance": "0.05"},
    "limits": {"open_trades": LIMIT},
}
ABOVE_LEVEL, AT_REST, BELOW_STOP = 1.03, 1.0, 0.93
"""Of the open rate."""


def test_the_rules_of_a_fleet(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_eager_template(tmp_path / "templates")
    environment = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(tmp_path / "templates"), "FLOTILLA_ORCH_PAPER_SYMBOLS": "20"
    }  # fmt: skip
    pool = Pool(home)
    with Flotilla(home, "serve", "--no-demo", **environment) as first:
        start(first, pool)
        prices = Prices(home)
        prices.freeze()
        label = put_policy(first, pool)
        with listening(first) as told:
            enter_all_at_once(first, pool)
            winner, other, _ = pool.open_trades()
            take_profit_once(first, pool, prices, winner, label)
            stop_hard(first, pool, prices, winner, label)
            eventually_sync(lambda: len(pool.open_trades()) == LIMIT, STEP_SECONDS, "the room is taken again")
            eventually_sync(lambda: streamed(told), STEP_SECONDS, f"the stream tells of them: {told}")
            first.process.kill()
        first.process.wait()
        died_at = datetime.now(UTC)
        processes = pool.processes()
        reduce_without_control_plane(pool, prices, other)
        halt_offline(home, pool)
        assert pool.processes() == processes
        back_at = datetime.now(UTC)
        with Flotilla(home, "serve", "--no-demo", **environment) as second:
            adopt(second, pool, processes)
            assert_no_entries(pool, died_at, back_at)
            flatten_everything(second, pool)
            assert pool.processes() == processes
            release_everything(second, pool)
            assert_audited(second)
            assert_sold_as_told(second, pool)


def start(running: Flotilla, pool: Pool) -> None:
    """Two bots that may not enter yet."""
    reduced = running.call("POST", "/api/v1/risk/reduce", json={"scope": "user", "reason": "not yet"})
    assert reduced.status_code == 202, reduced.text
    for name, pairs in PAIRS.items():
        body = {"name": name, "template": "eager", "pairs": pairs, "stake_amount": "100", "max_open_trades": 2}
        assert running.call("POST", "/api/v1/bots", json=body).status_code == 201
    eventually_sync(lambda: running.all_running(2), START_SECONDS, "two bots run")
    eventually_sync(lambda: pool.modes() == {"reducing"}, STEP_SECONDS, "both only reduce")


def put_policy(running: Flotilla, pool: Pool) -> str:
    """In force in running bots: the same processes, and no new generation. Its label."""
    before = pool.processes()
    written = running.call("PUT", "/api/v1/policies/default", json=DOCUMENT, params={"reason": "Sleep well."})
    assert written.status_code == 200, written.text
    paths = [f"/api/v1/policies/bots/{bot['id']}/effective" for bot in running.bots()]
    eventually_sync(lambda: all(running.get(path)["in_force"] for path in paths), STEP_SECONDS, "bots keep the policy")
    assert pool.processes() == before
    assert pool.trades() == []
    label: str = running.get(paths[0])["label"]
    return label


def enter_all_at_once(running: Flotilla, pool: Pool) -> None:
    """Both bots want both of their pairs in the same second: one of the four is refused."""
    assert release(running, "user")["bots"] == sorted(bot["id"] for bot in running.bots())
    eventually_sync(lambda: len(pool.open_trades()) == LIMIT, STEP_SECONDS, "as many trades as are allowed")

    def refused() -> list[dict[str, Any]]:
        return actions(running, kind="refused", rule="limits.open_trades")

    entry = eventually_sync(refused, STEP_SECONDS, "the fourth entry is refused")[0]
    assert entry["pair"] in {pair for pairs in PAIRS.values() for pair in pairs}
    assert entry["message"]

    def uses() -> list[tuple[str, str]]:
        told = running.get("/api/v1/risk")["uses"]
        return [(use["used"], use["allowed"]) for use in told if use["limit"] == "limits.open_trades"]

    eventually_sync(lambda: uses() == [(str(LIMIT), str(LIMIT))], STEP_SECONDS, "the limit is told to be used up")


def take_profit_once(running: Flotilla, pool: Pool, prices: Prices, trade: Held, label: str) -> None:
    """A level is sold when the price reaches it, and never again, however often it is reached."""
    prices.put(trade.pair, trade.open_rate * ABOVE_LEVEL)
    told = done(running, trade, "take_profit")
    assert (told["kind"], told["policy"], told["pair"]) == ("partial_close", label, trade.pair)
    assert float(told["threshold"]) <= float(told["price_seen"]) <= trade.open_rate * ABOVE_LEVEL * 1.001
    assert float(told["fill_price"]) == pytest.approx(trade.open_rate * ABOVE_LEVEL, rel=0.01)
    assert {"decided", "sent", "filled"} <= {stage["stage"] for stage in told["stages"]}
    prices.put(trade.pair, trade.open_rate * AT_REST)
    again = trade.open_rate * (ABOVE_LEVEL + 0.02)
    prices.put(trade.pair, again)
    eventually_sync(lambda: pool.trade(trade).highest > again * 0.995, STEP_SECONDS, "the bot has seen the new high")
    assert pool.trade(trade).is_open


def stop_hard(running: Flotilla, pool: Pool, prices: Prices, trade: Held, label: str) -> None:
    prices.put(trade.pair, trade.open_rate * BELOW_STOP)
    told = done(running, trade, "hard_stop")
    assert (told["kind"], told["policy"]) == ("close", label)
    assert float(told["threshold"]) == pytest.approx(trade.open_rate * 0.95, rel=0.005)
    assert float(told["price_seen"]) < float(told["threshold"])
    assert told["fill_price"]
    closed = pool.trade(trade)
    assert (closed.is_open, closed.exit_reason) == (False, "flotilla:hard_stop")


def streamed(told: list[tuple[str, dict[str, Any]]]) -> bool:
    """Actions as `trade`, refusals as `alert`, both with the name of the bot."""
    rules = {(body["rule"], body["stage"]) for event, body in told if event == "trade" and body["event"] == "rule"}
    refused = [body for event, body in told if event == "alert" and body["type"] == "entry_refused"]
    limited = any("limits.open_trades" in body["message"] and body["name"] in PAIRS for body in refused)
    return limited and {("take_profit", "filled"), ("hard_stop", "filled")} <= rules


def reduce_without_control_plane(pool: Pool, prices: Prices, trade: Held) -> None:
    """Nobody grants leave to enter any more; stops go on, and nothing else is closed."""
    eventually_sync(lambda: pool.modes() == {"reducing"}, STEP_SECONDS, "the leases lapse")
    prices.put(trade.pair, trade.open_rate * BELOW_STOP)
    eventually_sync(lambda: not pool.trade(trade).is_open, STEP_SECONDS, "the stop fires without a control plane")
    assert pool.trade(trade).exit_reason == "flotilla:hard_stop"
    assert len(pool.open_trades()) == LIMIT - 1


def halt_offline(home: Path, pool: Pool) -> None:
    assert "1 pool and 2 bots are halted" in command(home, "halt", "--offline", "--reason", "Fire in the house.")
    eventually_sync(lambda: pool.modes() == {"halted"}, STEP_SECONDS, "both are halted by their flags")
    assert len(pool.flags()) == 3
    assert "1 pool and 2 bots are released" in command(home, "release", "--offline")
    eventually_sync(lambda: pool.modes() == {"reducing"}, STEP_SECONDS, "no flag halts them")
    assert pool.flags() == []
    assert len(pool.open_trades()) == LIMIT - 1


def adopt(running: Flotilla, pool: Pool, processes: dict[str, tuple[int, str, int]]) -> None:
    """The same processes, leased again: what the stop made room for is entered."""
    eventually_sync(lambda: running.all_running(2), START_SECONDS, "the bots are adopted")
    eventually_sync(lambda: pool.modes() == {"active"}, STEP_SECONDS, "they are leased again")
    eventually_sync(lambda: len(pool.open_trades()) == LIMIT, STEP_SECONDS, "they enter again")
    assert pool.processes() == processes


def assert_no_entries(pool: Pool, since: datetime, until: datetime) -> None:
    assert [trade for trade in pool.trades() if since < trade.opened_at < until] == []


def flatten_everything(running: Flotilla, pool: Pool) -> None:
    """Halted, not stopped: all is sold, the processes go on, and nobody enters by whatever door."""
    halted_at = datetime.now(UTC)
    halted = running.call("POST", "/api/v1/risk/halt", json={"scope": "fleet", "flatten": True, "reason": "Enough."})
    assert halted.status_code == 202, halted.text
    eventually_sync(lambda: pool.open_trades() == [], STEP_SECONDS, "everything is sold")
    eventually_sync(lambda: modes(running) == {("halted", "halted")}, STEP_SECONDS, "both tell that they are halted")

    def flat() -> list[str]:
        return [one["stage"] for one in actions(running, kind="flatten")]

    wanted = ["done"] * (len(PAIRS) + LIMIT)  # of each bot, and of each of its trades
    eventually_sync(lambda: flat() == wanted, STEP_SECONDS, "both tell that they are flat")
    assert running.all_running(2)
    refused = force_entry(running)
    assert refused.status_code == 502, refused.text
    assert "Failed to enter" in refused.text
    since = halted_at.isoformat()
    eventually_sync(lambda: actions(running, kind="refused", rule="mode", since=since), STEP_SECONDS, "which is told")
    assert pool.open_trades() == []


def release_everything(running: Flotilla, pool: Pool) -> None:
    body = {"scope": "fleet", "reason": "All is well.", "confirmation": "691f4a2c-0f3c1d2e4b5a6978"}
    assert running.call("POST", "/api/v1/risk/release", json=body).status_code == 409
    assert modes(running) == {("halted", "halted")}
    release(running, "fleet")
    eventually_sync(lambda: modes(running) == {("active", "active")}, STEP_SECONDS, "both are free")
    entered = force_entry(running)
    assert entered.status_code == 200 or pool.open_trades(), f"neither by hand nor by themselves: {entered.text}"
    eventually_sync(pool.open_trades, STEP_SECONDS, "they trade again")


def assert_audited(running: Flotilla) -> None:
    verified = running.get("/api/v1/audit/verify")
    assert verified["whole"]
    assert all(chain["problem"] is None for chain in verified["chains"])
    reasons = {row["reason"] for row in running.get("/api/v1/audit?limit=200")["items"]}
    assert {"not yet", "Sleep well.", "Enough.", "All is well."} <= reasons
    assert "breaks" not in command(running.home, "audit", "verify", url=running.url)


def assert_sold_as_told(running: Flotilla, pool: Pool) -> None:
    """No level twice, never more trades than allowed, and for all that rules sold an action that was filled."""
    sold = pool.sales()
    assert len(sold) == len(set(sold))
    told = [one for one in actions(running) if one["kind"] in ("close", "partial_close")]
    assert all(one["stage"] == "filled" for one in told), told
    assert sorted((one["bot_id"], one["trade_id"]) for one in told) == sorted((bot, trade) for bot, trade, _ in sold)
    trades = pool.trades()
    for trade in trades:
        at = trade.opened_at
        beside = [one for one in trades if one.opened_at <= at and (one.closed_at is None or one.closed_at > at)]
        assert len(beside) <= LIMIT
    shown = command(running.home, "actions", url=running.url)
    assert "one" in shown
    assert running.bots()[0]["id"] not in shown


def actions(running: Flotilla, **filters: str) -> list[dict[str, Any]]:
    answer = running.call("GET", "/api/v1/actions", params={"limit": "200", **filters})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def done(running: Flotilla, trade: Held, rule: str) -> dict[str, Any]:
    """The one action of the rule over the trade, once it is filled."""

    def filled() -> list[dict[str, Any]]:
        found = actions(running, bot=trade.bot_id, trade=str(trade.trade_id), rule=rule)
        return [one for one in found if one["stage"] == "filled"]

    (one,) = eventually_sync(filled, STEP_SECONDS, f"{rule} of {trade.pair} is filled")
    return one


def force_entry(running: Flotilla) -> httpx.Response:
    """By FreqTrade's own API, which asks no strategy, and no lock of a pair that was sold just now."""
    bot = next(bot for bot in running.bots() if bot["name"] == "one")
    path = f"/api/v1/bots/{bot['id']}/freqtrade/api/v1/forceenter"
    return running.call("POST", path, json={"pair": PAIRS["one"][0]})


def modes(running: Flotilla) -> set[tuple[str, str]]:
    """Ordered and in force."""
    return {(bot["ordered"], bot["in_force"]) for bot in running.get("/api/v1/risk")["bots"]}


def release(running: Flotilla, scope: str) -> dict[str, Any]:
    """It takes two calls."""
    body = {"scope": scope, "reason": "All is well."}
    asked = running.call("POST", "/api/v1/risk/release", json=body)
    assert asked.status_code == 409, asked.text
    assert asked.json()["params"]["consequences"]
    confirmed = {**body, "confirmation": asked.json()["params"]["confirmation"]}
    released = running.call("POST", "/api/v1/risk/release", json=confirmed)
    assert released.status_code == 200, released.text
    answer: dict[str, Any] = released.json()
    return {**answer, "bots": sorted(answer["bots"])}


def command(home: Path, *arguments: str, url: str | None = None) -> str:
    """What `flotilla …` prints for people."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FLOTILLA_")}
    where = [] if url is None else ["--url", url]
    outcome = subprocess.run(
        [sys.executable, "-m", "api", *arguments, *where],
        env={**own, "FLOTILLA_HOME": str(home), "COLUMNS": "250", "DOCKER_HOST": f"unix://{home}/no-docker"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout
