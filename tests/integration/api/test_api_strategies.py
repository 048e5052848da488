"""Strategies of one's own through the API: versions, checks, shares, bots that pin them, roll-outs that go back."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.pools.policy import PoolPolicy
from orchestrator.reconcile.checks import CheckTask
from orchestrator.reconcile.versions import VersionTask
from orchestrator.strategies.rollout import Limits
from orchestrator.templates.spec import BotSpec
from pool.contract.checks import Finding, Severity
from pool.contract.slots import ConditionType, ObservedState
from pool.rules.strategy_source import SourceReport, inspect
from tests.fakes.fake_agent import snapshot
from tests.integration.api.world import OTHER, OWNER, POOL, FewMarkets, World, problem_of
from tests.support import eventually
from tests.unit.rules.test_strategy_source import GOOD

BASE = "/api/v1/strategies"
WIDER = GOOD.replace("stoploss = -0.1", "stoploss = -0.2")
LIMITS = Limits(start_seconds=120, settle_seconds=0)


@contextlib.asynccontextmanager
async def checking(world: World) -> AsyncIterator[None]:
    task = CheckTask(
        world.rig.database, world.rig.agents, PoolPolicy(maximum=1), interval_seconds=0.05, retry_seconds=0.1
    )
    async with world.rig.tasks(task.run()):
        yield


async def kept(world: World, source: str = GOOD, name: str = "mine", **more: Any) -> dict[str, Any]:
    answer = await world.client.post(BASE, json={"name": name, "source": source, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def checked(world: World, strategy_id: str, version: int | str = "head") -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = (await world.client.get(f"{BASE}/{strategy_id}/versions/{version}")).json()
        return found if found["check"]["state"] != "waiting" else None

    async with checking(world):
        return await eventually(look, 60, "checked")  # type: ignore[return-value]


async def passing(world: World, *sources: str) -> str:
    """A strategy whose versions have passed; its id."""
    strategy_id: str = (await kept(world, sources[0] if sources else GOOD))["id"]
    for source in sources[1:]:
        answer = await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": source})
        assert answer.status_code == 201, answer.text
    for number in range(1, max(len(sources), 1) + 1):
        assert (await checked(world, strategy_id, number))["check"]["state"] == "passed"
    return strategy_id


async def test_a_source_is_read_at_once_and_not_kept(world: World) -> None:
    body = {"source": "import os\n" + GOOD}
    told = (await world.client.post(f"{BASE}/inspect", json=body)).json()
    assert (told["passed"], told["class_name"]) == (False, "Mine")
    assert [(one["code"], one["line"], one["column"]) for one in told["findings"]] == [("import", 1, 1)]
    assert (await world.client.get(BASE)).json()["items"] == []


async def test_sources_are_read_one_at_a_time_and_who_sends_too_many_comes_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, let_go = threading.Event(), threading.Event()

    def slow(source: str, class_name: str | None) -> SourceReport:
        reading.set()
        let_go.wait(60)
        return inspect(source, class_name)

    monkeypatch.setattr("api.strategies.endpoints.inspect", slow)
    body = {"source": GOOD}
    first = asyncio.create_task(world.client.post(f"{BASE}/inspect", json=body))
    await eventually(reading.is_set, 60, "it is read")
    others = [asyncio.create_task(world.client.post(f"{BASE}/inspect", json=body)) for _ in range(5)]
    refused, _ = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED, timeout=60)
    (told,) = [problem_of(one.result(), 429, "too_many_requests") for one in refused]
    assert told["params"]["retry_after_seconds"] > 0
    assert all(int(one.result().headers["Retry-After"]) > 0 for one in refused)
    let_go.set()
    answers = await asyncio.gather(first, *others)
    assert [answer.status_code for answer in answers].count(200) == 5


async def test_versions_are_a_history_of_contents(world: World) -> None:
    strategy = await kept(world, note="first")
    assert (strategy["name"], strategy["owner_id"], strategy["head"]["number"]) == ("mine", OWNER, 1)
    versions = f"{BASE}/{strategy['id']}/versions"
    same = (await world.client.post(versions, json={"source": GOOD})).json()
    assert same["number"] == 1, "the same source is the same version"
    second = (await world.client.post(versions, json={"source": WIDER, "note": "wider", "expected_head": 1})).json()
    assert (second["number"], second["note"], second["class_name"]) == (2, "wider", "Mine")
    problem_of(await world.client.post(versions, json={"source": GOOD, "expected_head": 1}), 412)
    back = (await world.client.post(f"{BASE}/{strategy['id']}/roll-back", json={"version": 1})).json()
    assert (back["number"], back["rolled_back_to"], back["sha256"]) == (3, 1, strategy["head"]["sha256"])
    problem_of(await world.client.post(f"{BASE}/{strategy['id']}/roll-back", json={"version": 1}), 409)
    listed = (await world.client.get(versions)).json()["items"]
    assert [one["number"] for one in listed] == [3, 2, 1]
    assert (await world.client.get(f"{versions}/2")).json()["source"] == WIDER
    told = (await world.client.get(f"{BASE}/{strategy['id']}/diff", params={"before": "1", "after": "2"})).json()
    assert "-    stoploss = -0.1\n+    stoploss = -0.2\n" in told["diff"]
    problem_of(await kept_again(world), 409)


async def kept_again(world: World) -> httpx.Response:
    return await world.client.post(BASE, json={"name": "mine", "source": GOOD})


async def test_tags_name_versions_and_move(world: World) -> None:
    strategy_id = (await kept(world))["id"]
    await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": WIDER})
    tag = f"{BASE}/{strategy_id}/tags/good"
    assert (await world.client.put(tag, json={"version": 1})).json()["tags"] == ["good"]
    assert (await world.client.get(f"{BASE}/{strategy_id}/versions/good")).json()["number"] == 1
    assert (await world.client.put(tag, json={"version": "head"})).json()["number"] == 2
    assert (await world.client.get(f"{BASE}/{strategy_id}/versions/good")).json()["number"] == 2
    problem_of(await world.client.put(f"{BASE}/{strategy_id}/tags/head", json={"version": 1}), 422)
    for unknown in (2**31, 2**63, "9" * 30):
        problem_of(await world.client.put(f"{BASE}/{strategy_id}/tags/none", json={"version": unknown}), 404)
    assert (await world.client.delete(tag)).status_code == 204
    problem_of(await world.client.get(f"{BASE}/{strategy_id}/versions/good"), 404)


async def test_a_check_waits_and_says_for_what_then_a_pool_answers(world: World) -> None:
    strategy = await kept(world)
    assert (strategy["head"]["check"]["state"], strategy["head"]["check"]["facts"]) == ("waiting", None)
    assert "pool" in strategy["head"]["check"]["waits_for"]
    body = {"name": "early", "strategy": {"id": strategy["id"]}}
    told = problem_of(await world.client.post("/api/v1/bots", json=body), 409, "strategy_not_ready")
    assert told["params"]["check"] == "waiting"
    await world.agent.stop()
    async with checking(world):
        await eventually(lambda: waits_for(world, strategy["id"], "has not started"), 60, "the pool is down")
        await world.agent.start()
        await eventually(lambda: state_is(world, strategy["id"], "passed"), 60, "passed")
    assert [one.source for one in world.agent.checked] == [GOOD]


async def waits_for(world: World, strategy_id: str, text: str) -> bool:
    check = (await world.client.get(f"{BASE}/{strategy_id}")).json()["head"]["check"]
    return text in (check["waits_for"] or "")


async def state_is(world: World, strategy_id: str, state: str) -> bool:
    return bool((await world.client.get(f"{BASE}/{strategy_id}")).json()["head"]["check"]["state"] == state)


async def test_what_reading_refuses_is_kept_failed_and_no_pool_is_asked(world: World) -> None:
    strategy = await kept(world, "import os\n" + GOOD)
    assert strategy["head"]["check"]["state"] == "failed"
    body = {"name": "never", "strategy": {"id": strategy["id"]}}
    told = problem_of(await world.client.post("/api/v1/bots", json=body), 409, "strategy_not_ready")
    assert told["params"]["findings"][0]["line"] == 1
    unclear = await world.client.post(BASE, json={"name": "none", "source": "x = 1"})
    assert problem_of(unclear, 422)["params"]["findings"]
    assert world.agent.checked == []


async def test_what_a_pool_finds_keeps_bots_away(world: World) -> None:
    world.agent.findings = [Finding(code="trial", severity=Severity.ERROR, message="It failed: KeyError.", line=13)]
    strategy_id = (await kept(world))["id"]
    found = await checked(world, strategy_id)
    assert (found["check"]["state"], found["check"]["findings"][0]["line"]) == ("failed", 13)
    body = {"name": "never", "strategy": {"id": strategy_id}}
    assert "line 13" in problem_of(await world.client.post("/api/v1/bots", json=body), 409)["detail"]
    world.agent.findings = []
    again = await world.client.post(f"{BASE}/{strategy_id}/versions/1/check", json={"deep": True})
    assert (again.status_code, again.json()["check"]["state"], again.json()["check"]["deep"]) == (202, "waiting", True)
    assert (await checked(world, strategy_id))["check"]["state"] == "passed"
    assert world.agent.deep == [False, True]


async def test_a_bot_pins_a_version_and_runs_it_as_it_is(world: World) -> None:
    strategy_id = await passing(world)
    answer = await world.client.post("/api/v1/bots", json={"name": "own", "strategy": {"id": strategy_id}})
    assert answer.status_code == 201, answer.text
    bot = answer.json()
    assert bot["strategy"] == {"id": strategy_id, "version": 1}
    assert (bot["template"], bot["timeframe"], bot["parameters"]) == ("own", "15m", {})
    await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": WIDER})
    patched = await world.client.patch(f"/api/v1/bots/{bot['id']}", json={"max_open_trades": 2})
    assert patched.json()["strategy"]["version"] == 1
    async with world.rig.running():
        spec = await eventually(lambda: world.agent.specs.get(bot["id"]), 60, "put")
    assert (spec.strategy.source, spec.strategy.class_name) == (GOOD, "Mine")
    assert not {"stoploss", "minimal_roi", "trailing_stop", "order_types"} & spec.config.keys()
    async with world.rig.database.read() as session:
        assert (await session.get_one(BotModel, bot["id"])).pool_id == POOL, "its owner's"


async def test_what_a_bot_is_made_of_must_be_clear(world: World) -> None:
    strategy_id = await passing(world)

    async def refused(**body: Any) -> dict[str, Any]:
        return problem_of(await world.client.post("/api/v1/bots", json={"name": "x", **body}), 422)

    assert (await refused())["params"]["field"] == "template"
    assert (await refused(template="own"))["params"]["field"] == "strategy"
    assert (await refused(template="trend", strategy={"id": strategy_id}))["params"]["field"] == "strategy"
    assert (await refused(strategy={"id": "strategy-none"}))["params"]["field"] == "strategy.id"
    assert (await refused(strategy={"id": strategy_id, "version": 9}))["params"]["field"] == "strategy.version"
    world.agent.can_short = True
    short = (await kept(world, WIDER, "short"))["id"]
    await checked(world, short)
    assert (await refused(strategy={"id": short}))["params"]["field"] == "trading_mode"
    body = {"name": "f", "strategy": {"id": short}, "trading_mode": "futures", "pairs": ["BTC/USDT:USDT"]}
    assert (await world.client.post("/api/v1/bots", json=body)).status_code == 201


async def test_nobody_else_sees_it_until_it_is_shared(world: World) -> None:
    strategy_id = await passing(world)
    await world.change_user(OTHER, role="admin")
    pin = {"name": "theirs", "strategy": {"id": strategy_id}}
    async with world.client_of(OTHER) as other:
        assert (await other.get(BASE)).json()["items"] == []
        for path in ("", "/versions", "/versions/1", "/diff?before=1", "/shares", "/rollouts"):
            problem_of(await other.get(f"{BASE}/{strategy_id}{path}"), 404)
        problem_of(await other.delete(f"{BASE}/{strategy_id}"), 404)
        problem_of(await other.post("/api/v1/bots", json=pin), 422)
        share = f"{BASE}/{strategy_id}/shares/{OTHER}"
        assert (await world.client.put(share, json={"level": "view"})).status_code == 200
        assert (await other.get(f"{BASE}/{strategy_id}/versions/1")).json()["source"] == GOOD
        problem_of(await other.post("/api/v1/bots", json=pin), 422)
        assert (await world.client.put(share, json={"level": "use"})).json()["level"] == "use"
        made = await other.post("/api/v1/bots", json=pin)
        assert made.status_code == 201, made.text
        for method, path, body in (
            ("POST", "/versions", {"source": WIDER}),
            ("PUT", "/tags/x", {"version": 1}),
            ("PUT", f"/shares/{OWNER}", {"level": "use"}),
            ("DELETE", "", None),
        ):
            problem_of(await other.request(method, f"{BASE}/{strategy_id}{path}", json=body), 404)
        problem_of(await world.client.delete(f"{BASE}/{strategy_id}"), 409)
        assert (await world.client.delete(share)).status_code == 204
        problem_of(await other.get(f"{BASE}/{strategy_id}"), 404)
        bot = await other.get(f"/api/v1/bots/{made.json()['id']}")
        assert bot.json()["strategy"]["version"] == 1, "what runs goes on"
        problem_of(await other.post("/api/v1/bots", json={**pin, "name": "more"}), 422)


@pytest.mark.parametrize("how", ["archived", "unshared", "checked anew"])
async def test_what_became_of_a_strategy_while_a_bot_of_it_is_made_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Its pairs are looked up between choosing the version and making the bot, which takes a while."""
    strategy_id = await passing(world)
    share = f"{BASE}/{strategy_id}/shares/{OTHER}"
    await world.change_user(OTHER, role="trader")
    await world.client.put(share, json={"level": "use"})

    async def meanwhile(markets: FewMarkets, spec: BotSpec) -> None:
        match how:
            case "archived":
                answer = await world.client.delete(f"{BASE}/{strategy_id}")
            case "unshared":
                answer = await world.client.delete(share)
            case _:
                answer = await world.client.post(f"{BASE}/{strategy_id}/versions/1/check")
        assert answer.is_success

    monkeypatch.setattr(FewMarkets, "check_pairs", meanwhile)
    async with world.client_of(OTHER) as other:
        made = await other.post("/api/v1/bots", json={"name": "late", "strategy": {"id": strategy_id}})
        if how == "checked anew":
            problem_of(made, 409, "strategy_not_ready")
        else:
            assert problem_of(made, 422)["params"]["field"] == "strategy.id"
        assert (await other.get("/api/v1/bots")).json()["items"] == []


async def test_an_archived_one_is_gone_and_its_name_is_free(world: World) -> None:
    strategy_id = (await kept(world))["id"]
    assert (await world.client.delete(f"{BASE}/{strategy_id}")).status_code == 204
    problem_of(await world.client.get(f"{BASE}/{strategy_id}"), 404)
    assert (await kept(world))["id"] != strategy_id


async def test_archived_ones_are_listed_where_their_owner_asks_for_them(world: World) -> None:
    async def listed(client: httpx.AsyncClient, **query: Any) -> list[tuple[str, bool]]:
        items = (await client.get(BASE, params=query)).json()["items"]
        return [(one["id"], one["archived_at"] is not None) for one in items]

    old = (await kept(world))["id"]
    await world.client.put(f"{BASE}/{old}/shares/{OTHER}", json={"level": "use"})
    async with world.client_of(OTHER) as other:
        assert await listed(other, archived=True) == [(old, False)]
        assert (await world.client.delete(f"{BASE}/{old}")).status_code == 204
        assert await listed(other, archived=True) == [], "whom it was shared with"
    new = (await kept(world))["id"]
    assert await listed(world.client) == [(new, False)]
    assert await listed(world.client, archived=True) == [(old, True), (new, False)]
    first = (await world.client.get(BASE, params={"archived": True, "limit": 1})).json()
    assert await listed(world.client, archived=True, after=first["next"]) == [(new, False)]
    problem_of(await world.client.get(f"{BASE}/{old}"), 404)


async def test_a_viewer_reads_alone(world: World) -> None:
    await world.change_user(OWNER, role="viewer")
    problem_of(await kept_again(world), 403)
    assert (await world.client.post(f"{BASE}/inspect", json={"source": GOOD})).status_code == 200


class Bots:
    """Two running bots of one strategy with two versions, whose pool does as the test says."""

    def __init__(self, world: World, strategy_id: str, bot_ids: list[str]) -> None:
        self.world, self.strategy_id, self.ids = world, strategy_id, bot_ids
        self.silent = False
        """They report nothing, so that none is well."""

    async def report(self) -> None:
        while True:
            for bot_id in [] if self.silent else list(self.world.agent.slots):
                self.world.agent.tell_snapshot(bot_id, snapshot())
            await asyncio.sleep(0.1)

    async def start(self, **body: Any) -> dict[str, Any]:
        answer = await self.world.client.post(f"{BASE}/{self.strategy_id}/rollouts", json={"version": 2, **body})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def told(self, source: str) -> str:
        """The bot that was given this source first."""

        def look() -> str | None:
            return next((bot for bot in self.ids if self.world.agent.specs[bot].strategy.source == source), None)

        return str(await eventually(look, 60, "a bot is told"))

    async def ended(self, rollout_id: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = (await self.world.client.get(f"{BASE}/rollouts/{rollout_id}")).json()
            return None if found["state"] == "running" else found

        return await eventually(look, 60, "the roll-out has ended")  # type: ignore[return-value]

    async def versions(self) -> list[int]:
        answers = [await self.world.client.get(f"/api/v1/bots/{bot_id}") for bot_id in self.ids]
        return [answer.json()["strategy"]["version"] for answer in answers]


@contextlib.asynccontextmanager
async def running_bots(world: World) -> AsyncIterator[Bots]:
    strategy_id = await passing(world, GOOD, WIDER)
    ids = []
    for name in ("a", "b"):
        body = {"name": name, "strategy": {"id": strategy_id, "version": 1}}
        ids.append((await world.client.post("/api/v1/bots", json=body)).json()["id"])
    task = VersionTask(world.rig.database, world.rig.bus, LIMITS, interval_seconds=0.05)
    bots = Bots(world, strategy_id, ids)
    async with world.rig.running(intake=True), world.rig.tasks(task.run(), bots.report()):
        for bot_id in ids:
            await eventually(lambda bot_id=bot_id: seen_running(world, bot_id), 60, "running")
        yield bots


async def seen_running(world: World, bot_id: str) -> bool:
    view = await world.rig.view(bot_id)
    return view.status.observed_state == "running" and view.status.snapshot_at is not None


async def test_a_version_reaches_all_bots_one_after_another(world: World) -> None:
    async with running_bots(world) as bots:
        started = await bots.start()
        assert [leg["phase"] for leg in started["legs"]] == ["waiting", "waiting"]
        ended = await bots.ended(started["id"])
        assert (ended["state"], [leg["phase"] for leg in ended["legs"]]) == ("done", ["done", "done"])
        assert await bots.versions() == [2, 2]
        assert {world.agent.specs[bot_id].strategy.source for bot_id in bots.ids} == {WIDER}
        told = (await world.client.get(f"/api/v1/bots/{bots.ids[0]}/events?type=bot.strategy")).json()["items"]
        assert [(one["data"]["version"], one["data"]["from_version"], one["data"]["back"]) for one in told] == [
            (2, 1, False)
        ]


async def test_the_canary_that_cannot_boot_goes_back_by_itself_and_the_other_is_left_alone(world: World) -> None:
    async with running_bots(world) as bots:
        bots.silent = True
        started = await bots.start()
        canary = await bots.told(WIDER)
        world.agent.set_state(canary, ObservedState.FAILED, [ConditionType.BOOT_FAILED])
        ended = await bots.ended(started["id"])
        assert ended["state"] == "stopped"
        assert "went back" in ended["problem"]
        assert sorted(leg["phase"] for leg in ended["legs"]) == ["back", "waiting"]
        assert await bots.versions() == [1, 1]
        await eventually(lambda: world.agent.specs[canary].strategy.source == GOOD, 60, "back in the pool")
        told = (await world.client.get(f"/api/v1/bots/{canary}/events?type=bot.strategy")).json()["items"]
        assert [one["data"]["back"] for one in told] == [True, False]
        audit = (await world.client.get("/api/v1/audit", params={"subject": f"bot/{canary}"})).json()["items"]
        assert {"bot.strategy", "bot.strategy_back"} <= {one["action"] for one in audit}


async def test_one_bot_is_given_a_version_and_others_keep_theirs(world: World) -> None:
    async with running_bots(world) as bots:
        one, path = bots.ids[0], f"/api/v1/bots/{bots.ids[0]}/strategy"
        started = await world.client.post(path, json={"version": 2, "why": "try it"})
        assert started.status_code == 202, started.text
        assert [leg["bot_id"] for leg in started.json()["legs"]] == [one]
        assert (await bots.ended(started.json()["id"]))["state"] == "done"
        assert await bots.versions() == [2, 1]
        problem_of(await world.client.post(path, json={"version": 2}), 422)
        async with world.client_of(OTHER) as other:
            problem_of(await other.post(path, json={"version": 1}), 404)
            problem_of(await other.get(f"{BASE}/rollouts/{started.json()['id']}"), 404)


@pytest.mark.parametrize(("chosen", "timeframes"), [(None, ["15m", "1h", "15m"]), ("5m", ["5m", "5m", "5m"])])
async def test_a_bot_trades_on_what_its_version_says_there_and_back(
    world: World, chosen: str | None, timeframes: list[str]
) -> None:
    """FreqTrade's configuration overrides a strategy; one whose user chose another timeframe keeps it."""
    strategy_id = await passing(world)
    world.agent.timeframe = "1h"
    await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": WIDER})
    assert (await checked(world, strategy_id))["check"]["facts"]["timeframe"] == "1h"
    body = {"name": "a", "strategy": {"id": strategy_id, "version": 1}, **({"timeframe": chosen} if chosen else {})}
    bot_id = (await world.client.post("/api/v1/bots", json=body)).json()["id"]
    task = VersionTask(world.rig.database, world.rig.bus, LIMITS)

    async def now() -> tuple[str, int]:
        bot = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()
        return bot["timeframe"], bot["strategy"]["version"]

    seen = [await now()]
    started = await world.client.post(f"/api/v1/bots/{bot_id}/strategy", json={"version": 2})
    async with world.rig.database.unit_of_work() as session:
        status = await session.get_one(BotStatusModel, bot_id)
        status.observed_state = "running"  # so that there is something to go back to
    await task.tick()
    seen.append(await now())
    assert (await world.client.post(f"{BASE}/rollouts/{started.json()['id']}/abort")).status_code == 202
    await task.tick()
    seen.append(await now())
    assert seen == list(zip(timeframes, [1, 2, 1], strict=True))


async def test_what_a_bot_was_told_itself_comes_back_with_its_version(world: World) -> None:
    """Also where the version between said the same by chance."""
    strategy_id = await passing(world)
    world.agent.timeframe = "5m"
    await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": WIDER})
    await checked(world, strategy_id)
    body = {"name": "a", "strategy": {"id": strategy_id, "version": 1}, "timeframe": "5m"}
    bot_id = (await world.client.post("/api/v1/bots", json=body)).json()["id"]
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(BotStatusModel, bot_id)).observed_state = "running"
    started = await world.client.post(f"/api/v1/bots/{bot_id}/strategy", json={"version": 2})
    task = VersionTask(world.rig.database, world.rig.bus, LIMITS)
    await task.tick()
    await world.client.post(f"{BASE}/rollouts/{started.json()['id']}/abort")
    await task.tick()
    bot = (await world.client.get(f"/api/v1/bots/{bot_id}")).json()
    assert (bot["timeframe"], bot["strategy"]["version"]) == ("5m", 1)


async def test_a_timeframe_that_no_bot_has_is_not_rolled_out(world: World) -> None:
    strategy_id = await passing(world)
    world.agent.timeframe = "7m"
    await world.client.post(f"{BASE}/{strategy_id}/versions", json={"source": WIDER})
    await checked(world, strategy_id)
    body = {"name": "a", "strategy": {"id": strategy_id, "version": 1}}
    assert (await world.client.post("/api/v1/bots", json=body)).status_code == 201
    told = problem_of(await world.client.post(f"{BASE}/{strategy_id}/rollouts", json={"version": 2}), 422)
    assert (told["params"]["field"], "7m" in told["detail"]) == ("version", True)


@pytest.mark.parametrize("how", ["unshared", "failed"])
async def test_a_version_that_may_not_be_given_any_more_reaches_no_further_bot(world: World, how: str) -> None:
    strategy_id = await passing(world, GOOD, WIDER)
    await world.change_user(OTHER, role="trader")
    share = f"{BASE}/{strategy_id}/shares/{OTHER}"
    await world.client.put(share, json={"level": "use"})
    task = VersionTask(world.rig.database, world.rig.bus, LIMITS)
    async with world.client_of(OTHER) as other:
        body = {"name": "a", "strategy": {"id": strategy_id, "version": 1}}
        bot_id = (await other.post("/api/v1/bots", json=body)).json()["id"]
        started = (await other.post(f"{BASE}/{strategy_id}/rollouts", json={"version": 2})).json()
        if how == "unshared":
            assert (await world.client.delete(share)).status_code == 204
        else:
            assert (await world.client.post(f"{BASE}/{strategy_id}/versions/2/check")).status_code == 202
            await task.tick()
            assert (await other.get(f"{BASE}/rollouts/{started['id']}")).json()["state"] == "running", "it waits"
            world.agent.findings = [Finding(code="trial", severity=Severity.ERROR, message="It fails.")]
            await checked(world, strategy_id, 2)
        await task.tick()
        ended = (await other.get(f"{BASE}/rollouts/{started['id']}")).json()
        assert (ended["state"], ended["legs"][0]["phase"]) == ("stopped", "waiting")
        assert ("not shared" if how == "unshared" else "It fails.") in ended["problem"]
        assert (await other.get(f"/api/v1/bots/{bot_id}")).json()["strategy"]["version"] == 1


async def test_an_aborted_roll_out_brings_back_the_one_under_way(world: World) -> None:
    async with running_bots(world) as bots:
        bots.silent = True
        started = await bots.start()
        canary = await bots.told(WIDER)
        problem_of(await world.client.post(f"{BASE}/{bots.strategy_id}/rollouts", json={"version": 1}), 409)
        assert (await bots.start())["id"] == started["id"], "the same is under way"
        assert (await world.client.post(f"{BASE}/rollouts/{started['id']}/abort")).status_code == 202
        ended = await bots.ended(started["id"])
        assert ended["state"] == "aborted"
        assert {leg["bot_id"]: leg["phase"] for leg in ended["legs"]}[canary] == "back"
        assert await bots.versions() == [1, 1]
        listed = (await world.client.get(f"{BASE}/{bots.strategy_id}/rollouts")).json()["items"]
        assert [one["id"] for one in listed] == [started["id"]]
