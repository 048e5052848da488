"""`python -m pool.exchange.gateway.tables_reader <ccxt id>`: what ccxt knows of an exchange's addresses, as JSON.

A process of its own that ends at once, because ccxt takes a hundred megabytes. Each endpoint's address is learned from
ccxt's own `sign`, with invented credentials and marked path parameters: no exchange's way to build a URL stands here.
"""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

UNKNOWN_EXCHANGE = 3
"""Exit code: ccxt has no such exchange."""

_CREDENTIALS = {
    "apiKey": "a" * 32,
    "secret": "YWFh" * 11,
    "uid": "1",
    "accountId": "1",
    "login": "a",
    "password": "a",
    "token": "a",
    "walletAddress": "0x" + "1" * 40,
    "privateKey": "0x" + "1" * 64,
}
_EXTRAS = re.compile(r"no[A-Z]\w*|byLimit|by[A-Z]\w*")
_MARK = "q0z{}z0q"


def table(exchange_id: str) -> dict[str, Any] | None:
    """None for what is not an exchange of ccxt."""
    import ccxt

    if exchange_id not in ccxt.exchanges:
        return None
    exchange = getattr(ccxt, exchange_id)(_CREDENTIALS)
    endpoints: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in _entries(type(exchange)):
        for found in _addresses(exchange, entry):
            endpoints.setdefault((found["method"], found["url"]), found)
    return {
        "exchange": exchange_id,
        "ccxt": ccxt.__version__,
        "rate_limit_ms": float(exchange.rateLimit),
        "window_ms": float(exchange.rollingWindowSize or 0),
        "rolling": exchange.rateLimiterAlgorithm == "rollingWindow",
        "origins": sorted({*_origins(exchange), *(_origin(found["url"]) for found in endpoints.values())}),
        "endpoints": list(endpoints.values()),
    }


def _entries(cls: type) -> Iterator[Any]:
    """Every endpoint that the class declares, once (each stands there under two names)."""
    from ccxt.base.types import Entry

    seen = set()
    for base in cls.__mro__:
        for value in vars(base).values():
            if isinstance(value, Entry) and id(value) not in seen:
                seen.add(id(value))
                yield value


def _addresses(exchange: Any, entry: Any) -> Iterator[dict[str, Any]]:
    config = entry.config if isinstance(entry.config, dict) else {}
    names = re.findall(r"{(\w+)}", entry.path)
    marks = {name: _MARK.format(number) for number, name in enumerate(names)}
    own = type(exchange).calculate_rate_limiter_cost is not _base().calculate_rate_limiter_cost
    extras = {key: value for key, value in config.items() if own and _EXTRAS.fullmatch(key)}
    there = {key[2].lower() + key[3:]: "x" for key in extras if key.startswith("no")}
    versions = [key for key in config if own and re.fullmatch(r"v\d+", key)]
    for version in [None, *versions]:
        named = {} if version is None else {"version": version}
        try:
            url = exchange.sign(entry.path, entry.api, entry.method, {**marks, **named})["url"]
            cost = exchange.calculate_rate_limiter_cost(entry.api, entry.method, entry.path, {**there, **named}, config)
        except Exception:  # noqa: S112  needs what only a real call has: it costs what an unknown path does
            continue
        parts = urlsplit(url)
        path = unquote(parts.path)
        for name, mark in marks.items():
            path = re.sub(re.escape(mark), "{" + name + "}", path, flags=re.IGNORECASE)
        yield {
            "method": entry.method.upper(),
            "url": f"{parts.scheme}://{parts.netloc}{path}",
            "cost": float(cost) if isinstance(cost, int | float) else 1.0,
            **({"extras": extras} if extras else {}),
        }


def _base() -> Any:
    from ccxt.base.exchange import Exchange

    return Exchange


def _origins(exchange: Any) -> Iterator[str]:
    pending = [exchange.urls["api"]]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, str):
            value = exchange.implode_hostname(value)
            if urlsplit(value).scheme in ("http", "https"):
                yield _origin(value)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def main(arguments: list[str]) -> int:
    found = table(arguments[0])
    if found is None:
        return UNKNOWN_EXCHANGE
    json.dump(found, sys.stdout, separators=(",", ":"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
