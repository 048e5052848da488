"""`python -m pool.exchange.simulator --directory DIR`: the paper exchange as a process.

Listens where `--port` says, else where the previous process in this directory did, else anywhere. Ends on SIGTERM and
SIGINT. Exit code 1 and one sentence on standard error where it cannot start.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger

from pool.exchange.directory import AlreadyRunning
from pool.exchange.simulator.control import OPENING
from pool.exchange.simulator.directory import Directory
from pool.exchange.simulator.exchange import Exchange
from pool.exchange.simulator.limits import UNLIMITED
from pool.exchange.simulator.listings import MOST_SYMBOLS
from pool.exchange.simulator.server import serve

REMOTE_ACCOUNTS = "FLOTILLA_PAPER_REMOTE_ACCOUNTS"
"""Set: whoever has the control token opens accounts from other machines, too; of a container the host is one."""


class CannotStart(Exception):
    """One sentence for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 after a signal, 1 where it could not start, 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # rotated logs and the ledger's side files are for the owner alone, too
    try:
        directory = Directory.open(options.directory)
    except AlreadyRunning as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"The paper exchange cannot use {options.directory}: {error.strerror}.")
    logger.remove()
    logger.add(directory.log, level="INFO", rotation="10 MB", retention=3, diagnose=False)
    directory.log.chmod(0o600)
    try:
        asyncio.run(_run(directory, options))
    except CannotStart as error:
        logger.error("{}", error)
        return _refuse(str(error))
    finally:
        directory.close()
    return 0


async def _run(directory: Directory, options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    token = directory.control_token()
    limits = (options.weight_limit, options.futures_weight_limit)
    exchange = Exchange(directory.ledger, token, options.seed, options.symbols, *limits)
    if os.environ.get(REMOTE_ACCOUNTS):
        exchange.front.from_afar = OPENING
    port = options.port or directory.last_port() or 0
    try:
        runner, bound = await serve(exchange.front, options.host, port)
    except OSError as error:
        exchange.close()
        raise CannotStart(
            f"The paper exchange cannot listen on {options.host}:{port} ({error.strerror}); "
            "free that port or choose another with --port."
        ) from error
    try:
        host = f"[{options.host}]" if ":" in options.host else options.host
        directory.tell(f"http://{host}:{bound}", datetime.now(UTC).isoformat())
        logger.info("listening on {}:{} with {} symbols, seed {}", host, bound, options.symbols, options.seed)
        await exchange.run_until(stop)
    finally:
        await runner.cleanup()
        exchange.close()
        logger.info("stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pool.exchange.simulator", description="A paper exchange.")
    parser.add_argument("--directory", type=Path, required=True, help="where it keeps its state (made if missing)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=0, help="0: the previous one, or any")
    parser.add_argument("--symbols", type=_symbols, default=60, help=f"how many markets, 1 to {MOST_SYMBOLS}")
    parser.add_argument("--seed", type=int, default=7, help="which market")
    parser.add_argument("--weight-limit", type=int, default=UNLIMITED, help="request weight per minute and address")
    parser.add_argument("--futures-weight-limit", type=int, help="the same of perpetuals, which count by themselves")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{port} is not a port")
    return port


def _symbols(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST_SYMBOLS:
        raise argparse.ArgumentTypeError(f"choose 1 to {MOST_SYMBOLS}")
    return count


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
