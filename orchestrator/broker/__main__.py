"""`python -m orchestrator.broker`: listens on the Unix socket of `FLOTILLA_BROKER_SOCKET` until SIGTERM or SIGINT.

Needs to reach Docker's socket, and nothing else: no database, no secret, no network. Pools do not notice when it ends.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web
from loguru import logger
from pydantic import ValidationError

from orchestrator.broker.server import Broker
from orchestrator.broker.settings import BrokerSettings


class CannotStart(Exception):
    """One sentence for people."""


def bind(path: Path, mode: int, gid: int | None) -> socket.socket:
    """A listening socket with these permissions from its first moment. Raises CannotStart, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise CannotStart(f"A broker already listens on {path}: stop that one first.")
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    if gid is not None:
        os.chown(path, -1, gid)
    path.chmod(mode)
    listening.listen()
    return listening


async def _run(settings: BrokerSettings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    listening = bind(settings.socket, settings.socket_mode, settings.socket_gid)
    runner = web.AppRunner(Broker(settings).application(), access_log=None, shutdown_timeout=5)
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        logger.info("listening on {} for the installation {}", settings.socket, settings.installation)
        await stopped.wait()
    finally:
        await runner.cleanup()
        with contextlib.suppress(OSError):
            settings.socket.unlink()


def main() -> int:
    """Exit code 1 where it could not start, told in a sentence."""
    logger.remove()
    logger.add(sys.stderr, diagnose=False)  # would print the values of variables, tokens among them
    try:
        asyncio.run(_run(BrokerSettings()))
    except ValidationError as error:
        first = error.errors()[0]
        print(f"broker: the setting {'.'.join(map(str, first['loc']))} is not right: {first['msg']}.", file=sys.stderr)
        return 1
    except (CannotStart, OSError) as error:
        print(f"broker: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
