"""Routes the ccxt clients that FreqTrade builds from here on, from their first request.

Hooks `Exchange._init_ccxt`, around whatever hooks it already, and `FreqtradeBot.enter_positions`, within which prices
are asked for entries. A client becomes an instance of a subclass of its class:
who takes a method from a client's type, as others do that wrap one, takes it with what is said here.
"""

from collections.abc import Callable
from typing import Any

from freqtrade.exchange.exchange import Exchange as FreqtradeExchange
from freqtrade.freqtradebot import FreqtradeBot

from pool.bot.market.kinds import pricing, told_methods
from pool.bot.market.routing import Router
from pool.bot.market.sessions import RoutedAsyncSession, RoutedSession

_ROUTER = "_flotilla_router"
_classes: dict[type, type] = {}


def install(router: Router) -> Callable[[], None]:
    """From now on, in this process; the answer takes it out again."""
    original, original_enter = FreqtradeExchange._init_ccxt, FreqtradeBot.enter_positions

    def _init_ccxt(self: Any, *given: Any, **named: Any) -> Any:
        return routed(original(self, *given, **named), router)

    def enter_positions(self: Any, *given: Any, **named: Any) -> Any:
        with pricing("entry"):
            return original_enter(self, *given, **named)

    FreqtradeExchange._init_ccxt, FreqtradeBot.enter_positions = _init_ccxt, enter_positions

    def uninstall() -> None:
        FreqtradeExchange._init_ccxt, FreqtradeBot.enter_positions = original, original_enter

    return uninstall


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
        _classes[cls] = type(cls.__name__, (cls,), {**methods, "__module__": cls.__module__})
    return _classes[cls]


def _opening(original: Callable[..., None]) -> Callable[..., None]:
    """An asynchronous client makes its session when it needs one."""

    def opened(self: Any, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        if self.session is not None and not isinstance(self.session, RoutedAsyncSession):
            self.session = RoutedAsyncSession(self.session, self, getattr(self, _ROUTER))

    return opened
