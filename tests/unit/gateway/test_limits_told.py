"""What exchanges tell of their limits, header by header."""

import pytest

from pool.exchange.gateway.limits_told import Reading, limits_in, number, readings, retry_after

UNIX = 1_795_000_000.0


def test_used_weights_of_each_length_are_read_and_say_nothing_of_the_limit() -> None:
    found = readings({"x-mbx-used-weight-1m": "17", "x-mbx-used-weight-10s": "3", "x-mbx-used-weight": "17"}, UNIX)
    assert found == [
        Reading("used-1m", "address", 17.0, None, 60.0),
        Reading("used-10s", "address", 3.0, None, 10.0),
    ]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {
                "x-bapi-limit": "50",
                "x-bapi-limit-status": "48",
                "x-bapi-limit-reset-timestamp": str(int((UNIX + 0.5) * 1000)),
            },
            Reading("bybit", "endpoint", 2.0, 50.0, 1.0, 0.5),
        ),
        (
            {
                "x-gate-ratelimit-limit": "200",
                "x-gate-ratelimit-requests-remain": "150",
                "x-gate-ratelimit-reset-timestamp": str(int(UNIX + 4)),
            },
            Reading("gate", "endpoint", 50.0, 200.0, 10.0, 4.0),
        ),
        (
            {"gw-ratelimit-limit": "2000", "gw-ratelimit-remaining": "1990", "gw-ratelimit-reset": "12500"},
            Reading("kucoin", "address", 10.0, 2000.0, 30.0, 12.5),
        ),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "40", "x-ratelimit-reset": "7"},
            Reading("common", "address", 60.0, 100.0, 60.0, 7.0),
        ),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "40", "x-ratelimit-reset": str(int(UNIX + 9))},
            Reading("common", "address", 60.0, 100.0, 60.0, 9.0),
        ),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "40"},
            Reading("common", "address", 60.0, 100.0, 60.0, None),
        ),
        (
            {"ratelimit-limit": "10", "ratelimit-remaining": "4", "ratelimit-reset": "3"},
            Reading("ietf", "address", 6.0, 10.0, 60.0, 3.0),
        ),
        (
            {"ratelimit": "limit=100, remaining=50, reset=30"},
            Reading("ietf", "address", 50.0, 100.0, 60.0, 30.0),
        ),
        (
            {"ratelimit": f"limit=100, remaining=50, reset={UNIX + 12:.0f}"},
            Reading("ietf", "address", 50.0, 100.0, 60.0, 12.0),
        ),
        (
            {"ratelimit": '"default";r=30;t=11', "ratelimit-policy": '"burst";q=9;w=1, "default";q=100;w=20'},
            Reading("ietf-default", "address", 70.0, 100.0, 20.0, 11.0),
        ),
        (
            {"x-mbx-used-remain-limit": "19"},
            Reading("bitget", "endpoint", None, None, 1.0, 1.0, 19.0),
        ),
    ],
)
def test_each_exchanges_own_headers(headers: dict[str, str], expected: Reading) -> None:
    assert readings(headers, UNIX) == [expected]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-mbx-used-weight-1m": "-4"},
        {"x-mbx-used-weight-1m": "many"},
        {"x-mbx-used-weight-0m": "4"},
        {"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"},
        {"x-ratelimit-limit": "100"},
        {"ratelimit": "nothing that is known"},
        {"ratelimit": '"default";r=30;t=11'},
        {"x-bapi-limit": "1e9", "x-bapi-limit-status": "1"},
        {},
    ],
)
def test_what_is_not_understood_is_as_if_it_were_not_there(headers: dict[str, str]) -> None:
    assert readings(headers, UNIX) == []


def test_more_remaining_than_the_limit_is_nothing_used() -> None:
    [reading] = readings({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "130"}, UNIX)
    assert reading.used == 0.0


def test_a_reset_in_the_past_is_now_and_none_is_longer_than_a_day() -> None:
    told = {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "1"}
    [past] = readings({**told, "x-ratelimit-reset": str(int(UNIX - 50))}, UNIX)
    [far] = readings({**told, "x-ratelimit-reset": str(int(UNIX * 1.5))}, UNIX)
    assert (past.resets_in, far.resets_in) == (0.0, 86_400.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 12.0),
        ("0.5", 0.5),
        ("Wed, 18 Nov 2026 11:46:52 GMT", 12.0),
        ("Wed, 18 Nov 2026 11:46:20 GMT", 0.0),
        ("999999999", 86_400.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, 1_795_002_400.0) == seconds


def test_limits_are_listed_by_length_where_a_body_lists_them() -> None:
    body = b"""{"timezone":"UTC","rateLimits":[
      {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},
      {"rateLimitType":"REQUEST_WEIGHT","interval":"SECOND","intervalNum":10,"limit":300},
      {"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":200000}],"symbols":[]}"""
    assert limits_in(body) == {60.0: 6000.0, 10.0: 300.0}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"rateLimits":[}', b'{"rateLimits":[1,{"rateLimitType":"X"}]}'])
def test_a_body_without_limits_has_none(body: bytes) -> None:
    assert limits_in(body) == {}


@pytest.mark.parametrize("text", ["nan", "inf", "1e5", "0x10", "", "١٢"])
def test_a_number_is_plain(text: str) -> None:
    assert number(text) is None
