"""What is asked of exchanges, through the API: who is told how much of it."""

from typing import Any

import httpx
import pytest

from orchestrator.exchanges.traffic import Traffic
from orchestrator.kit.clock import utc_now
from pool.contract.market import INCARNATION_HEADER, BudgetState, ExchangeState, FeedState, GatewayState
from tests.integration.api.world import OWNER, World, problem_of

URL = "/api/v1/exchanges/traffic"
NOW = utc_now()
STATE = GatewayState(
    incarnation="i", started_at=NOW, memory_bytes=90_000_000, cached_bytes=1000, cached_answers=7,
    problems=["The disk is full."],
    feeds=[FeedState(exchange="kraken", market="spot", way="polling", symbols=2, told=1, age_ms=420)],
    exchanges=[
        ExchangeState(
            exchange="kraken", breaker="open", reason="Five requests failed.", retry_at=NOW, requests=0, hits=0,
            joined=0, upstream=0, failures=0, refused_upstream=0,
        ),
        ExchangeState(
            exchange="binance", breaker="closed", clock_skew_ms=-12, requests=100, hits=80, joined=15, upstream=5,
            failures=1, refused_upstream=0,
            budgets=[
                BudgetState(
                    authority="api.binance.com", used=1200, limit=6000, window_seconds=60, refused=3, waiting=2
                )
            ],
        ),
    ],
)  # fmt: skip


WHY = "The market-data gateway ended with status 1: /home/f/gateway cannot be written."


async def found() -> str | None:
    return "http://gateway:9100"


@pytest.fixture
def gateway(world: World) -> dict[str, Any]:
    """What it answers; it is asked anew each time."""
    told: dict[str, Any] = {"content": STATE.model_dump_json(), "status_code": 200}
    clock = iter(range(0, 10_000, 100))
    transport = httpx.MockTransport(lambda _: httpx.Response(headers={INCARNATION_HEADER: "i"}, **told))
    traffic = Traffic(found, transport, lambda: float(next(clock)), lambda: WHY)
    object.__setattr__(world.app.state.services, "traffic", traffic)
    return told


async def told(world: World) -> dict[str, Any]:
    answer = await world.client.get(URL)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.usefixtures("gateway")
async def test_everybody_sees_which_exchange_can_be_asked_and_nobody_else_s_figures(world: World) -> None:
    found = await told(world)
    assert (found["available"], found["problem"], found["gateway"]) == (True, None, None)
    kraken, binance = sorted(found["exchanges"], key=lambda one: str(one["breaker"]), reverse=True)
    assert kraken == {
        "exchange": "kraken", "breaker": "open", "reason": "Five requests failed.",
        "retry_at": NOW.isoformat().replace("+00:00", "Z"), "clock_skew_ms": None, "figures": None,
    }  # fmt: skip
    assert (binance["exchange"], binance["breaker"], binance["figures"]) == ("binance", "closed", None)
    assert [one["exchange"] for one in found["exchanges"]] == ["binance", "kraken"]


@pytest.mark.usefixtures("gateway")
async def test_administrators_see_all_of_it(world: World) -> None:
    await world.change_user(OWNER, role="admin")
    found = await told(world)
    binance, kraken = found["exchanges"]
    assert binance["figures"] == {
        "requests": 100, "hits": 80, "joined": 15, "hit_rate": 0.95, "upstream": 5, "failures": 1,
        "refused_upstream": 0, "refused_here": 3,
        "budgets": [
            {
                "authority": "api.binance.com", "used": 1200, "limit": 6000, "window_seconds": 60, "refused": 3,
                "waiting": 2,
            }
        ],
    }  # fmt: skip
    assert kraken["figures"]["hit_rate"] is None
    assert found["gateway"] == {
        "started_at": NOW.isoformat().replace("+00:00", "Z"), "memory_bytes": 90_000_000, "cached_bytes": 1000,
        "cached_answers": 7, "problems": ["The disk is full."],
        "feeds": [
            {
                "exchange": "kraken", "market": "spot", "way": "polling", "symbols": 2, "told": 1, "age_ms": 420,
                "problem": None,
            }
        ],
    }  # fmt: skip
    figures = (await world.client.get("/metrics")).text
    assert 'flotilla_exchange_breaker{exchange="kraken",state="open"} 1.0' in figures


async def test_a_gateway_that_is_away_is_told_in_a_sentence(world: World, gateway: dict[str, Any]) -> None:
    await world.change_user(OWNER, role="admin")
    gateway["status_code"] = 503
    found = await told(world)
    assert found["problem"].endswith(f"until it does. {WHY}")
    assert (found["available"], found["exchanges"], found["gateway"]) == (False, [], None)
    assert "bots ask exchanges themselves" in found["problem"]
    assert "flotilla_gateway_up 0.0" in (await world.client.get("/metrics")).text


async def test_why_it_is_away_may_name_paths_and_is_for_administrators(world: World, gateway: dict[str, Any]) -> None:
    gateway["status_code"] = 503
    assert (await told(world))["problem"].endswith("until it does.")


async def test_without_one_that_is_told_too_and_nobody_in_particular_is_told_nothing(world: World) -> None:
    assert "FLOTILLA_ORCH_GATEWAY" in (await told(world))["problem"]
    problem_of(await world.client_of(None).get(URL), 401, "unauthenticated")
