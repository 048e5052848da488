"""What goes to the gateway holds nothing of an account, whatever the exchange."""

from collections.abc import Mapping

import ccxt
import pytest

from pool.bot.market.privacy import credentials, is_public, is_signed, told_url
from tests.unit.bot.signing import ACCOUNTS, client, endpoints, sign

CANDLES = {
    "binance": "klines",
    "bingx": "quote/klines",
    "bitget": "v2/spot/market/candles",
    "bitvavo": "{market}/candles",
    "bybit": "v5/market/kline",
    "cryptocom": "public/get-candlestick",
    "gate": "candlesticks",
    "htx": "market/history/kline",
    "kraken": "OHLC",
    "krakenfutures": "{price_type}/{symbol}/{interval}",
    "kucoin": "market/candles",
    "okx": "market/candles",
}
"""Of those that FreqTrade supports, the ones whose market data come by GET (Hyperliquid's does not)."""


@pytest.mark.parametrize("exchange", ccxt.exchanges)
def test_what_depends_on_the_account_is_never_shared(exchange: str) -> None:
    """Signed for two accounts, with one clock: what differs is private, by whatever it differs."""
    one, other = (client(exchange, account) for account in ACCOUNTS)
    secrets = credentials(one)
    shared = 0
    for entry in endpoints(one):
        first, second = sign(one, entry), sign(other, entry)
        if first is None or second is None:
            continue
        if is_public(first.method, first.url, first.headers, first.body, secrets):
            shared += 1
            assert first == second, f"{entry.method} {entry.path} of {entry.api}"
            told = f"{first.url} {first.headers}".casefold()
            assert not [secret for secret in secrets if secret.casefold() in told]
    if exchange in CANDLES:
        assert shared, "market data"


@pytest.mark.parametrize("exchange", CANDLES)
def test_candles_are_shared_and_orders_are_not(exchange: str) -> None:
    made = client(exchange, ACCOUNTS[0])
    secrets = credentials(made)
    candles = [entry for entry in endpoints(made) if entry.path == CANDLES[exchange] and entry.method == "GET"]
    assert candles
    for entry in candles:
        signed = sign(made, entry)
        assert signed is not None
        assert is_public(signed.method, signed.url, signed.headers, signed.body, secrets), entry.api
    private = [entry for entry in endpoints(made) if "rivate" in str(entry.api) and "order" in entry.path.lower()]
    assert private
    for entry in private:
        signed = sign(made, entry)
        assert signed is None or is_signed(signed.url, signed.headers, signed.body, secrets), entry


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://x/api?symbol=A&signature=ab", {}),
        ("https://x/api?symbol=A&AccessKeyId=ab", {}),
        ("https://x/api?symbol=A&api-key=ab", {}),
        ("https://x/api?symbol=A", {"X-MBX-APIKEY": "other"}),
        ("https://x/api?symbol=A", {"Cookie": "a=b"}),
        ("https://x/api?user=0xABCDEF", {}),
        ("https://x/info/0xabcdef", {}),
        ("https://x/api?who=my%2Fkey%3D", {}),
        ("https://x/api?who=my/key=", {}),
        ("https://x/api", {"User-Agent": "my/key="}),
        ("https://me:pass@x/api", {}),
    ],
)
def test_whatever_tells_of_an_account_makes_a_request_private(url: str, headers: Mapping[str, str]) -> None:
    assert not is_public("GET", url, headers, None, ["0xAbCdEf", "my/key="])


def test_others_are_public_only_as_looks_without_a_body() -> None:
    headers = {"User-Agent": "ccxt", "Accept-Encoding": "gzip"}
    assert is_public("GET", "https://x/klines?symbol=A&interval=1m", headers, None, ["secret-1"])
    assert is_public("get", "https://x/klines", None, "", [])
    for method, body in (("POST", None), ("DELETE", None), ("GET", "a=b"), ("GET", b"{}"), ("GET", {"a": 1})):
        assert not is_public(method, "https://x/klines", headers, body, [])


def test_a_body_is_looked_into_for_what_was_signed() -> None:
    assert is_signed("https://x/info", {}, '{"action": {}, "nonce": 1, "signature": {"r": "0x"}}', [])
    assert is_signed("https://x/info", {}, "a=1&sign=2", [])
    assert is_signed("https://x/info", {}, b'{"user": "0xABC"}', ["0xabc"])
    assert is_signed("https://x/info", {}, {"api_key": "1"}, [])
    assert not is_signed("https://x/info", {}, '{"type": "candleSnapshot", "req": {"coin": "BTC"}}', ["0xabc"])


def test_of_a_signed_request_its_path_is_told_unless_it_names_the_account() -> None:
    assert told_url("https://x:8/orders/12?signature=a", ["secret-1"]) == "https://x:8/orders/12"
    assert told_url("https://x/accounts/Secret-1/orders", ["secret-1"]) == "https://x"
    assert told_url("https://me:pass@x/orders", []) == "https://x/orders"
