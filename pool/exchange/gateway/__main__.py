"""`python -m pool.exchange.gateway --directory DIR`: the market-data gateway of a node as a process.

Listens where `--port` says, else where the previous process in this directory did, else anywhere. Ends on SIGTERM and
SIGINT. Exit code 1 and one sentence on standard error where it cannot start.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from loguru import logger
from pydantic import ValidationError
from pydantic_settings import SettingsError

from pool.exchange import directory
from pool.exchange.directory import AlreadyRunning
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.running import Options, running
from pool.exchange.gateway.server import serve
from pool.exchange.gateway.settings import GatewaySettings

_MEGABYTE = 1024 * 1024
_PREFIXES = {one.__name__: one.model_config["env_prefix"] for one in (CandleSettings, GatewaySettings)}


class Directory(directory.Directory):
    whose: ClassVar[str] = "A market-data gateway"


class CannotStart(Exception):
    """One sentence for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 after a signal, 1 where it could not start, 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        CandleSettings()
        told = _options(options)
    except (ValidationError, SettingsError) as error:
        return _refuse(f"The market-data gateway cannot use its settings. {_wrong(error)}")
    os.umask(0o077)  # rotated logs and the database's side files are for the owner alone, too
    _allow_connections()
    try:
        home = Directory.open(options.directory)
    except AlreadyRunning as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"The market-data gateway cannot use {options.directory}: {error.strerror}.")
    logger.remove()
    logger.add(home.log, level="INFO", rotation="10 MB", retention=3, diagnose=False)
    home.log.chmod(0o600)
    logging.getLogger("aiohttp").addHandler(logging.NullHandler())  # its messages may show requests
    try:
        asyncio.run(_run(home, options, told))
    except CannotStart as error:
        logger.error("{}", error)
        return _refuse(str(error))
    finally:
        home.close()
    return 0


def _options(told: argparse.Namespace) -> Options:
    """Raises ValidationError."""
    own = GatewaySettings()
    cache_bytes = told.cache_mb * _MEGABYTE
    return Options(told.directory, told.paper_url, cache_bytes, told.host, own.websockets, own.mapped)


def _allow_connections() -> None:
    """As many as the system lets it have: each bot keeps several open, and the usual soft limit is 1024 files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # a system that knows no such number
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _run(home: Directory, options: argparse.Namespace, told: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = options.port or home.last_port() or 0
    async with running(told) as answer:
        try:
            runner, bound = await serve(answer, options.host, port)
        except OSError as error:
            raise CannotStart(
                f"The market-data gateway cannot listen on {options.host}:{port} ({error.strerror}); "
                "free that port or choose another with --port."
            ) from error
        try:
            host = f"[{options.host}]" if ":" in options.host else options.host
            home.tell(f"http://{host}:{bound}", datetime.now(UTC).isoformat())
            logger.info("listening on {}:{}", host, bound)
            await stop.wait()
        finally:
            await runner.cleanup()
    logger.info("stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pool.exchange.gateway", description="A market-data gateway.")
    parser.add_argument("--directory", type=Path, required=True, help="where it keeps its state (made if missing)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=0, help="0: the previous one, or any")
    parser.add_argument("--paper-url", type=_root, help="root of the paper exchange")
    parser.add_argument("--release", help="of which it is, for whoever reads its command line")
    parser.add_argument("--cache-mb", type=_megabytes, default=256, help="answers in memory, and on disk")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{port} is not a port")
    return port


def _megabytes(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 16_384:
        raise argparse.ArgumentTypeError("choose 1 to 16384")
    return count


def _root(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text} is not a URL")
    return text.rstrip("/")


def _wrong(error: ValidationError | SettingsError) -> str:
    """On a line."""
    if isinstance(error, SettingsError):
        return " ".join(str(error).split())
    told = error.errors(include_url=False, include_input=False)
    prefix = _PREFIXES[error.title]
    return "; ".join(f"{prefix}{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in told)


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
