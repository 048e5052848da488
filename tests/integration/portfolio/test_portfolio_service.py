"""Portfolios from the database: what is remembered, what a restart keeps, what a broken bot cannot spoil."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import AsyncMock

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import NotFound
from orchestrator.events.in_process import InProcessBus
from orchestrator.kit.clock import utc_now
from orchestrator.kit.pace import Pace
from orchestrator.portfolio import repository
from orchestrator.portfolio import service as service_module
from orchestrator.portfolio.service import RECENT_SECONDS, PortfolioService
from orchestrator.portfolio.task import PortfolioTask
from pool.contract.snapshots import BotSnapshot
from tests.fakes.portfolio_world import PortfolioWorld
from tests.support import eventually


@pytest.fixture
def service(world: PortfolioWorld, bus: InProcessBus) -> PortfolioService:
    return PortfolioService(world.database, bus)


async def test_a_user_sees_his_own_bots_and_no_deleted_ones(world: PortfolioWorld, service: PortfolioService) -> None:
    await world.add_user("user-2")
    await world.add_bot("bot-a")
    await world.add_bot("bot-gone", deleted_at=utc_now())
    await world.add_bot("bot-other", "user-2")
    await world.report("bot-a", "1100")
    portfolio = await service.portfolio("user-1")
    assert [bot.id for bot in portfolio.bots] == ["bot-a"]
    assert (portfolio.equity, portfolio.profit_ratio) == (1100, Decimal("0.1"))


async def test_an_unknown_user_is_not_found(world: PortfolioWorld, service: PortfolioService) -> None:
    with pytest.raises(NotFound):
        await service.portfolio("nobody")


async def test_a_bot_that_stops_reporting_is_stale_with_its_last_values(
    world: PortfolioWorld, service: PortfolioService
) -> None:
    await world.add_bot("bot-a")
    await world.report("bot-a", "1234", at=utc_now() - timedelta(seconds=20))
    portfolio = await service.portfolio("user-1")
    assert (portfolio.bots[0].stale, portfolio.stale_bots, portfolio.equity) == (True, 1, 1234)


async def test_only_snapshots_that_are_new_are_read(
    world: PortfolioWorld, service: PortfolioService, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []
    snapshots = repository.snapshots

    async def noted(session: AsyncSession, bot_ids: Sequence[str]) -> Mapping[str, object]:
        read.append(sorted(bot_ids))
        return await snapshots(session, bot_ids)

    monkeypatch.setattr(repository, "snapshots", noted)
    for bot_id in ("bot-a", "bot-b"):
        await world.add_bot(bot_id)
        await world.report(bot_id, "1000")
    await service.portfolio("user-1")
    await world.report("bot-b", "1100")
    assert (await service.portfolio("user-1")).equity == 2100
    assert (await service.portfolio("user-1")).equity == 2100
    assert read == [["bot-a", "bot-b"], ["bot-b"], []]


async def test_what_was_heard_when_it_was_stored_is_not_read_again(
    world: PortfolioWorld, service: PortfolioService
) -> None:
    now = utc_now()
    await world.add_bot("bot-a")
    unreadable = {"snapshot": {"as_of": "yesterday"}, "observed_state": "running"}
    await world.observe("bot-a", snapshot_at=now, **unreadable)
    service.heard({"bot-a": reading("1200")}, now)
    assert (await service.portfolio("user-1")).equity == 1200
    service.heard({"bot-a": reading("1300")}, now + timedelta(seconds=1))
    assert (await service.portfolio("user-1")).equity == 1200, "the database does not have it yet"
    await world.observe("bot-a", snapshot_at=now + timedelta(seconds=1), **unreadable)
    assert (await service.portfolio("user-1")).equity == 1300
    service.heard({"bot-a": reading("1e30")}, now + timedelta(seconds=2))
    await world.observe("bot-a", snapshot_at=now + timedelta(seconds=2), **unreadable)
    assert (await service.portfolio("user-1")).equity == 1300, "no account holds that"
    service.heard({"bot-a": reading("1400")}, now + timedelta(seconds=3))
    await world.report("bot-a", "1500", at=now + timedelta(seconds=4))
    assert (await service.portfolio("user-1")).equity == 1500, "another one was stored since"


async def test_what_was_heard_of_bots_that_went_is_forgotten(world: PortfolioWorld, service: PortfolioService) -> None:
    now = utc_now()
    service.heard({"bot-gone": reading("1200")}, now)
    service.heard({"bot-a": reading("1200")}, now + timedelta(minutes=1))
    assert service._heard.keys() == {"bot-a"}


async def test_reckoning_gives_way_after_each_bot_and_one_does_not_disturb_the_other(
    world: PortfolioWorld, service: PortfolioService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two at once the later one goes on from the peak that the earlier one saw."""
    for number in range(10):
        await world.add_bot(f"bot-{number}", starting_balance=Decimal(100))
        await world.report(f"bot-{number}", "200", starting_balance=Decimal(100))
    released = {name: asyncio.Event() for name in ("earlier", "later")}
    waiting: list[str] = []

    async def breathe(_: Pace) -> None:
        name = asyncio.current_task().get_name()  # type: ignore[union-attr]
        waiting.append(name)
        await released[name].wait()

    monkeypatch.setattr(Pace, "breathe", breathe)
    async with world.database.read() as session:
        rows = (await repository.standings(session, ["user-1"]))["user-1"]
        memory = await service._remember(session, "user-1", "USDT")
        read = {row.id: (row.snapshot_at, reading("200", starting_balance=Decimal(100))) for row in rows}
    monkeypatch.setattr(service_module, "_parse", AsyncMock(return_value=read))
    earlier = asyncio.create_task(service.portfolio("user-1"), name="earlier")
    await eventually(lambda: waiting == ["earlier"])
    lower = {row.id: (row.snapshot_at, reading("150", starting_balance=Decimal(100))) for row in rows}
    monkeypatch.setattr(service_module, "_parse", AsyncMock(return_value=lower))
    later = asyncio.create_task(service.portfolio("user-1"), name="later")
    await eventually(lambda: "later" in waiting or service._reckoning["user-1"]._waiters)
    released["earlier"].set()
    assert (await earlier).peak == 2000
    assert waiting.count("earlier") > 10
    released["later"].set()
    assert ((await later).equity, (await later).peak) == (1500, 2000)
    assert memory.last is await later


def reading(free: str, **changes: object) -> BotSnapshot:
    told = {
        "as_of": utc_now(), "stake_currency": "USDT", "mode": "dry", "starting_balance": Decimal(1000),
        "free": Decimal(free), "in_trades": Decimal(0), "equity": Decimal(free), "realised": Decimal(0),
        "realised_today": Decimal(0), "unrealised": Decimal(0), "closed_trades": 0, "winning_trades": 0,
        "balances": [], "open_trades": [], "conversion": None,
    }  # fmt: skip
    return BotSnapshot.model_validate(told | changes)


async def test_a_snapshot_that_cannot_be_believed_is_passed_over_for_the_last_good_one(
    world: PortfolioWorld, service: PortfolioService
) -> None:
    await world.add_bot("bot-a")
    await world.add_bot("bot-b")
    await world.report("bot-a", "1100")
    await world.report("bot-b", "1000")
    await service.portfolio("user-1")
    await world.report("bot-a", "1e30")
    assert (await service.portfolio("user-1")).equity == 2100
    await world.observe("bot-a", snapshot={"as_of": "yesterday"}, snapshot_at=utc_now() + timedelta(seconds=1))
    assert (await service.portfolio("user-1")).equity == 2100


async def test_memory_is_told_per_bot(world: PortfolioWorld, service: PortfolioService) -> None:
    await world.add_bot("bot-a")
    await world.observe("bot-a", slot={"memory": {"pss_bytes": 23_000_000, "uss_bytes": 1, "rss_bytes": 2}})
    assert (await service.portfolio("user-1")).bots[0].pss_bytes == 23_000_000


async def test_a_nul_in_a_bots_last_words_costs_its_memory_figure_alone(
    world: PortfolioWorld, service: PortfolioService
) -> None:
    """PostgreSQL reads nothing out of such a document."""
    memory = {"pss_bytes": 23_000_000, "uss_bytes": 1, "rss_bytes": 2}
    await world.add_bot("bot-a")
    await world.add_bot("bot-b")
    await world.observe("bot-a", slot={"last_exit": {"log_tail": ["half a line\0"]}, "memory": memory})
    await world.observe("bot-b", slot={"memory": memory})
    told = {bot.id: bot.pss_bytes for bot in (await service.portfolio("user-1")).bots}
    assert told == {"bot-a": None, "bot-b": 23_000_000}


async def test_an_older_reading_is_not_reckoned_after_a_newer_one(
    world: PortfolioWorld, service: PortfolioService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot that is not in it yet would leave, and join again: high-water marks would be scaled for nothing."""
    held, go_on, parse = asyncio.Event(), asyncio.Event(), service_module._parse

    async def slow(*told: Any) -> Any:
        if not held.is_set():
            held.set()
            await go_on.wait()
        return await parse(*told)

    monkeypatch.setattr(service_module, "_parse", slow)
    await world.add_bot("bot-a")
    older = asyncio.create_task(service.portfolio("user-1"))
    await asyncio.wait_for(held.wait(), 30)
    await world.add_bot("bot-b")
    newer = await service.portfolio("user-1")
    go_on.set()
    assert {bot.id for bot in newer.bots} == {"bot-a", "bot-b"}
    assert await older is newer


async def test_recent_is_computed_once_for_many(world: PortfolioWorld, bus: InProcessBus) -> None:
    service = PortfolioService(world.database, bus, monotonic=lambda: 0.0)
    await world.add_bot("bot-a")
    first = await service.recent("user-1")
    assert all(one is first for one in await asyncio.gather(*(service.recent("user-1") for _ in range(20))))


async def test_who_does_not_publish_has_no_older_one_than_what_was_published(
    world: PortfolioWorld, bus: InProcessBus
) -> None:
    """A stream that opened behind a message would miss what that told."""
    service = PortfolioService(world.database, bus, monotonic=lambda: 0.0, keeps_marks=lambda: False)
    await world.add_bot("bot-a")
    first = await service.recent("user-1")
    await world.report("bot-a", "1100")
    told = await asyncio.gather(*(service.recent("user-1") for _ in range(20)))
    assert [one.equity for one in told] == [1100] * 20
    assert first not in told
    assert len({id(one) for one in told}) <= 2


async def test_what_users_change_is_in_what_is_at_hand_and_what_bots_tell_soon(
    world: PortfolioWorld, bus: InProcessBus
) -> None:
    now = 0.0
    service = PortfolioService(world.database, bus, monotonic=lambda: now)
    await world.add_bot("bot-a")
    first = await service.at_hand("user-1")
    await world.report("bot-a", "1100")
    assert await service.at_hand("user-1") is first
    await world.change_bot("bot-a", name="renamed", updated_at=utc_now())
    assert [(bot.name, bot.equity) for bot in (await service.at_hand("user-1")).bots] == [("renamed", 1100)]
    await world.add_bot("bot-b")
    assert [bot.id for bot in (await service.at_hand("user-1")).bots] == ["bot-b", "bot-a"]
    await world.change_bot("bot-b", deleted_at=utc_now())
    assert [bot.id for bot in (await service.at_hand("user-1")).bots] == ["bot-a"]
    await world.set_currency("user-1", "EUR")
    assert (await service.at_hand("user-1")).currency == "EUR"
    await world.report("bot-a", "1200")
    now = RECENT_SECONDS
    assert (await service.at_hand("user-1")).bots[0].equity == 1200


async def test_peaks_survive_a_restart_and_a_deletion_is_no_drawdown(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a")
    await world.add_bot("bot-b")
    await world.report("bot-a", "1500")
    await world.report("bot-b", "1000")
    task = PortfolioTask(world.database, bus)
    await task.recompute({"user-1"})
    await task.write(everything=True)

    await world.report("bot-a", "1400")
    restarted = PortfolioService(world.database, bus)
    portfolio = await restarted.portfolio("user-1")
    assert (portfolio.peak, portfolio.drawdown_ratio) == (2500, Decimal("0.04"))
    assert (portfolio.bots[0].peak, portfolio.bots[1].drawdown_ratio) == (1500, 0)

    await world.change_bot("bot-a", deleted_at=utc_now())
    portfolio = await restarted.portfolio("user-1")
    assert (portfolio.equity, portfolio.peak) == (1000, 1050), "half the drawdown left with half the capital"


async def test_a_deletion_while_the_control_plane_was_down_is_no_drawdown_either(
    world: PortfolioWorld, bus: InProcessBus
) -> None:
    await world.add_bot("bot-a")
    await world.add_bot("bot-b")
    await world.report("bot-a", "1500")
    await world.report("bot-b", "1000")
    task = PortfolioTask(world.database, bus)
    await task.recompute({"user-1"})
    await task.write(everything=True)
    await world.change_bot("bot-a", deleted_at=utc_now())
    portfolio = await PortfolioService(world.database, bus).portfolio("user-1")
    assert (portfolio.equity, portfolio.peak, portfolio.drawdown_ratio) == (1000, 1000, 0)


async def test_another_reporting_currency_starts_anew(world: PortfolioWorld, bus: InProcessBus) -> None:
    await world.add_bot("bot-a", stake_currency="BTC", starting_balance=Decimal(1))
    await world.report("bot-a", "2", stake_currency="BTC", starting_balance=Decimal(1), rate="50000")
    task = PortfolioTask(world.database, bus)
    await task.recompute({"user-1"})
    await task.write(everything=True)
    await world.report("bot-a", "1.5", stake_currency="BTC", starting_balance=Decimal(1), rate="50000")
    await world.set_currency("user-1", "BTC")
    service = PortfolioService(world.database, bus)
    portfolio = await service.portfolio("user-1")
    assert (portfolio.currency, portfolio.equity, portfolio.peak) == ("BTC", Decimal("1.5"), Decimal("1.5"))
    assert portfolio.bots[0].peak == 2, "the bot's own peak is in its own currency"
    assert (await service.history("user-1", "1h")).points == []
