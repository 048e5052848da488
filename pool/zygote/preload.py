"""Everything a bot will import, imported once; what FreqTrade imports only when first needed included.

A module imported after the fork costs each bot its own copy of the code objects and tens of milliseconds at start.
"""

import importlib
import pkgutil

_PACKAGES = (
    "freqtrade.configuration",
    "freqtrade.exchange",
    "freqtrade.persistence",
    "freqtrade.plugins",
    "freqtrade.resolvers",
    "freqtrade.rpc.api_server",
    "freqtrade.strategy",
    "freqtrade.leverage",
    "freqtrade.mixins",
    "freqtrade.util",
    "freqtrade.loggers",
    "pool.bot",
)
"""Imported with all their modules."""

_MODULES = (
    "freqtrade.main",
    "freqtrade.worker",
    "freqtrade.freqtradebot",
    "freqtrade.wallets",
    "freqtrade.commands.trade_commands",
    "freqtrade.data.dataprovider",
    "freqtrade.data.btanalysis",
    "freqtrade.data.metrics",
    "freqtrade.optimize.space",
    "freqtrade.rpc.rpc",
    "freqtrade.rpc.rpc_manager",
    "freqtrade.rpc.webhook",
    "freqtrade.rpc.discord",
    "freqtrade.rpc.fiat_convert",
    "ccxt",
    "ccxt.pro",
    "ccxt.async_support",
    "talib.abstract",
    "technical.indicators",
    "technical.qtpylib",
    "pandas_ta",
    "numexpr",
    "bottleneck",
    "pyarrow",
    "pyarrow.compute",
    "pandas.core.reshape.merge",
    "pandas.plotting",
    "encodings.idna",
    "encodings.ascii",
    "encodings.latin_1",
    "encodings.utf_8_sig",
    "stringprep",
    "multiprocessing.util",
    "concurrent.futures.thread",
    "sqlite3",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "sqlalchemy.orm.strategies",
    "sqlalchemy.ext.hybrid",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.protocols.websockets.websockets_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "anyio._backends._asyncio",
    "uvloop",
    "httptools",
    "aiohttp.resolver",
    "multidict",
    "requests",
    "rich.traceback",
    "psutil",
    "zoneinfo",
)


def import_everything() -> list[str]:
    """Imports it all; names of modules that this installation lacks (nothing depends on them then)."""
    missing = [name for name in _MODULES if not _imported(name)]
    for package_name in _PACKAGES:
        if not _imported(package_name):
            missing.append(package_name)
            continue
        package = importlib.import_module(package_name)
        for module in pkgutil.walk_packages(package.__path__, package_name + "."):
            if not module.name.endswith("__main__") and not _imported(module.name):
                missing.append(module.name)
    return missing


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
