"""What administrators hear of exchanges, and how often."""

from typing import Any

from orchestrator.exchanges.alarms import AGAIN_SECONDS, EXCHANGE, GATEWAY, PATIENCE_SECONDS, Alarms
from orchestrator.exchanges.traffic import TrafficLook
from orchestrator.kit.clock import utc_now
from pool.contract.market import ExchangeState, GatewayState

NOW = utc_now()
SILENT = TrafficLook(None, "It does not answer.", NOW)


def look(**breakers: Any) -> TrafficLook:
    counts = dict.fromkeys(("requests", "hits", "joined", "upstream", "failures", "refused_upstream"), 0)
    exchanges = [
        ExchangeState.model_validate({"exchange": name, "breaker": state, "reason": "It said so.", **counts})
        for name, state in breakers.items()
    ]
    state = GatewayState(
        incarnation="i", started_at=NOW, memory_bytes=0, cached_bytes=0, cached_answers=0, exchanges=exchanges
    )
    return TrafficLook(state, None, NOW)


def test_a_ban_is_told_at_once_and_once() -> None:
    alarms = Alarms()
    (alarm,) = alarms.due(look(binance="banned", kraken="closed"), 0)
    assert alarm.type == EXCHANGE
    assert alarm.message.startswith("binance refuses this machine's address (It said so).")
    assert not alarms.due(look(binance="banned"), 5)
    assert not alarms.due(look(binance="banned"), 5 + 2 * AGAIN_SECONDS), "it is still the same ban"


def test_an_open_breaker_is_told_after_a_minute_even_if_it_was_tried_between() -> None:
    alarms = Alarms()
    assert not alarms.due(look(kraken="open"), 0)
    assert not alarms.due(look(kraken="half_open"), PATIENCE_SECONDS - 1)
    (alarm,) = alarms.due(look(kraken="open"), PATIENCE_SECONDS)
    assert "kraken has not answered" in alarm.message
    assert not alarms.due(look(kraken="open"), PATIENCE_SECONDS + 5)


def test_one_that_closes_in_time_is_not_told_and_counts_anew() -> None:
    alarms = Alarms()
    assert not alarms.due(look(kraken="open"), 0)
    assert not alarms.due(look(kraken="closed"), PATIENCE_SECONDS - 1)
    assert not alarms.due(look(kraken="open"), PATIENCE_SECONDS)
    assert not alarms.due(look(kraken="open"), 2 * PATIENCE_SECONDS - 1)
    assert alarms.due(look(kraken="open"), 2 * PATIENCE_SECONDS)


def test_what_comes_and_goes_is_told_every_quarter_of_an_hour_at_most() -> None:
    alarms = Alarms()
    told = 0
    for number in range(int(2 * AGAIN_SECONDS)):
        told += len(alarms.due(look(binance="banned" if number % 2 else "closed"), number))
    assert told == 2


def test_a_gateway_that_is_away_is_told_after_a_minute_and_forgets_no_exchange() -> None:
    alarms = Alarms()
    assert len(alarms.due(look(binance="banned"), 0)) == 1
    assert not alarms.due(SILENT, 1)
    (alarm,) = alarms.due(SILENT, 1 + PATIENCE_SECONDS)
    assert (alarm.type, alarm.message) == (GATEWAY, "It does not answer.")
    assert not alarms.due(look(binance="banned"), 1000 + AGAIN_SECONDS), "the ban is the one that was told"
    assert not alarms.due(look(), 1010 + AGAIN_SECONDS)
    assert alarms.due(look(binance="banned"), 1020 + AGAIN_SECONDS)


def test_where_there_is_to_be_none_nothing_is_told() -> None:
    alarms = Alarms()
    off = TrafficLook(None, "There is none.", NOW, wanted=False)
    assert not alarms.due(off, 0)
    assert not alarms.due(off, 10 * PATIENCE_SECONDS)
