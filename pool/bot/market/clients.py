"""Routes the ccxt clients that FreqTrade builds from here on, from their first request.

Hooks `Exchange._init_ccxt`, around whatever hooks it already, and the methods of FreqTrade in which prices decide
something of open trades, or of entries: what is asked anywhere else, by strategies above all, is data.
A client becomes an instance of a subclass of its class:
who takes a method from a client's type, as others do that wrap one, takes it with what is said here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from freqtrade.exchange.exchange import Exchange as FreqtradeExchange
from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.rpc import RPC

from pool.bot.market.kinds import Need, candles, pricing, told_methods
from pool.bot.market.mapped import Mapped
from pool.bot.market.routing import Router
from pool.bot.market.sessions import RoutedAsyncSession, RoutedSession
from pool.contract.mapped import series_of

_ROUTER = "_flotilla_router"
_classes: dict[type, type] = {}
_PRICED: tuple[tuple[type, str, Need], ...] = (
    (FreqtradeBot, "exit_positions", "price"),
    (FreqtradeBot, "manage_open_orders", "price"),
    (FreqtradeBot, "process_open_trade_positions", "price"),
    (FreqtradeBot, "update_trade_state", "price"),
    (FreqtradeBot, "enter_positions", "entry"),
    (RPC, "_rpc_force_exit", "urgent"),
)
"""What prices are for that are asked for within; a stop is moved by the price at which an order was filled
(`update_trade_state`)."""


def install(router: Router) -> Callable[[], None]:
    """From now on, in this process; the answer takes it out again."""
    original = FreqtradeExchange._init_ccxt
    priced = [(of, name, getattr(of, name)) for of, name, _ in _PRICED]

    def _init_ccxt(self: Any, *given: Any, **named: Any) -> Any:
        return routed(original(self, *given, **named), router)

    FreqtradeExchange._init_ccxt = _init_ccxt
    for of, name, need in _PRICED:
        setattr(of, name, _priced(getattr(of, name), need))

    def uninstall() -> None:
        FreqtradeExchange._init_ccxt = original
        for of, name, method in priced:
            setattr(of, name, method)

    return uninstall


def _priced(method: Callable[..., Any], need: Need) -> Callable[..., Any]:
    @wraps(method)
    def within(self: Any, *given: Any, **named: Any) -> Any:
        with pricing(need):
            return method(self, *given, **named)

    return within


def routed(client: Any, router: Router) -> Any:
    """The client, whose requests take the router's way from here on."""
    client.__class__ = _routed_class(type(client))
    setattr(client, _ROUTER, router)
    if client.synchronous:
        client.session = RoutedSession(client.session, client, router)
    return client


def _routed_class(cls: Any) -> type:
    if cls not in _classes:
        methods = told_methods(cls)
        if not cls.synchronous:
            methods["open"] = _opening(cls.open)
            if "fetch_ohlcv" in methods:
                methods["fetch_ohlcv"] = methods["fetchOHLCV"] = _mapping(methods["fetch_ohlcv"])
        _classes[cls] = type(cls.__name__, (cls,), {**methods, "__module__": cls.__module__})
    return _classes[cls]


def _mapping(original: Callable[..., Any]) -> Callable[..., Any]:
    """Candles that are mapped are not asked for."""

    @wraps(original)
    async def fetched(self: Any, *given: Any, **named: Any) -> Any:
        mapped: Mapped | None = getattr(self, _ROUTER).mapped
        series = None if mapped is None else series_of(given, named)
        if mapped is not None and series is not None:
            rows = mapped.rows(series, candles(self.parse_timeframe, given, named))
            if rows is not None:
                return rows
        return await original(self, *given, **named)

    return fetched


def _opening(original: Callable[..., None]) -> Callable[..., None]:
    """An asynchronous client makes its session when it needs one."""

    def opened(self: Any, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        if self.session is not None and not isinstance(self.session, RoutedAsyncSession):
            self.session = RoutedAsyncSession(self.session, self, getattr(self, _ROUTER))

    return opened
