"""Messages as Server-Sent Events, encoded once however many streams they go to."""

import json
from collections import OrderedDict
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from orchestrator.events.bus import Message
from orchestrator.portfolio.views import Portfolio, wire

HEARTBEAT = KEEPALIVE_COMMENT
_RETRY_MILLISECONDS = 2000
_KEPT = 256


class Encoder:
    """Keeps the newest encodings: a message is the same for every stream of its topic, and a portfolio for every stream
    that opens within the second."""

    def __init__(self) -> None:
        self._messages: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._portfolios: OrderedDict[str, tuple[Portfolio, str]] = OrderedDict()

    def message(self, topic: str, message: Message) -> bytes:
        """An event named by the message's kind, with its cursor for id."""
        key = (topic, message.cursor)
        known = self._messages.get(key)
        if known is None:
            known = format_sse_event(data_str=_json(message.body), event=message.kind, id=message.cursor)
            self._messages[key] = known
            if len(self._messages) > _KEPT:
                self._messages.popitem(last=False)
        return known

    def portfolio(self, topic: str, portfolio: Portfolio, cursor: str) -> bytes:
        """A `portfolio` event that did not come from the bus: what follows it is what follows `cursor`."""
        known = self._portfolios.get(topic)
        if known is None or known[0] is not portfolio:
            known = (portfolio, _json(wire(portfolio)))
            self._portfolios[topic] = known
            self._portfolios.move_to_end(topic)
            if len(self._portfolios) > _KEPT:
                self._portfolios.popitem(last=False)
        return format_sse_event(data_str=known[1], event="portfolio", id=cursor, retry=_RETRY_MILLISECONDS)


def reset_event() -> bytes:
    """Tells that events may be missing. It has no id, so a stream that breaks right after it is reset again."""
    return format_sse_event(data_str=_json({"reason": "the last event id is not remembered"}), event="reset")


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
