"""Pushes from what they tell of to the browser, over a push service that opens them: once each, in order, or told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from orchestrator.bots.observe import observe
from orchestrator.bots.status import ConditionSet
from orchestrator.db.engine import Database
from orchestrator.findings import service as findings
from orchestrator.findings.kinds import Difference, Kind
from orchestrator.intake.batch import Taken
from orchestrator.intake.store import store
from orchestrator.kit.clock import utc_now
from orchestrator.push import outbox
from orchestrator.push.kinds import PushKind
from orchestrator.push.models import PushDeliveryModel, PushSubscriptionModel
from orchestrator.push.outbox import MOST_WAITING, Push
from orchestrator.push.places import Places, PushWays
from orchestrator.push.sender import PushSender, open_client
from orchestrator.push.service import Browser, subscribe
from orchestrator.push.vapid import Vapid
from orchestrator.users.models import SessionModel, UserModel
from orchestrator.wallets import service as wallets
from pool.contract.events import Event, EventType
from pool.contract.risk import Refusal
from pool.contract.slots import ConditionType
from tests.fakes.push_service import PushService, encoded
from tests.integration.orchestrator.rig import KEY, OWNER, Rig

VAPID = Vapid.of(KEY)
ALL = [str(kind) for kind in PushKind]


@dataclass
class Clock:
    """Stands from the first look on, and is moved by hand."""

    ahead: timedelta = field(default_factory=timedelta)
    began: datetime | None = None

    def __call__(self) -> datetime:
        self.began = self.began or utc_now()
        return self.began + self.ahead


def sender_of(
    rig: Rig, service: PushService, clock: Clock | None = None, database: Database | None = None
) -> PushSender:
    ways = PushWays(Places([service.origin]))
    return PushSender(database or rig.database, VAPID, ways, clock or Clock())


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_client() as made:
        yield made


async def send_all(sender: PushSender) -> None:
    async with client() as made:
        while await sender.send_due(made):
            pass


async def subscribed(rig: Rig, service: PushService, name: str = "one", owner: str = OWNER, **wants: Any) -> str:
    """A browser of that user; its subscription's id."""
    service.key = VAPID.public
    browser = service.browser(name)
    keys = (encoded(browser.point), encoded(browser.secret))
    told = Browser(browser.endpoint, *keys, **{"kinds": ALL, **wants})
    async with rig.database.unit_of_work() as session:
        row, _ = await subscribe(session, owner, f"session-{owner}", told)
        return row.id


async def queue(rig: Rig, *texts: str, kind: PushKind = PushKind.ALERTS, owner: str = OWNER) -> None:
    async with rig.database.unit_of_work() as session:
        await outbox.queue(session, [Push(owner, kind, "x", "one", text) for text in texts])


async def waiting(rig: Rig) -> list[PushDeliveryModel]:
    async with rig.database.read() as session:
        return list((await session.exec(select(PushDeliveryModel).order_by(PushDeliveryModel.number))).all())


async def row_of(rig: Rig, subscription: str) -> PushSubscriptionModel | None:
    async with rig.database.read() as session:
        return await session.get(PushSubscriptionModel, subscription)


def texts(service: PushService, name: str = "one") -> list[str]:
    return [body["text"] for body in service.told(name)]


def event(bot_id: str, seq: int, kind: EventType, data: dict[str, Any]) -> Event:
    return Event(bot_id=bot_id, run_id="run-1", origin="bot", seq=seq, epoch=1, at=utc_now(), type=kind, data=data)


async def test_what_bots_tell_is_pushed_to_their_owner_alone_though_nobody_published_it(
    rig: Rig, service: PushService
) -> None:
    """Whoever stored it may have died right after the commit; the stream then told nobody."""
    await rig.add_user("user-two")
    await subscribed(rig, service)
    await subscribed(rig, service, "stranger", "user-two")
    bot = await rig.create()
    refusal = Refusal(pair="BTC/USDT", purpose="entry", limit="max_open_trades", message="Full.", is_short=False)
    closing = {"pair": "BTC/USDT", "profit_ratio": 0.0123, "profit_amount": 12.5, "stake_currency": "USDT"}
    told = [
        event(bot.id, 1, EventType.TRADE_ENTRY_FILL, {"pair": "BTC/USDT"}),
        event(bot.id, 2, EventType.TRADE_EXIT_FILL, {"sub_trade": True}),
        event(bot.id, 3, EventType.TRADE_EXIT_FILL, {**closing, "exit_reason": "roi"}),
        event(bot.id, 4, EventType.MESSAGE, {"kind": "exception", "text": "Something broke"}),
        event(bot.id, 5, EventType.RISK_REFUSED, refusal.model_dump(mode="json")),
        event(bot.id, 6, EventType.TRADE_EXIT_FILL, {"pair": [1], "profit_ratio": "much", "sub_trade": None}),
    ]
    for _ in range(2):  # told twice it is stored once
        async with rig.database.unit_of_work() as session:
            await store(session, "pool-a", Taken(None, tuple(told), {}, {}))
    condition = ConditionSet(bot.id, utc_now(), ConditionType.TEMPLATE_BROKEN, "It does not parse.")
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            await observe(session, [condition])
    await send_all(sender_of(rig, service))
    assert [(body["kind"], body["text"]) for body in service.told()] == [
        ("trades_closed", "BTC/USDT closed, +1.23%, +12.5 USDT, roi"),
        ("alerts", "Something broke"),
        ("trades_closed", "[1] closed"),
        ("entries_refused", "max_open_trades: Full."),
        ("bot_failed", "It does not parse."),
    ]
    assert {(body["title"], body["bot_id"]) for body in service.told()} == {("one", bot.id)}
    assert len({body["id"] for body in service.told()}) == 5
    assert service.told("stranger") == []
    assert await waiting(rig) == []


async def test_what_is_rolled_back_is_not_pushed(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service)
    with contextlib.suppress(ZeroDivisionError):
        async with rig.database.unit_of_work() as session:
            await outbox.queue(session, [Push(OWNER, PushKind.ALERTS, "x", "one", "never")])
            raise ZeroDivisionError
    await send_all(sender_of(rig, service))
    assert service.asked == []


async def test_findings_of_an_account_are_pushed_to_its_owner(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service)
    async with rig.database.unit_of_work() as session:
        wallet = await wallets.create(session, OWNER, "exchange", "mine", exchange="paper", exchange_key_id="key-one")
        lost = Difference(Kind.LOST_ORDER, "one", "An order is gone.", "Look.", {}, "5")
        await findings.record(session, wallet.id, OWNER, [lost], utc_now())
        await findings.record(session, wallet.id, OWNER, [lost], utc_now())
    await send_all(sender_of(rig, service))
    assert [(body["kind"], body["type"]) for body in service.told()] == [("alerts", f"finding.{Kind.LOST_ORDER}")]


async def test_a_browser_gets_what_it_chose_and_in_quiet_hours_halts_alone(rig: Rig, service: PushService) -> None:
    hour = utc_now().hour
    quiet = {"start": f"{(hour - 1) % 24:02}:00", "end": f"{(hour + 2) % 24:02}:00", "time_zone": "UTC"}
    await subscribed(rig, service, "few", kinds=["halts"])
    await subscribed(rig, service, "asleep", quiet=quiet)
    await queue(rig, "an alert")
    await queue(rig, "a halt", kind=PushKind.HALTS)
    await send_all(sender_of(rig, service))
    assert (texts(service, "few"), texts(service, "asleep")) == (["a halt"], ["a halt"])
    assert service.taken[0][2]["Urgency"] == "high"


async def test_what_is_not_taken_is_tried_again_later_in_its_order(rig: Rig, service: PushService) -> None:
    subscription, clock = await subscribed(rig, service), Clock()
    sender = sender_of(rig, service, clock)
    service.status = lambda _path, before: 503 if before < 2 else 201
    await queue(rig, "first", "second")
    await send_all(sender)
    assert (len(service.asked), texts(service)) == (1, [])  # the second waits behind the first
    row = await row_of(rig, subscription)
    assert row is not None
    assert "503" in (row.problem or "")
    clock.ahead = timedelta(seconds=6)
    await send_all(sender)
    assert len(service.asked) == 2
    clock.ahead = timedelta(seconds=12)
    await send_all(sender)
    assert len(service.asked) == 2, "the second time it waits longer"
    clock.ahead = timedelta(seconds=30)
    await send_all(sender)
    assert texts(service) == ["first", "second"]
    row = await row_of(rig, subscription)
    assert row is not None
    assert row.problem is None
    assert row.sent_at is not None


async def test_a_push_service_says_when_to_come_again(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service)
    clock = Clock()
    sender = sender_of(rig, service, clock)
    service.status, service.headers = (lambda _path, before: 201 if before else 429), {"Retry-After": "600"}
    await queue(rig, "one")
    await send_all(sender)
    clock.ahead = timedelta(seconds=500)
    await send_all(sender)
    assert texts(service) == []
    clock.ahead = timedelta(seconds=700)
    await send_all(sender)
    assert texts(service) == ["one"]


async def test_what_nobody_takes_for_hours_is_given_up(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service)
    clock = Clock()
    sender = sender_of(rig, service, clock)
    service.status = lambda _path, _before: 500
    await queue(rig, "one")
    for hours in range(8):
        clock.ahead = timedelta(hours=hours)
        await send_all(sender)
    assert await waiting(rig) == []
    assert 5 <= len(service.asked) <= 7


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_subscribed_no_more(rig: Rig, service: PushService, status: int) -> None:
    subscription = await subscribed(rig, service)
    service.status = lambda _path, _before: status
    await queue(rig, "one", "two")
    await send_all(sender_of(rig, service))
    assert await row_of(rig, subscription) is None
    assert (await waiting(rig), len(service.asked)) == ([], 1)


@pytest.mark.parametrize("status", [400, 403, 302])
async def test_what_is_refused_is_told_and_not_repeated_nor_followed_elsewhere(
    rig: Rig, service: PushService, status: int
) -> None:
    subscription = await subscribed(rig, service)
    service.status = lambda _path, _before: status
    service.headers = {"Location": f"{service.origin}/send/elsewhere"}
    service.browser("elsewhere")
    await queue(rig, "one")
    sender = sender_of(rig, service, Clock(timedelta(hours=1)))
    await send_all(sender)
    await send_all(sender)
    assert service.asked == ["/send/one"]
    row = await row_of(rig, subscription)
    assert row is not None
    assert str(status) in (row.problem or "")


async def test_a_push_service_that_breaks_off_may_have_taken_it(rig: Rig, service: PushService) -> None:
    subscription = await subscribed(rig, service)
    service.silent = True
    await queue(rig, "one")
    clock = Clock()
    sender = sender_of(rig, service, clock)
    await send_all(sender)
    clock.ahead = timedelta(hours=1)
    service.silent = False
    await send_all(sender)
    assert len(service.asked) == 1
    row = await row_of(rig, subscription)
    assert row is not None
    assert "may not have come" in (row.problem or "")


async def test_what_was_on_its_way_when_the_leader_died_is_not_sent_again_and_all_else_is(
    rig: Rig, service: PushService
) -> None:
    await subscribed(rig, service)
    await queue(rig, "on its way", "behind it")
    heard, go_on = asyncio.Event(), asyncio.Event()

    class Dying(PushSender):
        async def _note(self) -> None:
            if self._unnoted:  # it was sent; the process ends before that is noted
                heard.set()
                await go_on.wait()

    dying = Dying(rig.database, VAPID, PushWays(Places([service.origin])))
    task = asyncio.create_task(send_all(dying))
    await heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert texts(service) == ["on its way"]
    await send_all(sender_of(rig, service))
    assert texts(service) == ["on its way", "behind it"]


async def test_what_the_database_did_not_note_is_noted_before_anything_else_is_sent(
    rig: Rig, service: PushService
) -> None:
    await subscribed(rig, service)
    await queue(rig, "one", "two")

    class Failing(PushSender):
        failing = True

        async def _note(self) -> None:
            if self._unnoted and self.failing:
                raise OperationalError("", {}, Exception("away"))
            await super()._note()

    sender = Failing(rig.database, VAPID, PushWays(Places([service.origin])))
    for _ in range(2):
        with pytest.raises(OperationalError):
            await send_all(sender)
    assert texts(service) == ["one"]
    sender.failing = False
    await send_all(sender)
    assert texts(service) == ["one", "two"]
    assert await waiting(rig) == []


async def test_a_slow_push_service_holds_up_no_other(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service, "slow")
    await subscribed(rig, service, "quick")
    service.status = lambda path, _before: 503 if path.endswith("slow") else 201
    await queue(rig, *(str(number) for number in range(20)))
    await send_all(sender_of(rig, service))
    assert texts(service, "quick") == [str(number) for number in range(20)]
    assert service.asked.count("/send/slow") == 1


async def test_so_many_wait_and_no_more(rig: Rig, service: PushService) -> None:
    await subscribed(rig, service)
    for _ in range(2):
        await queue(rig, *(str(number) for number in range(MOST_WAITING - 10)))
    assert len(await waiting(rig)) == MOST_WAITING


async def test_who_signed_out_or_is_locked_out_gets_nothing_more(rig: Rig, service: PushService) -> None:
    await rig.add_user("user-two")
    await subscribed(rig, service, "out")
    await subscribed(rig, service, "locked", "user-two")
    await queue(rig, "before")
    await queue(rig, "before", owner="user-two")
    async with rig.database.unit_of_work() as session:
        (await session.get_one(SessionModel, f"session-{OWNER}")).revoked_at = utc_now()
        (await session.get_one(UserModel, "user-two")).deactivated_at = utc_now()
    await queue(rig, "after")
    await queue(rig, "after", owner="user-two")
    await send_all(sender_of(rig, service))
    assert (service.asked, await waiting(rig)) == ([], [])


async def test_an_address_that_leads_within_by_now_is_not_asked(rig: Rig, service: PushService) -> None:
    """It led elsewhere when it was subscribed."""
    subscription = await subscribed(rig, service)
    async with rig.database.unit_of_work() as session:
        (await session.get_one(PushSubscriptionModel, subscription)).endpoint = "https://rebound.example/send/one"

    async def look_up(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    await queue(rig, "one")
    await send_all(PushSender(rig.database, VAPID, PushWays(Places((), look_up))))
    row = await row_of(rig, subscription)
    assert row is not None
    assert "no address of a push service" in (row.problem or "")
    assert (service.asked, await waiting(rig)) == ([], [])
