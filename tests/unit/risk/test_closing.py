"""Closing many trades: bots that do not answer hold up neither others nor whoever asks, and lose nobody's exit."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from orchestrator.errors import RelayTimeout
from orchestrator.kit.clock import utc_now
from orchestrator.pools.directory import AgentDirectory
from orchestrator.risk import closing
from orchestrator.risk.closing import Closable
from pool.contract.slots import Command, CommandResult
from pool.contract.snapshots import OpenTrade
from tests.support import eventually


class Agents:
    """One agent; `silent` bots do not answer before `answers` is set, and then as `late` says."""

    def __init__(self, silent: str, late: Callable[[], CommandResult]) -> None:
        self.asked: list[tuple[str, int | str | None]] = []
        self.answers = asyncio.Event()
        self._silent, self._late = silent, late

    async def agent_for(self, _pool_id: str) -> "Agents":
        return self

    async def command(self, bot_id: str, given: Command) -> CommandResult:
        self.asked.append((bot_id, given.trade_id))
        if bot_id != self._silent:
            return CommandResult(ok=True, message="")
        await self.answers.wait()
        return self._late()

    def count(self, bot_id: str) -> int:
        return sum(one == bot_id for one, _ in self.asked)


def trades(bot_id: str, count: int) -> list[Closable]:
    money: dict[str, Any] = dict.fromkeys(
        ("amount", "stake_amount", "open_rate", "current_rate", "profit_abs", "profit_ratio", "realised_abs"),
        Decimal(1),
    )
    return [
        Closable(
            bot_id, bot_id, "pool-a", "USDT", True,
            OpenTrade(
                trade_id=number, pair="BTC/USDT", base_currency="BTC", is_short=False, stop_rate=None,
                opened_at=utc_now(), value_stake=Decimal(1), has_open_orders=False, entry_tag=None, **money,
            ),
        )
        for number in range(count)
    ]  # fmt: skip


def _no_answer() -> CommandResult:
    raise RelayTimeout("The bot did not answer in time.")


async def test_a_bot_that_does_not_answer_holds_up_no_other_and_is_not_asked_for_each_of_its_trades() -> None:
    agents = Agents("mute", _no_answer)
    chosen = [*trades("mute", 300), *trades("brisk", 3)]
    closed = asyncio.create_task(closing.close(cast(AgentDirectory, agents), chosen))
    await eventually(lambda: agents.count("brisk") == 3)
    agents.answers.set()
    told = await closed
    assert [one.ok for one in told] == [False] * 300 + [True] * 3
    assert agents.count("mute") < 10


async def test_what_takes_longer_than_whoever_asks_can_wait_is_done_nevertheless() -> None:
    agents = Agents("slow", lambda: CommandResult(ok=True, message=""))
    told = await closing.close(cast(AgentDirectory, agents), trades("slow", 20), seconds=0.01)
    assert [one.ok for one in told] == [False] * 20
    assert "not answered yet" in told[-1].message
    agents.answers.set()
    await eventually(lambda: agents.count("slow") == 20)


async def test_nothing_to_close_is_closed_at_once() -> None:
    assert await closing.close(cast(AgentDirectory, Agents("", _no_answer)), []) == []
