"""FreqTrade's RPC messages as events."""

import json
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import numpy as np
import pytest
from freqtrade.enums import RPCMessageType
from hypothesis import given
from hypothesis import strategies as st

from pool.bot.messages import plain, to_event
from pool.contract.events import EventType


@pytest.mark.parametrize(
    ("kind", "event_type"),
    [
        (RPCMessageType.ENTRY, EventType.TRADE_ENTRY),
        (RPCMessageType.ENTRY_FILL, EventType.TRADE_ENTRY_FILL),
        (RPCMessageType.ENTRY_CANCEL, EventType.TRADE_ENTRY_CANCEL),
        (RPCMessageType.EXIT, EventType.TRADE_EXIT),
        (RPCMessageType.EXIT_FILL, EventType.TRADE_EXIT_FILL),
        (RPCMessageType.EXIT_CANCEL, EventType.TRADE_EXIT_CANCEL),
    ],
)
def test_trade_messages_keep_their_fields_with_money_as_strings(kind: RPCMessageType, event_type: EventType) -> None:
    message = {
        "type": kind,
        "trade_id": 7,
        "pair": "BTC/USDT",
        "amount": 0.1,
        "stake_amount": 1e-08,
        "current_rate": float("nan"),
        "open_date": datetime(2026, 1, 1, tzinfo=UTC),
        "sub_trade": True,
    }

    assert to_event(message) == (
        event_type,
        {
            "trade_id": 7,
            "pair": "BTC/USDT",
            "amount": "0.1",
            "stake_amount": "0.00000001",
            "current_rate": None,
            "open_date": "2026-01-01T00:00:00+00:00",
            "sub_trade": True,
        },
    )


def test_other_messages_have_kind_and_text() -> None:
    converted = to_event({"type": RPCMessageType.WARNING, "status": "Dry run is enabled."})

    assert converted == (EventType.MESSAGE, {"kind": "warning", "text": "Dry run is enabled."})


def test_a_protection_says_its_reason() -> None:
    converted = to_event({"type": RPCMessageType.PROTECTION_TRIGGER, "reason": "stoploss guard", "pair": "A/B"})

    assert converted is not None
    assert converted[1] == {
        "kind": "protection_trigger",
        "text": "stoploss guard",
        "reason": "stoploss guard",
        "pair": "A/B",
    }


@pytest.mark.parametrize("kind", [RPCMessageType.ANALYZED_DF, RPCMessageType.NEW_CANDLE])
def test_data_plumbing_is_no_event(kind: RPCMessageType) -> None:
    assert to_event({"type": kind, "data": object()}) is None


def test_every_kind_of_message_is_known_to_the_conversion() -> None:
    for kind in RPCMessageType:
        converted = to_event({"type": kind, "status": "x", "data": ["A/B"]})
        assert converted is None or json.dumps(converted[1])


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.25), "0.25"),
        (np.int64(3), 3),
        (Colour.RED, "red"),
        (float("inf"), None),
        ((1, 2.5), [1, "2.5"]),
        ({1: {"a": None}}, {"1": {"a": None}}),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_what_refers_to_itself_ends() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop

    assert len(json.dumps(plain(loop))) < 10_000


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), st.lists, max_leaves=20))
def test_whatever_comes_is_json(value: Any) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_what_no_database_stores_is_left_out() -> None:
    told = plain({"a\0b": "c\0d", "half": "\ud800", "count": 10**30, "k" * 500: 1})

    assert told == {"a\ufffdb": "c\ufffdd", "half": "?", "count": None, "k" * 100: 1}
