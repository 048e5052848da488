"""What users hear of a batch once it is committed: `bot`, `trade` and `alert` on `user.<owner_id>`, and that a
portfolio changed on `portfolio`."""

from typing import Any

from orchestrator.actions.service import Told
from orchestrator.bots.announce import announce, announce_alert, user_topic
from orchestrator.bots.repository import Owned
from orchestrator.events.bus import Bus
from orchestrator.intake.pushes import alert_of, exception_of
from orchestrator.intake.store import Stored
from orchestrator.portfolio.trades import closed_trade
from pool.contract.events import Event, EventType

PORTFOLIO_TOPIC = "portfolio"
_TRADES = {
    EventType.TRADE_ENTRY: "entry",
    EventType.TRADE_ENTRY_FILL: "entry_fill",
    EventType.TRADE_ENTRY_CANCEL: "cancel",
    EventType.TRADE_EXIT: "exit",
    EventType.TRADE_EXIT_FILL: "exit_fill",
    EventType.TRADE_EXIT_CANCEL: "cancel",
}


async def publish(bus: Bus, stored: Stored) -> None:
    await announce(bus, stored.changes)
    for event in stored.events:
        owned = stored.owners[event.bot_id]
        if event.type in _TRADES:
            await bus.publish(user_topic(owned.owner_id), "trade", trade_body(event, owned))
        elif (text := exception_of(event)) is not None:
            await announce_alert(bus, owned.owner_id, event.bot_id, owned.name, "exception", text)
    for told in stored.told:
        await _publish_rule(bus, told, stored.owners[told.bot_id].name)
    bots = {*stored.reported, *(event.bot_id for event in stored.events), *(one.bot_id for one in stored.changes)}
    for owner_id in sorted({stored.owners[bot_id].owner_id for bot_id in bots}):
        await bus.publish(PORTFOLIO_TOPIC, "changed", {"user_id": owner_id})


async def _publish_rule(bus: Bus, told: Told, name: str) -> None:
    """An action is a `trade`, whose `event` is `rule`. Refusals and alerts are `alert`s."""
    if told.action is not None:
        ours = {"bot_id": told.bot_id, "bot_name": name, "event": "rule", "at": told.at.isoformat()}
        await bus.publish(user_topic(told.owner_id), "trade", {**told.action.model_dump(mode="json"), **ours})
    elif (alert := alert_of(told)) is not None:
        await announce_alert(bus, told.owner_id, told.bot_id, name, *alert)


def trade_body(event: Event, owned: Owned) -> dict[str, Any]:
    """FreqTrade's own message, and on top what Flotilla calls it and, where a trade is closed, the closed trade."""
    kind = _TRADES[event.type]
    closed = None
    if event.type == EventType.TRADE_EXIT_FILL:
        if event.data.get("sub_trade") is True:
            kind = "partial_exit"
        trade = closed_trade(event.bot_id, owned.name, owned.dry_run, event.at, event.data)
        closed = None if trade is None else trade.model_dump(mode="json")
    ours = {"bot_id": event.bot_id, "bot_name": owned.name, "event": kind, "at": event.at.isoformat()}
    return {**event.data, **ours, "closed": closed}
