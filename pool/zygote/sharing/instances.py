"""ccxt instances built before the fork: describing Binance's 3,000 endpoints costs each bot megabytes otherwise.

Hooks FreqTrade's `Exchange._init_ccxt`. An instance goes to one bot, once, and has been used by nobody before: it holds
no connection and no event loop. The bot's own settings are applied to it as ccxt's constructor applies them; where a
configuration sets anything else that shapes an instance, one is built the normal way.
"""

import ssl
from collections.abc import Callable, Mapping
from typing import Any

import ccxt
import ccxt.pro
from freqtrade.exchange.exchange import Exchange as FreqtradeExchange

from pool.zygote.sharing.markets import SHARED_EXCHANGE

_SPARES = 3
"""A bot takes one pair at boot and one at each reload of its configuration; further reloads build their own."""
_spares: dict[bool, list[Any]] = {True: [], False: []}
_original: Any = None
_APPLICABLE = frozenset({"urls", "timeout", "enableRateLimit", "options"})
"""Settings that a built instance takes as well as a new one (`rateLimit`, say, shapes the throttler)."""
_OPTIONS = frozenset({"defaultType"})
"""Of `options` those; FreqTrade sets it for futures."""
_VARYING = frozenset({"origin", "session", "logger", "throttler", "ssl_context", "sslContext"})


def install() -> Callable[[], None]:
    """Puts the hook in; the answer takes it out again."""
    global _original
    _original = FreqtradeExchange._init_ccxt
    FreqtradeExchange._init_ccxt = _init_ccxt
    return _uninstall


def _uninstall() -> None:
    FreqtradeExchange._init_ccxt = _original
    for spares in _spares.values():
        spares.clear()


def build_spares() -> None:
    """Fills the store. The asynchronous ones share one TLS context, which each would build at its first request."""
    context: ssl.SSLContext | None = None
    for _ in range(_SPARES):
        _spares[True].append(getattr(ccxt, SHARED_EXCHANGE)())
        instance = getattr(ccxt.pro, SHARED_EXCHANGE)()
        context = context or ssl.create_default_context(cafile=instance.cafile)
        instance.ssl_context = context
        _spares[False].append(instance)


def configured(instance: Any, settings: Mapping[str, Any]) -> Any:
    """Applies settings to a built instance as ccxt's constructor does."""
    for name, value in settings.items():
        current = getattr(instance, name, None)
        setattr(instance, name, instance.deep_extend(current, value) if isinstance(current, dict) else value)
    return instance


def differences(one: Any, other: Any) -> list[str]:
    """Names of attributes in which two instances differ, but for what every instance has its own of."""
    mine, theirs = vars(one), vars(other)
    return sorted(name for name in (mine.keys() | theirs.keys()) - _VARYING if mine.get(name) != theirs.get(name))


def _init_ccxt(self: Any, exchange_config: dict[str, Any], sync: bool, ccxt_kwargs: dict[str, Any]) -> Any:
    """Hook of FreqTrade's `Exchange._init_ccxt`."""
    spares = _spares[sync]
    shaping = set(ccxt_kwargs) - _APPLICABLE or set(ccxt_kwargs.get("options") or {}) - _OPTIONS
    plain = not (self._ccxt_params or shaping or exchange_config.get("demo_trading"))
    if not spares or not plain or exchange_config["name"] != SHARED_EXCHANGE:
        return _original(self, exchange_config, sync, ccxt_kwargs)
    return configured(spares.pop(), {**_account(exchange_config), **ccxt_kwargs})


def _account(exchange_config: Mapping[str, Any]) -> dict[str, Any]:
    """The account's fields as FreqTrade takes them from its configuration."""

    def first(*names: str) -> Any:
        return next((exchange_config[name] for name in names if name in exchange_config), None)

    return {
        "apiKey": first("api_key", "apiKey", "key"),
        "secret": first("secret"),
        "password": first("password"),
        "uid": first("uid"),
        "accountId": first("account_id", "accountId"),
        "walletAddress": first("wallet_address", "walletAddress"),
        "privateKey": first("private_key", "privateKey"),
    }
