"""ccxt's own clients, synchronous and asynchronous, between a gateway and an exchange that do as they are told."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import ccxt
import ccxt.pro
import pytest
from freqtrade.exchange.exchange import Exchange as FreqtradeExchange
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.rpc import RPC

from pool.bot.market import routing
from pool.bot.market.clients import install, routed
from pool.bot.market.fallback import Fallback
from pool.bot.market.kinds import due_at_close, pricing, sending
from pool.bot.market.mapped import Mapped
from pool.bot.market.refusals import HeldBack
from pool.bot.market.routing import Router
from pool.contract.mapped import LatestCandles, place
from pool.exchange.urls import paper_urls
from tests.fakes.mapped_candles import candles_file
from tests.integration.bot.stand_in import CANDLES, Server, server
from tests.support import free_port

SYMBOL = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT", "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "type": "spot", "spot": True,
    "active": True, "inverse": False, "linear": None,
    "precision": {"amount": 0.001}, "limits": {}, "info": {"orderTypes": ["MARKET"]},
}  # fmt: skip
KEY, SECRET = "key-of-the-account", "secret-of-the-account"


@pytest.fixture
def exchange() -> Iterator[Server]:
    with server("exchange") as running:
        yield running


@pytest.fixture
def gateway() -> Iterator[Server]:
    with server("gateway") as running:
        yield running


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers is waited for, however slow the machine is."""
    for name in ("FIRST_WAIT_SECONDS", "PING_SECONDS", "PERMIT_SECONDS"):
        monkeypatch.setattr(routing, name, 60.0)


class Bot:
    """A client of either kind; `ask` calls one of its methods."""

    def __init__(
        self,
        pro: bool,
        gateway: str,
        exchange: str,
        *,
        signed_through: bool = False,
        mapped: Mapped | None = None,
        **config: Any,
    ) -> None:
        self.told: list[str | None] = []
        self.fallback = Fallback("bot-1", self.told.append)
        self._pro, self._gateway, self._exchange, self._config = pro, gateway, exchange, config
        self._signed_through, self._mapped = signed_through, mapped
        self.prepare: Callable[[Any], None] = lambda client: None

    def client(self) -> Any:
        made = (ccxt.pro if self._pro else ccxt).binance({"enableRateLimit": False, "timeout": 60_000, **self._config})
        made.urls["api"] = paper_urls(self._exchange, made.urls["api"])
        made.set_markets([MARKET])
        router = Router(
            self._gateway,
            self.fallback,
            bot_id="bot-1",
            tenant="pool-1",
            exchange=lambda: "paper",
            signed_through=self._signed_through,
            building=lambda: False,
            mapped=self._mapped,
        )
        self.prepare(made)
        return routed(made, router)

    def ask_price(self) -> Any:
        """As for an exit."""
        with pricing("price"):
            return self.ask("fetch_order_book", SYMBOL)

    def ask(self, method: str, *given: Any, **named: Any) -> Any:
        client = self.client()
        if not self._pro:
            return getattr(client, method)(*given, **named)

        async def asked() -> Any:
            try:
                return await getattr(client, method)(*given, **named)
            finally:
                await client.close()

        return asyncio.run(asked())


both = pytest.mark.parametrize("pro", [False, True], ids=["sync", "async"])


@both
def test_market_data_comes_through_the_gateway_with_what_it_is(pro: bool, gateway: Server, exchange: Server) -> None:
    bot = Bot(pro, gateway.url, exchange.url)
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5)[0][4] == 1.5
    bot.ask("fetch_ohlcv", SYMBOL, timeframe="1h", since=1_700_000_000_000, limit=9)
    bot.ask("fetchOHLCV", SYMBOL, "5m")
    bot.ask("fetch_l2_order_book", SYMBOL)
    bot.ask("fetch_bids_asks")
    bot.ask("fetch_time")
    bot.ask("public_get_ping")
    assert exchange.requests == []
    kinds = [request.headers["x-flotilla-kind"] for request in gateway.requests]
    assert kinds[:2] == ["candles;timeframe=60;limit=5", "candles;timeframe=3600;since=1700000000000;limit=9"]
    assert kinds[2:] == ["candles;timeframe=300", "book", "ticker", "time", "other"]
    priorities = [request.headers["x-flotilla-priority"] for request in gateway.requests]
    assert set(priorities) == {"data"}
    assert {request.path.partition("/api")[0] for request in gateway.requests} == {
        "/x/paper/http/" + exchange.url.removeprefix("http://")
    }


@both
def test_prices_say_what_they_are_for(pro: bool, gateway: Server, exchange: Server) -> None:
    bot = Bot(pro, gateway.url, exchange.url)
    with pricing("urgent"):
        bot.ask("fetch_l2_order_book", SYMBOL)
        bot.ask("fetch_ohlcv", SYMBOL, "1m")
    with pricing("entry"):
        bot.ask("fetch_order_book", SYMBOL)
    with pricing("price"):
        bot.ask("fetch_order_book", SYMBOL)
    bot.ask("fetch_order_book", SYMBOL)
    with pricing("urgent"), pricing("price"):
        bot.ask("fetch_order_book", SYMBOL)
    told = [(it.headers["x-flotilla-kind"], it.headers["x-flotilla-priority"]) for it in gateway.requests]
    assert told == [
        ("book;within_ms=400", "urgent"), ("candles;timeframe=60", "data"), ("book", "data"), ("book", "price"),
        ("book", "data"), ("book;within_ms=400", "urgent"),
    ]  # fmt: skip


@both
def test_candles_say_that_they_were_due_at_a_close_and_nothing_else_does(
    pro: bool, gateway: Server, exchange: Server
) -> None:
    bot = Bot(pro, gateway.url, exchange.url)
    with due_at_close(True):
        bot.ask("fetch_ohlcv", SYMBOL, "1m")
        bot.ask("fetch_order_book", SYMBOL)
        with due_at_close(False):
            bot.ask("fetch_ohlcv", SYMBOL, "1m")
    bot.ask("fetch_ohlcv", SYMBOL, "1m")
    told = [it.headers["x-flotilla-kind"] for it in gateway.requests]
    assert told == ["candles;timeframe=60;at_close=True", "book", "candles;timeframe=60", "candles;timeframe=60"]


@pytest.mark.parametrize(
    ("of", "method", "priority"),
    [
        (FreqtradeBot, "enter_positions", "data"),
        (FreqtradeBot, "exit_positions", "price"),
        (FreqtradeBot, "manage_open_orders", "price"),
        (FreqtradeBot, "process_open_trade_positions", "price"),
        (FreqtradeBot, "update_trade_state", "price"),
        (FreqtradeBot, "check_liquidation_warnings", "data"),
        (RPC, "_rpc_force_exit", "urgent"),
    ],
)
def test_prices_go_first_where_freqtrade_decides_on_them_for_open_trades(
    of: type, method: str, priority: str, gateway: Server, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Bot(False, gateway.url, exchange.url)
    assert callable(getattr(of, method)), "FreqTrade calls it otherwise"
    monkeypatch.setattr(of, method, lambda self, *_: bot.ask("fetch_l2_order_book", SYMBOL))
    before, made = getattr(of, method), FreqtradeExchange._init_ccxt
    uninstall = install(bot.client()._flotilla_router)
    try:
        assert getattr(of, method)(None, 3)["asks"] == [[1.1, 2.0]]
    finally:
        uninstall()
    assert [request.headers["x-flotilla-priority"] for request in gateway.requests] == [priority]
    assert (getattr(of, method), FreqtradeExchange._init_ccxt) == (before, made)


@both
def test_without_the_gateway_an_urgent_price_is_asked_whatever_was_asked_before(pro: bool, exchange: Server) -> None:
    bot = Bot(pro, f"http://127.0.0.1:{free_port()}", exchange.url)
    bot.fallback.failed("refused")
    for _ in range(20):
        with suppress(HeldBack):
            bot.ask_price()
    with pytest.raises(HeldBack):
        bot.ask_price()
    asked = len(exchange.requests)
    with pricing("urgent"):
        assert bot.ask_price()["asks"] == [[1.1, 2.0]]
    assert len(exchange.requests) == asked + 1


@both
def test_an_exchange_that_is_slow_is_read_by_who_tells_how_long_he_waited(
    pro: bool, gateway: Server, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "FIRST_WAIT_SECONDS", 0.2)
    gateway.slow_once = True
    assert Bot(pro, gateway.url, exchange.url).ask_price()["asks"] == [[1.1, 2.0]]
    assert exchange.requests == []
    first, ping, second = gateway.requests
    assert (first.headers["x-flotilla-kind"], ping.path) == ("book", "/v1/ping")
    name, waited = second.headers["x-flotilla-kind"].split(";waited_ms=")
    assert (name, int(waited) >= 200) == ("book", True)


@both
def test_pages_of_candles_are_told_page_by_page(pro: bool, gateway: Server, exchange: Server) -> None:
    """ccxt calls itself by its other names there."""
    since = 1_700_000_000_000
    bot = Bot(pro, gateway.url, exchange.url)
    bot.ask("fetch_ohlcv", SYMBOL, "1m", since, 2000, {"paginate": True, "until": since + 2000 * 60_000})
    told = {request.headers["x-flotilla-kind"] for request in gateway.requests}
    assert told, "pages"
    assert not any("since" not in kind and kind != "other" for kind in told), "of none is the latest asked for"


@both
@pytest.mark.parametrize("mode", ["dead", "stranger", "cut"])
def test_where_the_gateway_fails_the_exchange_is_asked_once(
    pro: bool, mode: Any, gateway: Server, exchange: Server
) -> None:
    gateway.mode = mode
    bot = Bot(pro, f"http://127.0.0.1:{free_port()}" if mode == "dead" else gateway.url, exchange.url)
    assert bot.ask_price()["asks"] == [[1.1, 2.0]]
    assert exchange.paths() == ["/api/v3/depth"]
    assert exchange.headers_of("/api/v3/depth") == {}, "nothing of ours reaches the exchange"
    assert len(bot.told) == 1
    asked = len(gateway.requests)
    assert bot.ask_price()["asks"] == [[1.1, 2.0]]
    assert len(gateway.requests) == asked


@both
def test_a_gateway_that_hangs_is_noticed_and_left_alone(
    pro: bool, gateway: Server, exchange: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.mode = "hanging"
    for name in ("FIRST_WAIT_SECONDS", "PING_SECONDS"):
        monkeypatch.setattr(routing, name, 0.2)
    bot = Bot(pro, gateway.url, exchange.url)
    assert bot.ask_price()["asks"] == [[1.1, 2.0]]
    assert bot.fallback.away
    assert bot.ask_price()["asks"] == [[1.1, 2.0]]
    assert len(gateway.requests) == 2, "the look and the ping"


@both
def test_without_the_gateway_more_than_the_budget_is_held_back(pro: bool, exchange: Server) -> None:
    bot = Bot(pro, f"http://127.0.0.1:{free_port()}", exchange.url)
    bot.fallback.failed("refused")
    held = 0
    for _ in range(20):
        try:
            bot.ask("fetch_ohlcv", SYMBOL, "1m")
        except HeldBack:
            held += 1
    assert held == 20 - len(exchange.requests) > 0


@both
def test_the_gateways_refusals_are_ccxts_errors_and_name_the_exchange(
    pro: bool, gateway: Server, exchange: Server
) -> None:
    bot = Bot(pro, gateway.url, exchange.url)
    for refusal, error in (
        ((429, "budget"), ccxt.DDoSProtection),
        ((503, "open"), ccxt.ExchangeNotAvailable),
        ((504, "unreachable"), ccxt.RequestTimeout),
    ):
        gateway.refusal = refusal
        with pytest.raises(error, match=f"{exchange.url}/api/v3/klines") as raised:
            bot.ask("fetch_ohlcv", SYMBOL, "1m")
        assert gateway.url not in str(raised.value)
    assert exchange.requests == []
    gateway.refusal = (403, "host")
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m")
    assert exchange.paths() == ["/api/v3/klines"]


@both
def test_an_answer_of_the_exchange_is_handled_by_ccxt_with_the_exchanges_url(
    pro: bool, gateway: Server, exchange: Server
) -> None:
    with pytest.raises(ccxt.ExchangeNotAvailable, match=f"{exchange.url}/api/v3/ticker/24hr.* 404") as raised:
        Bot(pro, gateway.url, exchange.url).ask("fetch_ticker", SYMBOL)
    assert gateway.url not in str(raised.value)


@both
def test_a_signed_look_goes_straight_with_leave(pro: bool, gateway: Server, exchange: Server) -> None:
    bot = Bot(pro, gateway.url, exchange.url, apiKey=KEY, secret=SECRET)
    bot.ask("fetch_balance")
    assert exchange.paths() == ["/api/v3/account"]
    (permit,) = gateway.requests
    assert (permit.method, permit.path) == ("POST", "/v1/permits")
    assert '"priority":"order"' in permit.body
    everything = " ".join((permit.query, permit.body, *permit.headers.values()))
    assert not [word for word in (KEY, SECRET, "signature") if word in everything]


def test_orders_say_what_they_are_for_and_cancels_that_they_are(gateway: Server, exchange: Server) -> None:
    bot = Bot(False, gateway.url, exchange.url, apiKey=KEY, secret=SECRET)
    with sending("exit"):
        bot.ask("create_order", SYMBOL, "market", "sell", 1)
    bot.ask("cancel_order", "7", SYMBOL)
    permits = [request for request in gateway.requests if request.path == "/v1/permits"]
    assert ['"priority":"exit"' in permits[0].body, '"priority":"cancel"' in permits[1].body] == [True, True]
    assert [request.method for request in exchange.requests] == ["POST", "DELETE"]


def test_an_exit_is_sent_without_leave_and_a_look_is_not(gateway: Server, exchange: Server) -> None:
    gateway.refusal = (429, "budget")
    bot = Bot(False, gateway.url, exchange.url, apiKey=KEY, secret=SECRET)
    with sending("exit"):
        bot.ask("create_order", SYMBOL, "market", "sell", 1)
    assert [request.method for request in exchange.requests] == ["POST"]
    with pytest.raises(ccxt.DDoSProtection):
        bot.ask("fetch_balance")
    with sending("entry"), pytest.raises(ccxt.DDoSProtection):
        bot.ask("create_order", SYMBOL, "market", "buy", 1)
    assert len(exchange.requests) == 1


@both
def test_by_the_pools_setting_signed_requests_go_through_and_no_order_goes_twice(
    pro: bool, gateway: Server, exchange: Server
) -> None:
    bot = Bot(pro, gateway.url, exchange.url, signed_through=True, apiKey=KEY, secret=SECRET)
    bot.ask("create_order", SYMBOL, "market", "sell", 1)
    assert gateway.paths()[0] == "/v1/ping"
    assert gateway.requests[1].method == "POST"
    assert gateway.requests[1].headers["x-mbx-apikey"] == KEY
    assert "signature=" in gateway.requests[1].body + gateway.requests[1].query
    gateway.mode = "cut"
    with pytest.raises((ccxt.NetworkError, ccxt.ExchangeError)):  # as of an exchange that breaks off
        bot.ask("create_order", SYMBOL, "market", "sell", 1)
    assert exchange.requests == []


@both
def test_a_client_that_goes_is_closed_as_ever(pro: bool, gateway: Server, exchange: Server) -> None:
    bot = Bot(pro, gateway.url, exchange.url)
    client = bot.client()
    if not pro:
        client.close()
        return

    async def used() -> None:
        await client.fetch_time()
        session = client.session
        await client.close()
        assert session.closed

    asyncio.run(used())


@both
def test_who_reads_answers_reads_them_under_the_exchanges_url(pro: bool, gateway: Server, exchange: Server) -> None:
    """The zygote's markets are compared by the URLs that they came from."""
    bot, urls = Bot(pro, gateway.url, exchange.url), []

    def record(code: int, reason: str, url: str, method: str, headers: Any, body: str, *rest: Any) -> str:
        urls.append(url)
        return body.strip()

    bot.prepare = lambda client: setattr(client, "on_rest_response", record)
    bot.ask("fetch_time")
    assert urls == [f"{exchange.url}/api/v3/time"]
    assert exchange.requests == []


@both
def test_a_bot_with_a_proxy_of_its_own_goes_by_it(pro: bool, gateway: Server, exchange: Server) -> None:
    with server("exchange") as proxy:
        bot = Bot(pro, gateway.url, exchange.url, apiKey=KEY, secret=SECRET, httpProxy=proxy.url + "/")
        for method in ("fetch_time", "fetch_balance"):
            with suppress(ccxt.BaseError):  # it answers as an exchange, and is asked as a proxy
                bot.ask(method)
        assert [request.path for request in proxy.requests] == ["/api/v3/time", "/api/v3/account"]
    assert gateway.requests == []


# ---- candles that are mapped


class Shelf:
    """Where candles are put down, at a moment that the test says."""

    def __init__(self, pool: Path) -> None:
        self._pool = pool
        self.now_ms = int(CANDLES[0][0]) + 20_000
        self.taken = 0
        self.mapped = Mapped(pool, lambda: "paper", lambda: (self.now_ms / 1000, self.now_ms), self._took)

    def _took(self) -> None:
        self.taken += 1

    def put(self, rows: Any, url: str, series: LatestCandles) -> None:
        file = place(self._pool, series.name("paper"))
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(candles_file(rows, asked_boot=self.now_ms / 1000, asked_ms=self.now_ms, url=url))


SERIES = LatestCandles(symbol=SYMBOL, timeframe="1m", limit=5)
MAPPED_ROWS = [[CANDLES[0][0], 7.0, 7.0, 7.0, 7.0, 7.0]]
"""Others than the gateway would answer."""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def url_of(asked: Any, exchange: Server) -> str:
    """The exchange's own of what the gateway was asked for."""
    return f"{exchange.url}/api{asked.path.partition('/api')[2]}?{asked.query}"


def test_candles_that_are_mapped_are_not_asked_for(gateway: Server, exchange: Server, shelf: Shelf) -> None:
    bot = Bot(True, gateway.url, exchange.url, mapped=shelf.mapped)
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5) == [[CANDLES[0][0], 1.0, 2.0, 0.5, 1.5, 10.0]]
    (asked,) = gateway.requests
    assert asked.headers["x-flotilla-series"] == SERIES.header()
    shelf.put(MAPPED_ROWS, url_of(asked, exchange), SERIES)
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5) == MAPPED_ROWS
    assert bot.ask("fetchOHLCV", SYMBOL, timeframe="1m", limit=5) == MAPPED_ROWS
    assert bot.ask("fetch_ohlcv", SYMBOL, timeframe="1m", since=None, limit=5, params={}) == MAPPED_ROWS
    assert (len(gateway.requests), exchange.requests) == (1, [])
    shelf.now_ms += 40_000
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5) != MAPPED_ROWS, "the next candle has opened"
    assert len(gateway.requests) == 2
    assert shelf.taken == 3


def test_while_the_gateway_is_away_they_are_taken_all_the_same(gateway: Server, exchange: Server, shelf: Shelf) -> None:
    bot = Bot(True, gateway.url, exchange.url, mapped=shelf.mapped)
    bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5)
    shelf.put(MAPPED_ROWS, url_of(gateway.requests[0], exchange), SERIES)
    bot.fallback.failed("refused")
    for _ in range(20):
        assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5) == MAPPED_ROWS, "nor is anything held back"
    assert (len(gateway.requests), exchange.requests) == (1, [])


def test_a_synchronous_client_asks_as_ever(gateway: Server, exchange: Server, shelf: Shelf) -> None:
    """FreqTrade gets no candles by it."""
    bot = Bot(False, gateway.url, exchange.url, mapped=shelf.mapped)
    expected = bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5)
    shelf.put(MAPPED_ROWS, url_of(gateway.requests[0], exchange), SERIES)
    assert bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5) == expected
    assert (len(gateway.requests), shelf.taken) == (2, 0)


@both
def test_of_other_requests_the_gateway_is_told_no_series(
    pro: bool, gateway: Server, exchange: Server, shelf: Shelf
) -> None:
    bot, since = Bot(pro, gateway.url, exchange.url, mapped=shelf.mapped), 1_700_000_000_000
    bot.ask("fetch_ohlcv", SYMBOL, "1m", since, 5)
    bot.ask("fetch_ohlcv", SYMBOL, "1m", None, 5, {"until": since})
    bot.ask("fetch_ohlcv", SYMBOL, "1m", since, 2000, {"paginate": True, "until": since + 2000 * 60_000})
    bot.ask("fetch_order_book", SYMBOL)
    bot.ask("fetch_time")
    bot.ask("public_get_klines", {"symbol": "BTCUSDT", "interval": "1m"})
    Bot(pro, gateway.url, exchange.url).ask("fetch_ohlcv", SYMBOL, "1m", None, 5)
    assert len(gateway.requests) > 5
    told = {name for request in gateway.requests for name in request.headers}
    assert "x-flotilla-series" not in told


@both
def test_no_exchange_is_told_of_them(pro: bool, gateway: Server, exchange: Server, shelf: Shelf) -> None:
    gateway.refusal = (403, "host")
    assert Bot(pro, gateway.url, exchange.url, mapped=shelf.mapped).ask("fetch_ohlcv", SYMBOL, "1m", None, 5)
    assert exchange.headers_of("/api/v3/klines") == {}
