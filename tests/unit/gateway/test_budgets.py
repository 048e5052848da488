"""The shell that waits around budgets."""

import asyncio
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from pool.contract.market import Priority
from pool.exchange.gateway import authority as authority_module
from pool.exchange.gateway.budget import Budgets
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.tables import Table, Tables
from tests.unit.gateway.asker import MINUTE


@dataclass
class Shell:
    """Budgets with a clock of its own, of one exchange."""

    tables: Tables
    monotonic: float = 1_000.0
    wall: float = MINUTE

    def __post_init__(self) -> None:
        self.budgets = Budgets(self.tables, lambda: self.monotonic, lambda: self.wall, lambda: 0.0)

    def admit(self, priority: Priority = "data", patience: float = 5.0, authority: str = "api.example") -> Any:
        return self.budgets.admit(
            "one", authority, "GET", "/api/one", "", priority, None, "127.0.0.1", self.monotonic + patience
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    endpoints = [{"method": "GET", "url": "https://api.example/api/one", "cost": 0.2}]
    told = {"rate_limit_ms": 50, "window_ms": 0, "origins": ["https://api.example"], "endpoints": endpoints}
    tables = Tables(tmp_path)
    tables._tables["one"] = Table(told)
    return Shell(tables)


def used(weight: int, shell: Shell) -> dict[str, str]:
    at = shell.wall + shell.monotonic - 1_000.0
    return {"X-MBX-USED-WEIGHT-1M": str(weight), "Date": formatdate(at, usegmt=True)}


async def test_leave_is_given_told_and_shown(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(7, shell), shell.monotonic)
    [budget] = shell.budgets.budgets("one")
    assert (budget.authority, budget.used, budget.limit, budget.window_seconds) == ("api.example", 7.0, 6000.0, 60.0)
    assert shell.budgets.breaking("one").state == "closed"
    assert shell.budgets.budgets("other") == []


@pytest.mark.parametrize("authority", ["elsewhere.example", "api.example.evil.example", "API.EXAMPLE:81"])
async def test_another_host_is_refused(shell: Shell, authority: str) -> None:
    with pytest.raises(Refused) as refused:
        await shell.admit(authority=authority)
    assert (refused.value.refusal, refused.value.status) == ("host", 403)


async def test_who_waits_goes_as_soon_as_an_answer_makes_room(shell: Shell) -> None:
    first = await shell.admit()
    first.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    assert not waiting.done()
    higher = await shell.admit("exit")
    assert not waiting.done()
    higher.told(200, used(3_500, shell), shell.monotonic)
    await asyncio.sleep(0)
    assert not waiting.done(), "what is used does not become less within a window"
    under_way.told(200, used(3_599, shell), shell.monotonic)  # it cost nothing
    await waiting


async def test_a_refused_one_hears_it_with_the_time_to_come_back(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(5_000, shell), shell.monotonic)
    with pytest.raises(Refused) as refused:
        await shell.admit()
    assert (refused.value.refusal, refused.value.status) == ("budget", 429)
    assert refused.value.retry_after_seconds == pytest.approx(60, abs=2)
    await shell.admit("exit")
    assert shell.budgets.refused("one") == {"data": 1}


async def test_a_cancelled_asker_leaves_nothing_behind(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert shell.budgets.budgets("one")[0].waiting == 0
    under_way.told(200, used(3_600, shell), shell.monotonic)


async def test_one_cancelled_in_the_moment_it_has_leave_gives_it_back(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    under_way = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit())
    await asyncio.sleep(0)
    under_way.told(200, used(3_599, shell), shell.monotonic)
    assert shell.budgets.budgets("one")[0].used == 3_600, "it has leave"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert shell.budgets.budgets("one")[0].used == 3_599


async def test_bans_are_shown_with_their_end_and_survive(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    breaking = shell.budgets.breaking("one")
    assert breaking.state == "banned"
    assert "api.example bans" in (breaking.reason or "")
    assert breaking.retry_at is not None
    assert breaking.retry_at.timestamp() >= MINUTE + 300
    later = Shell(shell.tables, monotonic=5.0, wall=MINUTE + 100)  # another process, after a reboot
    later.budgets.of_json(shell.budgets.to_json())
    assert later.budgets.breaking("one") == breaking
    with pytest.raises(Refused) as refused:
        await later.admit("exit")
    assert refused.value.refusal == "banned"
    assert refused.value.retry_after_seconds == pytest.approx(201, abs=1)


async def test_a_clock_that_was_set_back_makes_no_ban_longer(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    later = Shell(shell.tables, wall=MINUTE - 86_400)
    later.budgets.of_json(shell.budgets.to_json())
    retry_at = later.budgets.breaking("one").retry_at
    assert retry_at is not None
    assert retry_at.timestamp() <= MINUTE - 86_400 + 310


async def test_the_wall_clock_may_jump_while_it_runs(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(418, {"Retry-After": "300"}, shell.monotonic)
    shell.wall += 86_400
    with pytest.raises(Refused):
        await shell.admit("exit")
    shell.monotonic += 302
    await shell.admit("exit")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "at": 1, "of": {}, "authorities": {"a": 1}}']
)
async def test_what_no_gateway_wrote_is_refused_and_changes_nothing(shell: Shell, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        shell.budgets.of_json(text)
    assert (await shell.admit()) is not None


async def test_half_of_the_endpoints_failing_is_told_and_closes_no_door(shell: Shell) -> None:
    table = shell.tables._tables["one"]
    assert table is not None
    for number in range(30):
        leave = await shell.admit()
        leave.told(200, {}, shell.monotonic)
        if number < 5:
            other = await shell.budgets.admit(
                "one", "api.example", "GET", "/else", "", "data", None, "p", shell.monotonic + 5
            )
            other.told(502, {}, shell.monotonic)
        shell.monotonic += 0.3
    breaking = shell.budgets.breaking("one")
    assert breaking.state == "closed"
    assert breaking.reason == "1 of 2 endpoints of api.example fail: GET *."


async def test_an_exchange_that_is_gone_is_open_and_says_so(shell: Shell) -> None:
    for _ in range(5):
        leave = await shell.admit()
        leave.failed(OSError("no way"))
    breaking = shell.budgets.breaking("one")
    assert (breaking.state, breaking.reason) == ("open", "api.example does not answer, or fails.")
    with pytest.raises(Refused) as refused:
        await shell.admit("entry")
    assert (refused.value.refusal, refused.value.status) == ("open", 503)
    await shell.admit("exit")


async def test_permits_hold_what_they_will_use(shell: Shell) -> None:
    leave = await shell.admit()
    leave.told(200, used(10, shell), shell.monotonic)
    deadline = shell.monotonic + 1
    await shell.budgets.permit("one", "api.example", "GET", "/api/one", "order", None, "127.0.0.1", deadline)
    assert shell.budgets.budgets("one")[0].used == 11


async def test_an_answer_that_is_not_understood_is_under_way_no_more(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = await shell.admit()
    leave.told(200, used(3_599, shell), shell.monotonic)
    last = await shell.admit()
    waiting = asyncio.ensure_future(shell.admit("price"))
    await waiting
    [one] = shell.budgets._authorities.values()
    assert len(one._flying) == 2

    def fail(*_: Any) -> None:
        raise RuntimeError("a header that nobody thought of")

    monkeypatch.setattr(authority_module, "readings", fail)
    with pytest.raises(RuntimeError):
        last.told(200, used(3_600, shell), shell.monotonic)
    with pytest.raises(RuntimeError):
        waiting.result().told(200, used(3_600, shell), shell.monotonic)
    assert one._flying == {}
    assert shell.budgets.budgets("one")[0].used == 3_601, "both may have counted"


async def test_listed_limits_are_taken_from_a_body(shell: Shell) -> None:
    leave = await shell.admit()
    leave.body(b'{"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":400}]}')
    leave.told(200, used(1, shell), shell.monotonic)
    assert shell.budgets.budgets("one")[0].limit == 400


async def test_who_waits_for_a_moment_to_come_is_woken_by_time(shell: Shell, tmp_path: Path) -> None:
    """The one test with a real clock: a bucket drains by itself."""
    budgets = Budgets(shell.tables)
    for _ in range(130):
        leave = await budgets.admit(
            "one", "api.example", "GET", "/api/one", "", "data", None, "p", budgets.clock() + 60
        )
        leave.told(200, {}, budgets.clock())
    assert sum(budgets.refused("one").values()) == 0
