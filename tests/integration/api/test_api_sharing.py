"""Shares over the API: what is not shared is not there, what is shared to look at is not steered, and what is taken
away is gone for whatever begins afterwards."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.bots import service as bots
from orchestrator.kit import lately
from tests.integration.api.test_api_pools import admin
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of
from tests.unit.rules.test_strategy_source import GOOD

__all__ = ["admin"]
SHARES = "/api/v1/shares"


async def share(client: httpx.AsyncClient, user: str, level: str = "view", bot_id: str | None = None) -> str:
    body: dict[str, Any] = {"user": user, "level": level, "what": "portfolio" if bot_id is None else "bot"}
    answer = await client.post(SHARES, json=body | ({} if bot_id is None else {"bot_id": bot_id}))
    assert answer.status_code == 201, answer.text
    share_id: str = answer.json()["id"]
    return share_id


@pytest.fixture
async def other(world: World) -> Any:
    async with world.client_of(OTHER) as client:
        yield client


async def test_nobody_learns_who_is_here_by_naming_everybody(world: World, other: httpx.AsyncClient) -> None:
    strategy = await world.client.post("/api/v1/strategies", json={"name": "mine", "source": GOOD})
    assert strategy.status_code == 201, strategy.text
    of_strategy = f"/api/v1/strategies/{strategy.json()['id']}/shares"
    for number in range(15):
        refused = await world.client.post(
            SHARES, json={"user": f"guess-{number}", "what": "portfolio", "level": "view"}
        )
        assert problem_of(refused, 422)["params"]["field"] == "user"
        problem_of(await world.client.put(f"{of_strategy}/guess-{number}", json={"level": "view"}), 422)
    body = {"user": OTHER, "what": "portfolio", "level": "view"}
    answer = problem_of(await world.client.post(SHARES, json=body), 429, "too_many_requests")
    assert OTHER not in answer["detail"]
    problem_of(await world.client.put(f"{of_strategy}/{OTHER}", json={"level": "view"}), 429)
    await share(other, OWNER)


def _paths(bot_id: str) -> dict[str, list[tuple[str, str, Any]]]:
    """Requests about a bot by the access that they take."""
    bot = f"/api/v1/bots/{bot_id}"
    return {
        "view": [
            ("GET", bot, None), ("GET", f"{bot}/events", None), ("GET", f"{bot}/history", None),
            ("GET", f"{bot}/logs", None), ("GET", f"{bot}/freqtrade/api/v1/status", None),
        ],
        "operate": [
            ("POST", f"{bot}/pause", None), ("POST", f"{bot}/resume", None), ("POST", f"{bot}/restart", None),
            ("POST", "/api/v1/risk/halt", {"scope": "bot", "bot_id": bot_id}),
        ],
        "own": [("PATCH", bot, {"timeframe": "5m"}), ("DELETE", bot, None)],
    }  # fmt: skip


def _all(paths: dict[str, list[tuple[str, str, Any]]]) -> list[tuple[str, str, Any]]:
    return [one for some in paths.values() for one in some]


async def _statuses(client: httpx.AsyncClient, asked: list[tuple[str, str, Any]]) -> set[int]:
    return {(await client.request(method, path, json=body)).status_code for method, path, body in asked}


async def test_levels_open_what_they_say_and_nothing_else(world: World, other: httpx.AsyncClient) -> None:
    bot_id = await world.placed()
    hidden = (await world.create("hidden"))["id"]
    paths = _paths(bot_id)
    assert await _statuses(other, _all(paths)) == {404}
    share_id = await share(world.client, OTHER, "view", bot_id)
    told = (await other.get(f"/api/v1/bots/{bot_id}")).json()
    assert (told["owner"], told["access"]) == (OWNER, "view")
    assert (await other.get("/api/v1/bots")).json()["items"] == [told]
    assert not {401, 403, 404} & await _statuses(other, paths["view"])
    refused = await _statuses(other, [*paths["operate"][:3], *paths["own"]])
    assert refused == {403}
    assert await _statuses(other, paths["operate"][3:]) <= {403, 404}
    assert (await world.client.patch(f"{SHARES}/{share_id}", json={"level": "operate"})).status_code == 200
    assert (await other.get(f"/api/v1/bots/{bot_id}")).json()["access"] == "operate"
    assert await _statuses(other, paths["operate"]) == {202}
    assert await _statuses(other, paths["own"]) == {403}
    assert await _statuses(other, _all(_paths(hidden))) == {404}
    assert (await world.client.delete(f"{SHARES}/{share_id}")).status_code == 204
    assert await _statuses(other, _all(paths)) == {404}
    assert (await other.get("/api/v1/bots")).json()["items"] == []


async def test_what_is_taken_away_is_gone_for_the_relay_however_soon_it_is_asked_again(
    world: World, other: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FRESH_SECONDS", "_RENEWED_SECONDS"):
        monkeypatch.setattr(lately, name, 3600)
    bot_id = await world.placed()
    relayed = f"/api/v1/bots/{bot_id}/freqtrade/api/v1"
    share_id = await share(world.client, OTHER, "operate", bot_id)
    assert (await other.post(f"{relayed}/reload_config")).status_code == 200
    assert (await world.client.patch(f"{SHARES}/{share_id}", json={"level": "view"})).status_code == 200
    assert (await other.get(f"{relayed}/status")).status_code == 200
    assert (await other.post(f"{relayed}/reload_config")).status_code == 403
    assert (await world.client.delete(f"{SHARES}/{share_id}")).status_code == 204
    assert (await other.get(f"{relayed}/status")).status_code == 404


async def test_a_viewers_role_bounds_what_is_shared_with_him(world: World, other: httpx.AsyncClient) -> None:
    bot_id = await world.placed()
    await share(world.client, OTHER, "operate", bot_id)
    await world.change_user(OTHER, role="viewer")
    world.app.state.auth.principals.forget_user(OTHER)
    assert (await other.get(f"/api/v1/bots/{bot_id}")).status_code == 200
    problem_of(await other.post(f"/api/v1/bots/{bot_id}/pause"), 403, "not_allowed")
    problem_of(await other.post(SHARES, json={"user": OWNER, "what": "portfolio", "level": "operate"}), 403)


async def test_a_shared_portfolio_has_the_bots_to_come_and_is_read_by_name(
    world: World, other: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    for path in ("", "/history", "/sparklines", "/stream"):
        refused = problem_of(await other.get(f"/api/v1/portfolio{path}", params={"user": OWNER}), 404)
        unknown = problem_of(await other.get(f"/api/v1/portfolio{path}", params={"user": "nobody"}), 404)
        assert refused["detail"] == unknown["detail"]
    single = await share(world.client, OTHER, "view", (await world.create("single"))["id"])
    problem_of(await other.get("/api/v1/portfolio", params={"user": OWNER}), 404)
    await world.client.delete(f"{SHARES}/{single}")
    await share(world.client, OTHER)
    later = await world.create("later")
    assert (await other.get(f"/api/v1/bots/{later['id']}")).json()["access"] == "view"
    told = (await other.get("/api/v1/portfolio", params={"user": OWNER})).json()
    assert {bot["name"] for bot in told["bots"]} == {"single", "later"}
    lines = (await other.get("/api/v1/portfolio/sparklines", params={"user": OWNER})).json()["items"]
    assert {line["bot_id"] for line in lines} == {bot["id"] for bot in told["bots"]}
    assert (await other.get("/api/v1/portfolio")).json()["bots"] == []
    assert (await admin.get("/api/v1/portfolio", params={"user": OWNER})).json()["bots"]
    problem_of(await world.client.get("/api/v1/portfolio", params={"user": OTHER}), 404)


async def test_shares_are_of_what_is_ones_own_and_seen_by_both_alone(
    world: World, other: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    await world.rig.add_user("user-three")
    bot_id = (await world.create())["id"]
    share_id = await share(world.client, OTHER, "operate", bot_id)
    for body, field in (
        ({"user": "user-three", "what": "bot", "bot_id": bot_id}, "bot_id"),  # got, and not to be handed on
        ({"user": "user-three", "what": "bot"}, "bot_id"),
        ({"user": "user-three", "what": "portfolio", "bot_id": bot_id}, "bot_id"),
        ({"user": OTHER, "what": "portfolio"}, "user"),
        ({"user": "nobody", "what": "portfolio"}, "user"),
    ):
        assert problem_of(await other.post(SHARES, json=body), 422)["params"]["field"] == field
    problem_of(await world.client.post(SHARES, json={"user": OTHER, "what": "bot", "bot_id": bot_id}), 409)
    (given,) = (await world.client.get(SHARES)).json()["items"]
    (got,) = (await other.get(SHARES)).json()["items"]
    assert (given["given"], got["given"]) == (True, False)
    assert (given["owner"], given["user"], given["bot_name"]) == (OWNER, OTHER, "one")
    problem_of(await other.patch(f"{SHARES}/{share_id}", json={"level": "view"}), 403)
    async with world.client_of("user-three") as third:
        assert (await third.get(SHARES)).json()["items"] == []
        problem_of(await third.patch(f"{SHARES}/{share_id}", json={"level": "view"}), 404)
        problem_of(await third.delete(f"{SHARES}/{share_id}"), 404)
    assert (await other.delete(f"{SHARES}/{share_id}")).status_code == 204
    assert (await world.client.get(SHARES)).json()["items"] == []


async def test_a_deleted_bot_is_shared_with_nobody(world: World, other: httpx.AsyncClient) -> None:
    bot_id = (await world.create())["id"]
    await share(world.client, OTHER, "view", bot_id)
    await world.client.delete(f"/api/v1/bots/{bot_id}")
    async with world.rig.database.unit_of_work() as session:
        await bots.mark_deleted(session, [bot_id])
    assert (await other.get(SHARES)).json()["items"] == []


async def test_a_token_hands_nothing_on_and_single_bots_stay_single(world: World, other: httpx.AsyncClient) -> None:
    one, two = (await world.create("one"))["id"], (await world.create("two"))["id"]
    body = {"name": "t", "scopes": ["read", "trade"], "bot_ids": [one]}
    token = (await world.client.post("/api/v1/tokens", json=body)).json()["token"]
    async with world.client_of(None) as program:
        program.headers["Authorization"] = f"Bearer {token}"
        assert [bot["id"] for bot in (await program.get("/api/v1/bots")).json()["items"]] == [one]
        problem_of(await program.get(f"/api/v1/bots/{two}"), 404)
        for method, path in (
            ("GET", SHARES),
            ("POST", SHARES),
            ("GET", "/api/v1/tokens"),
            ("GET", "/api/v1/portfolio"),
        ):
            problem_of(await program.request(method, path, json={"user": OTHER, "what": "portfolio"}), 403)
    problem_of(await other.post("/api/v1/tokens", json=body), 422, "invalid_spec")
    refused = await world.client.post("/api/v1/tokens", json={**body, "bot_ids": None, "scopes": ["admin"]})
    assert problem_of(refused, 422)["params"]["field"] == "scopes"


class Race:
    """Grants and removals while somebody reads; knows at each moment which answers are right."""

    def __init__(self, world: World, other: httpx.AsyncClient, bot_id: str) -> None:
        self.world, self.other, self.bot_id = world, other, bot_id
        self.shares: list[str] = []
        self.right = {False}
        """Whether the bot is shared; both while that changes."""
        self.reading: list[set[bool]] = []
        """By read that goes on, what was right since it began."""

    async def play(self, plan: list[str]) -> None:
        reads: list[asyncio.Task[None]] = []
        for step in plan:
            if step in ("read", "list"):
                path = f"/api/v1/bots/{self.bot_id}" if step == "read" else "/api/v1/bots"
                reads.append(asyncio.create_task(self.read(path)))
                await asyncio.sleep(0)
            elif step == "take":
                await self.take()
            else:
                await self.grant(step)
        await asyncio.gather(*reads)
        while self.shares:
            await self.take()

    async def read(self, path: str) -> None:
        right = set(self.right)
        self.reading.append(right)
        answer = await self.other.get(path)
        self.reading.remove(right)
        found = answer.status_code == 200 and (path.endswith(self.bot_id) or bool(answer.json()["items"]))
        assert found in right

    async def grant(self, what: str) -> None:
        body: dict[str, Any] = {"user": OTHER, "what": what}
        self.turns(True, bool(self.shares))
        answer = await self.world.client.post(SHARES, json=body | ({"bot_id": self.bot_id} if what == "bot" else {}))
        if answer.status_code == 201:
            self.shares.append(answer.json()["id"])
        self.turns(bool(self.shares))

    async def take(self) -> None:
        if self.shares:
            share_id = self.shares.pop()
            self.turns(True, bool(self.shares))
            await self.world.client.delete(f"{SHARES}/{share_id}")
            self.turns(bool(self.shares))

    def turns(self, *right: bool) -> None:
        self.right = set(right)
        for one in self.reading:
            one.update(right)


def test_whoever_asks_after_a_removal_does_not_see_what_was_shared(tmp_path: Path) -> None:
    """Grants and removals race with reads; each answer is one that was right while it was asked for."""
    steps = st.sampled_from(["bot", "portfolio", "take", "take", "read", "read", "list"])
    with asyncio.Runner() as runner, contextlib.ExitStack() as ending:
        stack = contextlib.AsyncExitStack()
        ending.callback(lambda: runner.run(stack.aclose()))

        async def opened() -> Race:
            world = await stack.enter_async_context(open_world(tmp_path))
            other = await stack.enter_async_context(world.client_of(OTHER))
            return Race(world, other, (await world.create())["id"])

        race = runner.run(opened())

        @settings(max_examples=20, deadline=None, database=None)
        @given(st.lists(steps, min_size=2, max_size=12))
        def plays(plan: list[str]) -> None:
            runner.run(race.play(plan))

        plays()
