"""What is known of the gateway: one answer for all who ask, a sentence where there is none."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from orchestrator.exchanges import traffic as traffic_module
from orchestrator.exchanges.traffic import Traffic
from orchestrator.kit.clock import utc_now
from pool.contract.market import INCARNATION_HEADER, GatewayState

STATE = GatewayState(incarnation="i", started_at=utc_now(), memory_bytes=1, cached_bytes=2, cached_answers=3)


class Gateway:
    """Answers `body`; counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.body: bytes = STATE.model_dump_json().encode()
        self.status, self.headers = 200, {INCARNATION_HEADER: "i"}
        self.why: str | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        await asyncio.sleep(0)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status, content=self.body, headers=self.headers)


async def found() -> str | None:
    return "http://gateway:9100/"


async def nowhere() -> str | None:
    return None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def traffic(gateway: Gateway, clock: Clock) -> Traffic:
    return Traffic(found, httpx.MockTransport(gateway), clock, lambda: gateway.why)


async def test_all_who_ask_within_moments_share_one_answer(traffic: Traffic, gateway: Gateway, clock: Clock) -> None:
    looks = await asyncio.gather(*(traffic.look() for _ in range(5)))
    assert [look.state for look in looks] == [STATE] * 5
    assert gateway.asked == ["http://gateway:9100/v1/state"]
    clock.now = 2.9
    await traffic.look()
    assert len(gateway.asked) == 1
    clock.now = 3.0
    await traffic.look()
    assert len(gateway.asked) == 2


async def test_one_that_does_not_answer_is_not_asked_by_everybody_and_found_again(
    traffic: Traffic, gateway: Gateway, clock: Clock
) -> None:
    gateway.status = 0
    looks = [await traffic.look() for _ in range(3)]
    assert all(look.state is None and "does not answer" in str(look.problem) and look.wanted for look in looks)
    assert len(gateway.asked) == 1
    gateway.why, clock.now = "The market-data gateway ended with status 1: no port.", 3.0
    look = await traffic.look()
    assert look.problem == looks[0].problem, "for everybody"
    assert look.whole_problem == f"{look.problem} {gateway.why}"
    gateway.status, clock.now = 200, 6.0
    look = await traffic.look()
    assert (look.state, look.problem, look.whole_problem) == (STATE, None, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 503},
        {"headers": {}},
        {"body": b"{"},
        {"body": json.dumps({"incarnation": "i"}).encode()},
        {"body": b" " * (traffic_module._MOST_BYTES + 1) + STATE.model_dump_json().encode()},
    ],
)
async def test_what_is_no_state_of_a_gateway_is_none(
    traffic: Traffic, gateway: Gateway, changed: dict[str, Any]
) -> None:
    for name, value in changed.items():
        setattr(gateway, name, value)
    assert (await traffic.look()).state is None


async def test_where_there_is_none_nobody_is_asked() -> None:
    look = await Traffic(None).look()
    assert (look.state, look.wanted) == (None, False)
    assert "FLOTILLA_ORCH_GATEWAY" in str(look.problem)
    not_yet = await Traffic(nowhere).look()
    assert (not_yet.state, not_yet.wanted) == (None, True)
