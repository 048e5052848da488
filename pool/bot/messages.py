"""FreqTrade's RPC messages as events.

`EventReporter` is one more RPC module beside Telegram and the API: FreqTrade calls it in the thread that has the
news, so it only converts and queues. Floats become decimal strings; what JSON cannot hold becomes text.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from freqtrade.enums import RPCMessageType
from freqtrade.rpc import RPC, RPCHandler

from pool.bot.outbox import Outbox
from pool.contract.events import EventType
from pool.contract.reported import LONG_LIMIT

MODULE_NAME = "flotilla"
_MAX_TEXT = 4000
_MAX_KEY = 100
_MAX_ITEMS = 200
_MAX_DEPTH = 6

_TRADE_EVENTS = {
    RPCMessageType.ENTRY: EventType.TRADE_ENTRY,
    RPCMessageType.ENTRY_FILL: EventType.TRADE_ENTRY_FILL,
    RPCMessageType.ENTRY_CANCEL: EventType.TRADE_ENTRY_CANCEL,
    RPCMessageType.EXIT: EventType.TRADE_EXIT,
    RPCMessageType.EXIT_FILL: EventType.TRADE_EXIT_FILL,
    RPCMessageType.EXIT_CANCEL: EventType.TRADE_EXIT_CANCEL,
}
_PLUMBING = frozenset({RPCMessageType.ANALYZED_DF, RPCMessageType.NEW_CANDLE})
"""Data for FreqTrade's own consumers, a message for every pair and candle: no facts about the bot."""


class EventReporter(RPCHandler):  # type: ignore[misc]  # FreqTrade is not typed here
    """`on_trade` is called after each trade event, in the thread that has it."""

    def __init__(self, rpc: RPC, config: dict[str, Any], outbox: Outbox, on_trade: Callable[[], None]) -> None:
        super().__init__(rpc, config)
        self._outbox = outbox
        self._on_trade = on_trade

    @property
    def name(self) -> str:
        return MODULE_NAME

    def cleanup(self) -> None:
        """Nothing to give back: the outbox outlives a reload."""

    def send_msg(self, msg: Mapping[str, Any]) -> None:
        converted = to_event(msg)
        if converted is None:
            return
        event_type, data = converted
        self._outbox.add_event(event_type, data, datetime.now(UTC))
        if event_type is not EventType.MESSAGE:
            self._on_trade()


def to_event(message: Mapping[str, Any]) -> tuple[EventType, dict[str, Any]] | None:
    """Type and data of the event that tells `message`; None where it tells nothing."""
    kind = message["type"]
    if kind in _PLUMBING:
        return None
    data = {clean(key, _MAX_KEY): plain(value) for key, value in message.items() if key != "type"}
    if kind in _TRADE_EVENTS:
        return _TRADE_EVENTS[kind], data
    text = data.pop("status", None) or data.pop("msg", None) or data.get("reason") or ""
    return EventType.MESSAGE, {"kind": str(getattr(kind, "value", kind)), "text": clean(text), **data}


def clean(value: object, limit: int = _MAX_TEXT) -> str:
    """`value` as a text that can be sent and stored: bounded, without NUL and without halves of characters."""
    return str(value)[:limit].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def plain(value: Any, depth: int = 0) -> Any:
    """`value` as JSON can hold it, bounded in size: floats as decimal strings, not-a-number as None, times as ISO
    8601.
    """
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LONG_LIMIT else None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return format(Decimal(repr(float(value))), "f") if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if depth < _MAX_DEPTH:
        if isinstance(value, Mapping):
            return {clean(key, _MAX_KEY): plain(item, depth + 1) for key, item in list(value.items())[:_MAX_ITEMS]}
        if isinstance(value, list | tuple | set | frozenset):
            return [plain(item, depth + 1) for item in list(value)[:_MAX_ITEMS]]
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return plain(value.item(), depth + 1)
    return clean(value)
