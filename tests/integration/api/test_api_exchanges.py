"""Exchanges and their pairs through the API: what can be chosen and searched, and what stands in the way of live."""

from typing import Any

import pytest
from pydantic import SecretStr

from orchestrator.errors import KeyRejected
from orchestrator.exchange_keys.checks import KNOWN, Checks
from pool.contract.slots import ExchangeCredentials
from tests.integration.api.test_api_exchange_keys import entered
from tests.integration.api.world import OWNER, World, problem_of

BASE = "/api/v1/exchanges"


async def exchanges(world: World) -> dict[str, dict[str, Any]]:
    answer = await world.client.get(BASE)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["items"]}


async def test_what_is_listed_is_what_a_bot_may_name(world: World) -> None:
    found = await exchanges(world)
    assert next(iter(found)) == "paper"
    assert found["paper"]["trading_modes"] == ["spot", "futures"]
    assert [name for name, one in found.items() if one["lists_pairs"]] == ["paper"]
    for number, (exchange, mode) in enumerate(
        (exchange, mode) for exchange in ("paper", "kraken") for mode in ("spot", "futures")
    ):
        body = {"name": f"one-{number}", "template": "trend", "exchange": exchange, "trading_mode": mode}
        created = (await world.client.post("/api/v1/bots", json=body)).status_code == 201
        assert created == (mode in found[exchange]["trading_modes"])


async def test_whose_keys_are_taken_is_what_checks_can_ask(world: World) -> None:
    found = await exchanges(world)
    assert {name for name, one in found.items() if one["takes_keys"]} == KNOWN
    assert {name for name, one in found.items() if one["has_passphrase"]} == {"okx"}
    refused = Checks(lambda: None).check("kraken", ExchangeCredentials(key=SecretStr("k"), secret=SecretStr("s")))
    with pytest.raises(KeyRejected):
        await refused
    assert not found["kraken"]["takes_keys"]


async def test_live_says_all_that_is_in_its_way(world: World) -> None:
    live = (await exchanges(world))["binance"]["live"]
    assert (live["possible"], len(live["why_not"])) == (False, 2)
    assert "administrator" in live["why_not"][0]
    assert "no key" in live["why_not"][1]
    await world.change_user(OWNER, may_trade_live=True)
    await entered(world)
    found = await exchanges(world)
    assert found["binance"]["live"] == {"possible": True, "why_not": []}
    assert "enter one" in found["paper"]["live"]["why_not"][0]
    assert "does not read accounts" in found["okx"]["live"]["why_not"][0]
    assert "takes no keys" in found["kraken"]["live"]["why_not"][0]


async def test_pairs_are_searched_and_what_cannot_be_asked_is_not_known(world: World) -> None:
    found = (await world.client.get(f"{BASE}/paper/pairs", params={"search": "eth", "quote": "USDT"})).json()
    pair = {"pair": "ETH/USDT", "base": "ETH", "quote": "USDT"}
    assert found == {"known": True, "items": [pair], "total": 1, "next": None}
    futures = (await world.client.get(f"{BASE}/paper/pairs", params={"trading_mode": "futures", "limit": 2})).json()
    assert ([one["pair"] for one in futures["items"]], futures["total"]) == (["BTC/USDT:USDT", "ETH/USDT:USDT"], 3)
    assert futures["items"][0]["quote"] == "USDT"
    unknown = (await world.client.get(f"{BASE}/kraken/pairs", params={"search": "btc"})).json()
    assert unknown == {"known": False, "items": [], "total": 0, "next": None}


async def test_what_there_is_not_is_refused(world: World) -> None:
    problem_of(await world.client.get(f"{BASE}/nowhere/pairs"), 404)
    told = problem_of(await world.client.get(f"{BASE}/kraken/pairs", params={"trading_mode": "futures"}), 422)
    assert told["params"]["field"] == "trading_mode"
