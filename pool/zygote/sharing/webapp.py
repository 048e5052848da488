"""FreqTrade's REST application, built and warmed before the fork: 81 routes with their models are 12 MB otherwise.

A server makes a `webserver.FastAPI` and passes it to `ApiServer.configure_app`. Both are hooked: where the
configuration asks for nothing special the shared application comes back, which is configured. It holds nothing of a
bot: its routes ask `ApiServer` at each request.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from freqtrade.rpc.api_server import webserver

_app: FastAPI | None = None
_configure_app: Any = None


class _Builder(webserver.ApiServer):  # type: ignore[misc]
    def start_api(self) -> None:
        """Builds only."""


def install() -> Callable[[], None]:
    """Builds the application and puts the hooks in; the answer takes them out again."""
    global _app, _configure_app
    _app = _build()
    _configure_app = webserver.ApiServer.configure_app
    webserver.FastAPI = _application
    webserver.ApiServer.configure_app = _configure_unless_shared
    return _uninstall


def _uninstall() -> None:
    global _app
    _app = None
    webserver.FastAPI = FastAPI
    webserver.ApiServer.configure_app = _configure_app


def shared_application() -> FastAPI | None:
    """The application that bots serve, once installed."""
    return _app


def _build() -> FastAPI:
    webserver.ApiServer.shutdown()
    application: FastAPI = _Builder({"api_server": {"CORS_origins": []}}).app
    webserver.ApiServer.shutdown()
    webserver.ApiServer._config = {}
    return application


def _application(**arguments: Any) -> FastAPI:
    """Stands for the FastAPI class in FreqTrade's module."""
    if _app is not None and not arguments.get("docs_url") and not _origins(webserver.ApiServer._config):
        return _app
    return FastAPI(**arguments)


def _configure_unless_shared(self: Any, app: FastAPI, config: Any) -> None:
    """Hook of `ApiServer.configure_app`."""
    if app is not _app:
        _configure_app(self, app, config)


def _origins(config: Any) -> Any:
    return config.get("api_server", {}).get("CORS_origins")
