"""What may be shared, and what an exchange gets to see."""

import pytest

from pool.contract.market import behind
from pool.exchange.gateway import asking
from pool.exchange.gateway.asking import kind_of, passed_headers, priority_of, shared_key, target

SECRET = """signature Signature sign timestamp nonce api_key apiKey API-KEY recvWindow AccessKeyId listenKey
access_token passphrase sig%6Eature api%4Bey"""
PLAIN = [
    (b"Host", b"gateway"),
    (b"User-Agent", b"python-requests/2.32"),
    (b"Accept", b"*/*"),
    (b"X-Flotilla-Bot", b"b"),
]


def key(url: str, *headers: tuple[bytes, bytes]) -> str | None:
    asked = target(behind("http://gateway", "binance", url).removeprefix("http://gateway"))
    assert asked is not None
    return shared_key(asked, [*PLAIN, *headers])


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com/api/v3/klines?symbol=BTCUSDT&limit=5",
        "https://api.binance.com",
        "https://api.binance.com/a%2Fb?x=%5B%22A%22%5D&x=2&empty&=",
    ],
)
def test_a_url_goes_up_as_it_was_made(url: str) -> None:
    asked = target(behind("http://gateway", "binance", url).removeprefix("http://gateway"))
    assert asked is not None
    assert asked.url == (url if asked.path != "/" else url + "/")
    assert (asked.exchange, asked.scheme, asked.authority) == ("binance", "https", "api.binance.com")


@pytest.mark.parametrize(
    "raw",
    [
        "/x/",
        "/x/binance/https/",
        "/x/binance/ftp/host/path",
        "/x/binance/https/user@host/path",
        "/x/../https/host/path",
        "/x/binance/https/host/path#part",
        "/x/binance/https/[::1]/path",
        "/v1/state",
        "/x/binance/https/host/\udce4",
        "/x/binance/https/host/k?\xe4",
    ],
)
def test_what_is_not_understood_goes_nowhere(raw: str) -> None:
    assert target(raw) is None


def test_order_of_parameters_makes_no_difference_but_their_values_do() -> None:
    one = key("https://h/k?b=2&a=1")
    assert one == key("https://h/k?a=1&b=2")
    others = [
        "https://h/k?a=2&b=1",
        "https://h/k?a=1",
        "https://h/j?a=1&b=2",
        "https://i/k?a=1&b=2",
        "https://h/K?a=1&b=2",
    ]
    assert len({one, *map(key, others)}) == 6
    assert key("https://h/k?a=1&a=2") != key("https://h/k?a=2&a=1")


@pytest.mark.parametrize("name", SECRET.split())
def test_signed_requests_are_nobody_elses(name: str) -> None:
    assert key(f"https://h/k?symbol=A&{name}=1") is None
    assert key("https://h/k?symbol=A") is not None


@pytest.mark.parametrize(
    "header", [b"Authorization", b"X-MBX-APIKEY", b"KC-API-KEY", b"Cookie", b"Cache-Control", b"X-Anything", b"Origin"]
)
def test_a_header_that_is_not_known_to_be_harmless_keeps_an_answer_private(header: bytes) -> None:
    assert key("https://h/k", (header, b"1")) is None
    assert key("https://h/k", (header.lower(), b"1")) is None


@pytest.mark.parametrize(
    "header", [b"User-Agent", b"Accept", b"Accept-Language", b"Content-Type", b"X-Gate-Channel-Id"]
)
def test_what_an_exchange_may_answer_differently_for_is_part_of_the_key(header: bytes) -> None:
    assert key("https://h/k", (header, b"peculiar")) not in (None, key("https://h/k"))


def test_clients_as_they_come_share() -> None:
    asked = target("/x/binance/https/h/k")
    assert asked is not None
    agents = [b"python-requests/2.32", b"Python/3.13 aiohttp/3.14.5"]
    assert len({shared_key(asked, [(b"User-Agent", agent)]) for agent in agents}) == 1
    assert shared_key(asked, []) == shared_key(asked, [(b"User-Agent", agents[0])])


def test_signed_urls_are_not_remembered() -> None:
    asking._shareable.cache_clear()
    assert target("/x/binance/https/h/k?signature=1") is not None
    assert asking._shareable.cache_info().currsize == 0
    target("/x/binance/https/h/k?limit=1")
    assert asking._shareable.cache_info().currsize == 1


def test_an_exchange_sees_neither_us_nor_who_asks() -> None:
    hidden = [
        b"Host",
        b"Cookie",
        b"X-Flotilla-Tenant",
        b"X-Forwarded-For",
        b"X-Real-IP",
        b"Forwarded",
        b"Connection",
        b"TE",
    ]
    shown = [(b"X-MBX-APIKEY", b"key"), (b"Authorization", b"Bearer x"), (b"Content-Type", b"application/json")]
    assert passed_headers([(name, b"1") for name in hidden] + shown) == [
        (name.decode(), value.decode()) for name, value in shown
    ]


def test_what_is_public_is_a_price_at_the_most() -> None:
    """Else whoever calls his data an exit would ask beside everybody's budget."""
    assert {priority_of(one, True) for one in ("exit", "cancel", "entry", "order", "price")} == {"price"}
    assert priority_of("data", True) == priority_of("first", True) == priority_of(None, True) == "data"


def test_what_is_not_understood_is_data_of_another_kind() -> None:
    assert priority_of("exit", False) == "exit"
    assert priority_of("first", False) == priority_of(None, False) == "data"
    assert kind_of("candles;timeframe=60;limit=5").timeframe == 60
    assert kind_of("candles;timeframe=x").name == kind_of("nothing").name == kind_of(None).name == "other"
