"""Messages as Server-Sent Events, encoded once however many streams they go to."""

import json
from collections import OrderedDict
from typing import Any

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from api.stream.changes import changes
from orchestrator.events.bus import Message
from orchestrator.portfolio.views import Portfolio, wire

HEARTBEAT = KEEPALIVE_COMMENT
_RETRY_MILLISECONDS = 2000
_KEPT = 256


class Encoder:
    """Keeps the newest encodings: a message is the same for every stream of its topic, and a portfolio for every stream
    that opens within the second."""

    def __init__(self) -> None:
        self._messages: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._portfolios: OrderedDict[str, tuple[Portfolio, dict[str, Any], str]] = OrderedDict()

    def message(self, topic: str, message: Message) -> bytes:
        """An event named by the message's kind, with its cursor for id."""
        key = (topic, message.cursor)
        known = self._messages.get(key)
        return self._keep(key, message.kind, message.body, message.cursor) if known is None else known

    def change(self, topic: str, since: str, before: dict[str, Any], message: Message) -> bytes:
        """A `change` event: what is new in this portfolio for whom `before` was told, with the id `since`."""
        # Of one cursor there may be two bodies: what was published, and what a later connection began with.
        key = (topic, since, str(before["as_of"]), message.cursor)
        known = self._messages.get(key)
        if known is not None:
            return known
        return self._keep(key, "change", {"since": since, **changes(before, message.body)}, message.cursor)

    def portfolio(self, topic: str, portfolio: Portfolio, cursor: str) -> tuple[dict[str, Any], bytes]:
        """A `portfolio` event that did not come from the bus, with its body: what follows it is what follows
        `cursor`."""
        known = self._portfolios.get(topic)
        if known is None or known[0] is not portfolio:
            body = wire(portfolio)
            known = (portfolio, body, _json(body))
            self._portfolios[topic] = known
            self._portfolios.move_to_end(topic)
            if len(self._portfolios) > _KEPT:
                self._portfolios.popitem(last=False)
        _, body, text = known
        return body, format_sse_event(data_str=text, event="portfolio", id=cursor, retry=_RETRY_MILLISECONDS)

    def _keep(self, key: tuple[str, ...], kind: str, body: dict[str, Any], cursor: str) -> bytes:
        encoded = format_sse_event(data_str=_json(body), event=kind, id=cursor)
        self._messages[key] = encoded
        if len(self._messages) > _KEPT:
            self._messages.popitem(last=False)
        return encoded


def reset_event() -> bytes:
    """Tells that events may be missing. It has no id, so a stream that breaks right after it is reset again."""
    return format_sse_event(data_str=_json({"reason": "the last event id is not remembered"}), event="reset")


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
