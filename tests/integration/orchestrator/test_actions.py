"""What rules did comes from bots' events into one row for each action, is told to owners, counted, and forgotten."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from orchestrator.actions import service as actions
from orchestrator.actions.models import ActionModel
from orchestrator.actions.service import ActionFilters
from orchestrator.actions.tally import OTHER, Tally
from orchestrator.intake.collector import Collector
from pool.contract.events import Event, EventType
from pool.contract.risk import Action, Refusal
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig, kinds
from tests.support import eventually

BEGIN = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)
TAKE = Action(
    action_id="7-take_profit-1", kind="partial_close", stage="decided", rule="take_profit", level=1, policy="default:3",
    trade_id=7, pair="BTC/USDT", price_seen=Decimal("64020.5"), threshold=Decimal("64000"),
)  # fmt: skip
SENT = TAKE.model_copy(update={"stage": "sent", "client_order_id": "fl-7", "delay_seconds": 0.2})
FILLED = TAKE.model_copy(
    update={
        "stage": "filled",
        "fill_price": Decimal("64018"),
        "slippage_ratio": Decimal("0.00004"),
        "delay_seconds": 0.9,
    }
)
REFUSAL = Refusal(
    pair="ETH/USDT", is_short=False, purpose="entry", limit="limits.asset_exposure", message="Too much ETH.",
    stake=Decimal("100"),
)  # fmt: skip


def event(bot_id: str, seq: int, kind: EventType, data: Any, at: datetime = BEGIN) -> Event:
    body = data if isinstance(data, dict) else data.model_dump(mode="json")
    return Event(bot_id=bot_id, run_id="run-1", origin="bot", seq=seq, epoch=1, at=at, type=kind, data=body)


async def listed(rig: Rig, owner_id: str | None = OWNER, **filters: Any) -> list[ActionModel]:
    async with rig.database.read() as session:
        found = await actions.list_(session, owner_id, limit=50, filters=ActionFilters(**filters))
    return list(found.items)


async def take(rig: Rig, *events: Event) -> list[actions.Told]:
    async with rig.database.unit_of_work() as session:
        return await actions.take(session, events, {one.bot_id: OWNER for one in events})


async def test_what_bots_tell_of_rules_is_kept_and_told_to_their_owner(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    bot = await rig.create()
    tally = Tally()
    collector = Collector("pool-a", rig.database, rig.bus, rig.agents, tally=tally)
    told = [
        (EventType.RISK_ACTION, TAKE), (EventType.RISK_ACTION, SENT), (EventType.RISK_ACTION, SENT),
        (EventType.RISK_ACTION, FILLED), (EventType.RISK_REFUSED, REFUSAL), (EventType.RISK_REFUSED, REFUSAL),
        (EventType.RISK_ALERT, {"kind": "rule_raised", "text": "time_exit raised."}),
        (EventType.RISK_ACTION, {"nonsense": True}),
    ]  # fmt: skip
    async with rig.listening(f"user.{OWNER}") as heard, rig.tasks(collector.run()):
        for seq, (kind, data) in enumerate(told):
            agent.tell_event(bot.id, kind, data if isinstance(data, dict) else data.model_dump(mode="json"), seq)
        await eventually(lambda: len(kinds(heard, "trade")) == 3 and len(kinds(heard, "alert")) == 2)

    alert, refused, taken = await listed(rig)
    assert (taken.action_id, taken.kind, taken.stage, taken.level) == ("7-take_profit-1", "partial_close", "filled", 1)
    assert [stage["stage"] for stage in taken.stages] == ["decided", "sent", "filled"]
    assert (taken.price_seen, taken.fill_price, taken.client_order_id) == (Decimal("64020.5"), Decimal("64018"), "fl-7")
    assert (taken.trade_id, taken.policy, taken.delay_seconds) == (7, "default:3", Decimal("0.9"))
    assert (refused.kind, refused.rule, refused.times, refused.stake) == ("refused", "limits.asset_exposure", 2, 100)
    assert (alert.kind, alert.rule, alert.message) == ("alert", "rule_raised", "time_exit raised.")

    assert [body["stage"] for body in kinds(heard, "trade")] == ["decided", "sent", "filled"]
    trade = kinds(heard, "trade")[-1]
    assert (trade["event"], trade["bot_id"], trade["rule"], trade["fill_price"]) == (
        "rule",
        bot.id,
        "take_profit",
        "64018",
    )
    assert [(body["type"], body["message"]) for body in kinds(heard, "alert")] == [
        ("entry_refused", "limits.asset_exposure: Too much ETH."),
        ("rule_raised", "time_exit raised."),
    ]
    assert tally.actions == {("take_profit", stage): 1 for stage in ("decided", "sent", "filled")}
    assert tally.refused == {"limits.asset_exposure": 2}


async def test_a_known_stage_changes_nothing_and_refusals_are_told_again_after_five_minutes(rig: Rig) -> None:
    bot = await rig.create()
    first = await take(
        rig, event(bot.id, 1, EventType.RISK_ACTION, SENT), event(bot.id, 2, EventType.RISK_ACTION, FILLED)
    )
    again = await take(rig, event(bot.id, 3, EventType.RISK_ACTION, SENT.model_copy(update={"message": "again"})))
    assert (len(first), again) == (2, [])
    (row,) = await listed(rig)
    assert (row.stage, row.message) == ("filled", "")
    other = REFUSAL.model_copy(update={"pair": "ADA/USDT"})
    later = BEGIN + timedelta(minutes=5)
    told = await take(
        rig,
        event(bot.id, 4, EventType.RISK_REFUSED, REFUSAL),
        event(bot.id, 5, EventType.RISK_REFUSED, other),
        event(bot.id, 6, EventType.RISK_REFUSED, REFUSAL, later),
    )
    assert [one.first for one in told] == [True, False, True]
    assert [row.pair for row in await listed(rig, kind="refused")] == ["ETH/USDT", "ADA/USDT", "ETH/USDT"]


async def test_each_attempt_is_a_stage_and_figures_of_partial_fills_follow(rig: Rig) -> None:
    bot = await rig.create()
    first = SENT.model_copy(update={"client_order_id": "fl-1"})
    gone = first.model_copy(update={"stage": "cancelled"})
    second = SENT.model_copy(update={"client_order_id": "fl-2"})
    part = second.model_copy(update={"stage": "partly_filled", "amount": Decimal(1)})
    more = part.model_copy(update={"amount": Decimal(2)})
    told = [first, first, gone, second, part, more]
    for seq, action in enumerate(told):
        await take(rig, event(bot.id, seq, EventType.RISK_ACTION, action))
    (row,) = await listed(rig)
    assert [(one["stage"], one["client_order_id"]) for one in row.stages] == [
        ("sent", "fl-1"), ("cancelled", "fl-1"), ("sent", "fl-2"), ("partly_filled", "fl-2"),
    ]  # fmt: skip
    assert (row.stage, row.amount, row.client_order_id) == ("partly_filled", 2, "fl-2")
    flatten = Action(action_id="flatten:1:7", kind="flatten", stage="sent", rule="halt", trade_id=7)
    for seq in range(100, 200):
        told_again = flatten.model_copy(update={"message": f"attempt {seq}"})
        await take(rig, event(bot.id, seq, EventType.RISK_ACTION, told_again))
    (row,) = await listed(rig, kind="flatten")
    assert (len(row.stages), row.stages[0]["message"], row.message) == (40, "attempt 100", "attempt 199")


async def test_lists_are_narrowed_and_others_see_nothing(rig: Rig) -> None:
    one, two = await rig.create("one"), await rig.create("two")
    for seq, bot_id in enumerate((one.id, two.id)):
        await take(rig, event(bot_id, seq, EventType.RISK_ACTION, TAKE, BEGIN + timedelta(hours=seq)))
    await take(rig, event(one.id, 5, EventType.RISK_REFUSED, REFUSAL))
    assert [row.bot_id for row in await listed(rig, bot_id=two.id)] == [two.id]
    assert [row.rule for row in await listed(rig, rule="limits.asset_exposure")] == ["limits.asset_exposure"]
    assert len(await listed(rig, trade_id=7)) == 2
    assert [row.bot_id for row in await listed(rig, since=BEGIN + timedelta(minutes=1))] == [two.id]
    assert await listed(rig, "user-two") == []
    assert len(await listed(rig, None)) == 3


async def test_what_no_column_holds_is_left_out_or_cut(rig: Rig) -> None:
    bot = await rig.create()
    wild = FILLED.model_copy(
        update={
            "action_id": "x" * 500, "rule": "r" * 500, "message": "m" * 5000, "fill_price": Decimal("1e40"),
            "amount": Decimal("1e-40"), "level": 2**70, "order_id": "o" * 300,
            "price_seen": Decimal("9" * 20 + "." + "9" * 18),
        }
    )  # fmt: skip
    await take(rig, event(bot.id, 1, EventType.RISK_ACTION, wild))
    await take(rig, event(bot.id, 2, EventType.RISK_ALERT, {"kind": {"a": 1}, "text": None}))
    alert, row = await listed(rig)
    assert (row.fill_price, row.amount, row.level, len(row.action_id), len(row.message)) == (None, 0, None, 64, 500)
    assert alert.message == ""


async def test_what_is_too_old_is_forgotten(rig: Rig) -> None:
    bot = await rig.create()
    for seq in range(5):
        action = TAKE.model_copy(update={"action_id": f"a-{seq}"})
        await take(rig, event(bot.id, seq, EventType.RISK_ACTION, action, BEGIN + timedelta(days=seq)))
    assert await actions.forget(rig.database, BEGIN + timedelta(days=3), chunk=2) == 3
    assert [row.action_id for row in await listed(rig)] == ["a-4", "a-3"]
    async with rig.database.read() as session:
        counted = await (await session.connection()).execute(text("SELECT count(*) FROM actions"))
        assert counted.scalar_one() == 2


def test_labels_are_bounded() -> None:
    tally = Tally()
    told = actions.Told("bot-a", OWNER, actions.REFUSED, actions.REFUSED, "limits.x", "", BEGIN)
    for number in range(200):
        tally.count([actions.Told(**{**{name: getattr(told, name) for name in told.__slots__}, "rule": f"l{number}"})])
    tally.count([actions.Told("bot-a", OWNER, actions.REFUSED, actions.REFUSED, 'Bad "label"\n', "", BEGIN)])
    assert len(tally.refused) == 65
    assert tally.refused[OTHER] == 200 - 64 + 1
