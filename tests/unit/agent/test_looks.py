"""What the watcher makes of the gateway's prices."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from pool.agent.asking import Asking
from pool.agent.looks import fresh_quotes, seen_at
from pool.agent.watcher import Watcher
from pool.agent.watches import FRESH_SECONDS, Quote, Venue, Watches
from pool.contract.market import Price, Prices
from pool.contract.risk import Watch

PRICES = {"XXBTZUSD": Price(bid=Decimal(99), ask=Decimal(101))}
KRAKEN = Venue("kraken", "spot")


def test_nothing_older_than_what_bots_are_promised_is_acted_on() -> None:
    fresh = int(FRESH_SECONDS * 1000)
    quotes = {"XXBTZUSD": Quote(Decimal(99), Decimal(101))}
    assert fresh_quotes(Prices(number=1, age_ms=fresh, prices=PRICES)) == quotes
    assert fresh_quotes(Prices(number=1, age_ms=fresh + 1, prices=PRICES)) == {}
    assert fresh_quotes(Prices(number=0)) == {}


def test_prices_count_from_when_the_exchange_was_asked_however_late_the_answer_is_read() -> None:
    assert seen_at(Prices(number=1, age_ms=700, waited_ms=0, prices=PRICES), 50.0) == pytest.approx(49.3)
    assert seen_at(Prices(number=1, age_ms=100, waited_ms=800, prices=PRICES), 50.0) == pytest.approx(50.7)


def test_what_was_seen_long_ago_is_not_followed() -> None:
    watches = Watches()
    watches.put("bot", "kraken", [Watch(trade_id=1, symbol="XXBTZUSD", is_short=False, below=Decimal(90))], 3)
    quotes = {"XXBTZUSD": Quote(Decimal(99), Decimal(101))}
    assert watches.followed(KRAKEN, quotes, 100.0, 100.0 - FRESH_SECONDS) == {}
    assert watches.followed(KRAKEN, quotes, 100.0, 100.5 - FRESH_SECONDS) == {"bot": 3}


@pytest.mark.parametrize(("gateway", "notes"), [(None, 1), ("http://127.0.0.1:9", 0)])
def test_other_exchanges_are_watched_where_there_is_a_gateway(gateway: str | None, notes: int) -> None:
    keeper: Any = SimpleNamespace(entries={})
    entry: Any = SimpleNamespace(bot_id="bot", facts=SimpleNamespace(spec=SimpleNamespace(exchange="kraken")))
    watcher = Watcher(keeper, None, Asking(gateway, "pool-1"))
    for _ in range(2):
        watcher.watch(entry, [Watch(trade_id=1, symbol="XXBTZUSD", is_short=False, below=Decimal(90))], 1)
    assert len(watcher.notes) == notes
    assert list(watcher._watches.venues()) == ([KRAKEN] if gateway else [])
