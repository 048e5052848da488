"""What the watcher makes of the gateway's prices."""

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from pool.agent.asking import Answer, Asking
from pool.agent.looks import Refused, Sources, fresh_quotes, seen_at
from pool.agent.watcher import Watcher
from pool.agent.watches import FRESH_SECONDS, Quote, Venue, Watches
from pool.contract.market import Price, Prices, PricesRequest
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


class Asked:
    """In place of `Asking`: a gateway that follows prices, and an exchange whose tickers are others."""

    has_gateway = True

    def __init__(self) -> None:
        self.now = 0.0
        self.lives = True
        self.feed: Prices | Exception = Prices(
            number=4, age_ms=100, prices={"A": Price(bid=Decimal(1), ask=Decimal(2))}
        )
        self.tickers = 200
        self.waits: list[int] = []
        self.failed: list[BaseException] = []
        asking: Any = self
        self._source = Sources(asking, None).of(Venue("binance", "spot"), lambda: self.now)

    async def gateway_lives(self, session: Any) -> bool:
        return self.lives

    def gateway_failed(self, error: BaseException) -> None:
        self.failed.append(error)

    async def prices(self, session: Any, request: PricesRequest) -> Answer:
        assert (request.exchange, request.market) == ("binance", "spot")
        self.waits.append(request.wait_ms)
        if isinstance(self.feed, Exception):
            raise self.feed
        return Answer(200, {}, self.feed.to_json())

    async def get(self, session: Any, exchange: str, url: str, parameters: Any, kind: Any) -> Answer:
        body = [{"symbol": name, "bidPrice": "8", "askPrice": "9"} for name in ("A", "B")]
        return Answer(self.tickers, {}, json.dumps(body).encode())

    async def bid(self, *symbols: str) -> int:
        """1 by the gateway's feed, 8 by the exchange's own tickers."""
        session: Any = None
        return int((await self._source.look(session, symbols or ("A",))).quotes["A"].bid)


async def test_binances_prices_are_the_gateways_which_is_waited_for_once_it_tells_them() -> None:
    asked = Asked()
    assert [await asked.bid() for _ in range(3)] == [1, 1, 1]
    assert asked.waits == [0, 1000, 1000]


@pytest.mark.parametrize(
    "feed",
    [
        Prices(number=0),
        Prices(number=4, age_ms=2_001, prices=PRICES | {"A": Price(bid=Decimal(1), ask=Decimal(2))}),
        Prices(number=4, age_ms=0, prices=PRICES),
        Prices(number=4, age_ms=0, prices={"A": Price(bid=Decimal(1), ask=Decimal(2))}, problem="It does not answer."),
        Prices(number=0, problem="Not comparable.", usable=False),
        aiohttp.ClientError(),
        TimeoutError(),
        OSError(),
    ],
)
async def test_where_the_gateway_tells_none_that_count_binances_own_are_asked_at_once(feed: Any) -> None:
    asked = Asked()
    assert await asked.bid() == 1
    good, asked.feed = asked.feed, feed
    assert await asked.bid() == 8
    assert len(asked.failed) == isinstance(feed, Exception)
    waits, asked.feed = len(asked.waits), good
    asked.now = 1.9
    assert await asked.bid() == 8
    assert len(asked.waits) == waits, "it is not asked at each look"
    asked.now = 2.0
    assert await asked.bid() == 1
    assert asked.waits[-1] == 0, "nobody waits for one that may tell nothing"


async def test_a_symbol_that_the_gateway_lacks_is_asked_of_binance_with_all_others() -> None:
    asked = Asked()
    assert await asked.bid("A", "B") == 8


async def test_a_gateway_that_is_away_is_not_asked_for_prices() -> None:
    asked = Asked()
    asked.lives = False
    assert await asked.bid() == 8
    assert asked.waits == []
    asked.tickers = 429
    with pytest.raises(Refused):
        await asked.bid()
