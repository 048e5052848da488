"""What of a batch owners hear as alerts, and what their browsers are pushed of it. Pure. (Conditions of bots are queued
where they are observed.)"""

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.actions.service import REFUSED, Told
from orchestrator.bots.repository import Owned
from orchestrator.push.kinds import PushKind
from orchestrator.push.outbox import Push, of_alert
from pool.contract.events import Event, EventType

_EXCEPTION_LENGTH = 2000
_PART_LENGTH = 60


def exception_of(event: Event) -> str | None:
    """What an event tells of an exception of FreqTrade's; None where it tells of none."""
    if event.type != EventType.MESSAGE or event.data.get("kind") != "exception":
        return None
    text = str(event.data.get("text") or "FreqTrade reported an exception; its log tells more.")
    return text[:_EXCEPTION_LENGTH]


def alert_of(told: Told) -> tuple[str, str] | None:
    """Type and message of the alert that a refusal or an alert of a rule is, each kind of a bot at most once in five
    minutes; None where it is none."""
    if told.action is not None or not told.first:
        return None
    if told.kind == REFUSED:
        return "entry_refused", f"{told.rule}: {told.message}"
    return told.rule, told.message


def is_closing(event: Event) -> bool:
    """Whether the last of a trade was sold."""
    return event.type == EventType.TRADE_EXIT_FILL and event.data.get("sub_trade") is not True


def pushes_of(events: Sequence[Event], told: Sequence[Told], owners: Mapping[str, Owned]) -> list[Push]:
    """In their order."""
    return [*_of_events(events, owners), *_of_rules(told, owners)]


def _of_events(events: Sequence[Event], owners: Mapping[str, Owned]) -> Iterator[Push]:
    for event in events:
        owned = owners[event.bot_id]
        exception = exception_of(event)
        if exception is not None:
            yield of_alert(owned.owner_id, event.bot_id, owned.name, "exception", exception)
        elif is_closing(event):
            text = _closing(event)
            yield Push(owned.owner_id, PushKind.TRADES_CLOSED, "exit_fill", owned.name, text, event.bot_id)


def _of_rules(told: Sequence[Told], owners: Mapping[str, Owned]) -> Iterator[Push]:
    for one in told:
        alert = alert_of(one)
        if alert is not None:
            yield of_alert(one.owner_id, one.bot_id, owners[one.bot_id].name, *alert)


def _closing(event: Event) -> str:
    """A sentence of what FreqTrade tells, which may lack anything."""
    data = event.data
    pair, reason = (str(data.get(name) or "")[:_PART_LENGTH] for name in ("pair", "exit_reason"))
    ratio, amount = (
        next((float(data[name]) for name in names if isinstance(data.get(name), int | float)), None)
        for names in (("final_profit_ratio", "profit_ratio"), ("cumulative_profit", "profit_amount"))
    )
    parts = [f"{pair or 'A trade'} closed"]
    if ratio is not None:
        parts.append(f"{ratio:+.2%}")
    if amount is not None:
        parts.append(f"{amount:+.8g} {str(data.get('stake_currency') or '')[:_PART_LENGTH]}".rstrip())
    return ", ".join([*parts, *([reason] if reason else [])])
