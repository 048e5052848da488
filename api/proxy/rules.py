"""What Flotilla does with each route of FreqTrade's REST API (2026.9). Pure.

The table has every route below `/api/v1/` that FreqTrade offers, with FreqTrade's own names of its parameters; a test
compares it with the installed FreqTrade, so that a route of a new version is relayed only once somebody decided on it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

WEBSOCKET = "WEBSOCKET"
"""Stands where HTTP routes have their method."""


class Kind(StrEnum):
    """Who may call a route, and who answers it."""

    OPEN = "open"
    """Answered by Flotilla to everybody, as FreqTrade does."""
    SIGN_IN = "sign_in"
    """Answered by Flotilla; the call itself carries the credentials."""
    READ = "read"
    """Relayed for whoever may see the bot."""
    CONTROL = "control"
    """Relayed for whoever may operate the bot."""
    INTENT = "intent"
    """What its operator wants of the bot from now on: written down, answered as FreqTrade answers."""
    REFUSED = "refused"
    """Neither: `reason` says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    method: str
    path: str
    """Below `/api/v1/`, with FreqTrade's own parameters: `trades/{tradeid}`."""
    kind: Kind
    reason: str = ""


_BACKTESTS = "backtests run in FreqTrade itself, not in a bot that trades"
_TASKS = "background tasks belong to FreqTrade's webserver mode; a bot in a pool only trades"
_DATA = "a bot in a pool downloads and keeps no market data of its own: run FreqTrade itself for that"
_CATALOGUE = "a bot in a pool has one strategy and no libraries to list: see GET /api/v1/templates"
_HISTORY = "it would load history from disk, which a bot in a pool has not: ask pair_candles instead"


def _rules(kind: Kind, method: str, *paths: str, reason: str = "") -> tuple[Rule, ...]:
    return tuple(Rule(method, path, kind, reason) for path in paths)


RULES: tuple[Rule, ...] = (
    *_rules(Kind.OPEN, "GET", "ping"),
    *_rules(Kind.OPEN, "HEAD", "ping"),
    *_rules(Kind.SIGN_IN, "POST", "token/login", "token/refresh"),
    *_rules(
        Kind.READ, "GET",
        "balance", "blacklist", "count", "daily", "entries", "exits", "health", "historic_balance", "locks", "logs",
        "markets", "mix_tags", "monthly", "pair_candles", "performance", "plot_config", "profit", "profit_all",
        "show_config", "stats", "status", "strategy/{strategy}", "sysinfo", "trade/{tradeid}", "trades",
        "trades/open/custom-data", "trades/{trade_id}/custom-data", "version", "weekly", "whitelist",
    ),
    *_rules(Kind.READ, "POST", "pair_candles"),
    *_rules(Kind.READ, WEBSOCKET, "message/ws"),
    *_rules(
        Kind.CONTROL, "POST",
        "blacklist", "forcebuy", "forceenter", "forceexit", "forcesell", "locks", "locks/delete",
        "trades/{tradeid}/reload",
    ),
    *_rules(Kind.CONTROL, "DELETE", "blacklist", "locks/{lockid}", "trades/{tradeid}", "trades/{tradeid}/open-order"),
    *_rules(Kind.INTENT, "POST", "start", "stop", "pause", "stopentry", "stopbuy", "reload_config"),
    *_rules(Kind.REFUSED, "POST", "backtest", reason=_BACKTESTS),
    *_rules(
        Kind.REFUSED, "GET",
        "backtest", "backtest/abort", "backtest/history", "backtest/history/result",
        "backtest/history/{file}/market_change", "backtest/history/{file}/{strategy}/wallet",
        reason=_BACKTESTS,
    ),
    *_rules(Kind.REFUSED, "DELETE", "backtest", "backtest/history/{file}", reason=_BACKTESTS),
    *_rules(Kind.REFUSED, "PATCH", "backtest/history/{file}", reason=_BACKTESTS),
    *_rules(
        Kind.REFUSED, "GET",
        "background", "background/{jobid}", "lookahead_analysis/{jobid}", "recursive_analysis/{jobid}",
        "pairlists/evaluate/{jobid}",
        reason=_TASKS,
    ),
    *_rules(Kind.REFUSED, "DELETE", "background/clear", "background/{jobid}", reason=_TASKS),
    *_rules(
        Kind.REFUSED, "POST", "lookahead_analysis", "recursive_analysis", "pairlists/evaluate", reason=_TASKS
    ),
    *_rules(Kind.REFUSED, "POST", "download_data", reason=_DATA),
    *_rules(Kind.REFUSED, "GET", "available_pairs", reason=_DATA),
    *_rules(Kind.REFUSED, "GET", "pair_history", reason=_HISTORY),
    *_rules(Kind.REFUSED, "POST", "pair_history", reason=_HISTORY),
    *_rules(
        Kind.REFUSED, "GET",
        "strategies", "exchanges", "freqaimodels", "hyperoptloss", "pairlists/available",
        reason=_CATALOGUE,
    ),
)  # fmt: skip

OTHER_STRATEGIES = "a bot in a pool loads no strategy but its own: leave `strategy` out"
"""Why `plot_config?strategy=…` is refused, which would import a strategy into the process that trades."""


def refusal(method: str, path: str) -> str:
    """The sentence for a call that is REFUSED. `path` is decoded."""
    rule = next(rule for rule, pattern in _PATTERNS if rule.method == method and pattern.fullmatch(path))
    return f"{rule.method} {rule.path} is not relayed: {rule.reason}."


def groups() -> dict[tuple[Kind, str], str]:
    """A regular expression for all paths of each kind and HTTP method, the WebSocket left out: one route serves them
    all, since the router tries one after the other."""
    found: dict[tuple[Kind, str], list[str]] = {}
    for rule, pattern in _PATTERNS:
        if rule.method != WEBSOCKET:
            found.setdefault((rule.kind, rule.method), []).append(pattern.pattern)
    return {group: f"(?:{'|'.join(patterns)})" for group, patterns in found.items()}


def methods_of(path: str) -> tuple[str, ...]:
    """The HTTP methods that FreqTrade offers at a path; none where it has no such route. `path` is decoded."""
    found = {rule.method for rule, pattern in _PATTERNS if rule.method != WEBSOCKET and pattern.fullmatch(path)}
    return tuple(sorted(found))


def _pattern(path: str) -> re.Pattern[str]:
    parts = (r"[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
    return re.compile("/".join(parts))


_PATTERNS = tuple((rule, _pattern(rule.path)) for rule in RULES)
