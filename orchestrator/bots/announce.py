"""What a user's browsers are told when a bot changes; topic `user.<owner_id>`, kinds `bot` and `alert`."""

from collections.abc import Iterable
from typing import Any

from orchestrator.bots.observe import Change
from orchestrator.events.bus import Bus


def user_topic(owner_id: str) -> str:
    return f"user.{owner_id}"


async def announce(bus: Bus, changes: Iterable[Change]) -> None:
    """Tells owners how their bots look now. Call it after the commit."""
    for change in changes:
        body: dict[str, Any] = {
            "id": change.bot_id,
            "name": change.name,
            "observed_state": change.observed_state,
            "trader_state": change.trader_state,
            "conditions": change.conditions,
        }
        await bus.publish(user_topic(change.owner_id), "bot", body)
        for condition in change.alerting:
            await announce_alert(
                bus, change.owner_id, change.bot_id, change.name, str(condition.type), condition.message
            )


async def announce_alert(bus: Bus, owner_id: str, bot_id: str, name: str, kind: str, message: str) -> None:
    """`kind` is a condition's type, or `exception`."""
    body = {"bot_id": bot_id, "name": name, "type": kind, "message": message}
    await bus.publish(user_topic(owner_id), "alert", body)
