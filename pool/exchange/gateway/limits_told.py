"""What an exchange tells of its limits in the headers of an answer, and once in the body of its markets. Pure.

Known are Binance's used weights, Bybit's, Gate's and Bitget's (of one endpoint each), KuCoin's, OKX's none, and what
others share: `X-RateLimit-*` and the IETF's `RateLimit`. What is not understood is as if it were not there.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

_USED = re.compile(r"x-mbx-used-weight-([0-9]{1,4})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_INTERVALS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400}
_LIMITS = re.compile(rb'"rateLimits"\s*:\s*(\[[^\]]{0,4000}\])')
_PAIR = re.compile(r"([A-Za-z*-]+)\s*=\s*\"?([0-9.]+)\"?")
_LONGEST_SECONDS = 86_400.0
_SMALLEST_UNIX = 1_000_000_000
"""A reset that is greater is a moment, not a length; one a thousand times that is in milliseconds."""

Scope = Literal["address", "endpoint"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one limit says of itself. One of `used` and `remaining` is told, `limit` not always; `resets_in` is None
    where the window's end is to be reckoned from its length."""

    name: str
    scope: Scope
    used: float | None
    limit: float | None
    window_seconds: float
    resets_in: float | None = None
    remaining: float | None = None


def readings(headers: Mapping[str, str], unix: float) -> list[Reading]:
    """`headers` with small letters; `unix` is the exchange's time, as well as it is known."""
    found = [*_used_weights(headers), *_ietf(headers, unix)]
    for name, scope, limit, remaining, reset, milliseconds, window in _TRIPLES:
        one = _triple(headers, name, scope, limit, remaining, reset, unix, milliseconds, window)
        if one is not None:
            found.append(one)
    left = number(headers.get("x-mbx-used-remain-limit"))
    if left is not None:  # Bitget: what is left of this second; how much there was is not told
        found.append(Reading("bitget", "endpoint", None, None, 1.0, 1.0, left))
    return found


_TRIPLES: tuple[tuple[str, Scope, str, str, str, bool, float], ...] = (
    ("bybit", "endpoint", "x-bapi-limit", "x-bapi-limit-status", "x-bapi-limit-reset-timestamp", True, 1.0),
    (
        "gate",
        "endpoint",
        "x-gate-ratelimit-limit",
        "x-gate-ratelimit-requests-remain",
        "x-gate-ratelimit-reset-timestamp",
        False,
        10.0,
    ),
    ("kucoin", "address", "gw-ratelimit-limit", "gw-ratelimit-remaining", "gw-ratelimit-reset", True, 30.0),
    ("common", "address", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", False, 60.0),
    ("ietf", "address", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", False, 60.0),
    (
        "bitvavo",
        "address",
        "bitvavo-ratelimit-limit",
        "bitvavo-ratelimit-remaining",
        "bitvavo-ratelimit-resetat",
        True,
        60.0,
    ),
)
"""Name, scope, the three headers, whether a length is in milliseconds, and the window where none is told."""


def _used_weights(headers: Mapping[str, str]) -> Iterator[Reading]:
    for name, value in headers.items():
        matched = _USED.fullmatch(name)
        used = number(value)
        if matched and used is not None and int(matched[1]) > 0:
            window = float(int(matched[1]) * _UNITS[matched[2]])
            yield Reading(f"used-{matched[1]}{matched[2]}", "address", used, None, window)


def _triple(
    headers: Mapping[str, str],
    name: str,
    scope: Scope,
    limit_name: str,
    remaining_name: str,
    reset_name: str,
    unix: float,
    milliseconds: bool,
    window: float,
) -> Reading | None:
    limit, remaining = number(headers.get(limit_name)), number(headers.get(remaining_name))
    if limit is None or remaining is None or limit <= 0:
        return None
    resets_in = _until(number(headers.get(reset_name)), unix, milliseconds)
    return Reading(name, scope, max(0.0, limit - remaining), limit, window, resets_in)


def _until(reset: float | None, unix: float, milliseconds: bool) -> float | None:
    if reset is None:
        return None
    if reset >= _SMALLEST_UNIX * 1000:
        seconds = reset / 1000 - unix
    elif reset >= _SMALLEST_UNIX:
        seconds = reset - unix
    else:
        seconds = reset / 1000 if milliseconds else reset
    return min(max(seconds, 0.0), _LONGEST_SECONDS)


def _ietf(headers: Mapping[str, str], unix: float) -> Iterator[Reading]:
    """`RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`, and the older
    `RateLimit: limit=100, remaining=50, reset=30`."""
    told, policies = headers.get("ratelimit"), headers.get("ratelimit-policy", "")
    if told is None:
        return
    older = dict(_PAIR.findall(told.lower()))
    if "limit" in older and "remaining" in older:
        limit, left = number(older["limit"]), number(older["remaining"])
        if limit and left is not None:
            reset = _until(number(older.get("reset")), unix, False)
            yield Reading("ietf", "address", max(0.0, limit - left), limit, 60.0, reset)
        return
    known = {name: dict(_PAIR.findall(rest)) for name, rest in map(_member, policies.split(","))}
    for name, rest in map(_member, told.split(",")):
        values, policy = dict(_PAIR.findall(rest)), known.get(name, {})
        left, quota = number(values.get("r")), number(policy.get("q"))
        window, reset = number(policy.get("w")), _until(number(values.get("t")), unix, False)
        if left is not None and quota:
            used = max(0.0, quota - left)
            yield Reading(f"ietf-{name[:40]}", "address", used, quota, window or 60.0, reset)


def _member(text: str) -> tuple[str, str]:
    name, _, rest = text.strip().partition(";")
    return name.strip('" '), rest


def retry_after(headers: Mapping[str, str], unix: float) -> float | None:
    """Seconds, from a number or a date; None where nothing is said."""
    text = headers.get("retry-after")
    if text is None:
        return None
    seconds = number(text)
    if seconds is None:
        at = date(text)
        if at is None:
            return None
        seconds = at - unix
    return min(max(seconds, 0.0), _LONGEST_SECONDS)


def date(text: str | None) -> float | None:
    """Unix seconds of an HTTP date."""
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def number(text: str | None) -> float | None:
    """A plain number that is not below zero."""
    if text is None or not re.fullmatch(r"\s*[0-9]{1,18}(\.[0-9]{1,9})?\s*", text):
        return None
    return float(text)


def limits_in(body: bytes) -> dict[float, float]:
    """Window in seconds → limit, where a body lists `rateLimits` of requests or their weights (`exchangeInfo`)."""
    found = _LIMITS.search(body)
    if found is None:
        return {}
    try:
        listed = json.loads(found[1])
    except ValueError:
        return {}
    limits: dict[float, float] = {}
    for one in listed:
        if isinstance(one, dict) and one.get("rateLimitType") == "REQUEST_WEIGHT":
            window = _INTERVALS.get(str(one.get("interval")), 0) * (number(str(one.get("intervalNum"))) or 0)
            limit = number(str(one.get("limit"))) or 0
            if window > 0 and limit > 0:
                limits[window] = limit
    return limits
