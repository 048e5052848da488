"""The agent's parts put together, from its start to its end.

Start: the slots are read, init tells its table, living runs are adopted, bots and the HTTP API are listened for, and
`endpoint.json` says where. End: with init gone, at once; on SIGTERM, at once too, and the bots go on; when init says
that the pool ends, after every bot has stopped.
"""

import asyncio
import contextlib
import errno
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from loguru import logger

from pool.agent.asking import Asking
from pool.agent.bot_link import BotServer
from pool.agent.checks import Checks
from pool.agent.endpoints import Desk, build
from pool.agent.facts import Limits
from pool.agent.files import write_atomically
from pool.agent.init_link import InitLink
from pool.agent.keeper import Keeper
from pool.agent.mapping import Mapping
from pool.agent.reception import Reception
from pool.agent.relay import Relay
from pool.agent.ring import EventRing
from pool.agent.risk import Risk
from pool.agent.sampler import Sampler
from pool.agent.store import load
from pool.agent.taken import Taken
from pool.agent.tokens import BadToken, Tokens
from pool.agent.turns import Turns
from pool.agent.uids import Uids
from pool.agent.watcher import Watcher
from pool.contract.frames import Readings
from pool.contract.model import Wire
from pool.settings import PoolSettings

_TICK_SECONDS = 0.5
_ALIVE_SECONDS = 2.0
_FORGET_SECONDS = 30.0
_HELD_UP_SECONDS = 3.0
"""A tick later than this excuses the bots: it was the agent, or the machine, that stood still."""
_SHUTDOWN_MARGIN_SECONDS = 5.0


class CannotStart(Exception):
    """Says in one sentence why."""


async def run(directory: Path, settings: PoolSettings, link: InitLink) -> int:
    """The agent's life; answers its exit code. Raises CannotStart, store.CorruptSlots, OSError."""
    tokens = _tokens(directory)
    stored = load(directory / "slots.json")
    ring = EventRing(secrets.token_hex(8), settings.event_ring_size)
    keeper = Keeper(directory, limits(settings), ring, stored, link.send, Uids.of(settings))
    sampler = Sampler(keeper, settings, os.getpid())
    checks = Checks(directory, settings, keeper, link.send)
    checks.clear()
    keeper.adopt(await link.table())
    await keeper.look_for_open_trades()
    link.listen(lambda frame: _heard(frame, sampler, checks, keeper))
    asking = Asking(settings.gateway_url, settings.pool_id)
    risk, watcher = Risk(keeper, settings.pool_id), Watcher(keeper, settings.paper_exchange_url, asking)
    turns = Turns(settings.loops_at_once)
    taken = Taken()
    mapping = Mapping(directory, asking, taken=taken)
    mapping.prepare()
    bots = BotServer(Reception(keeper, risk, watcher, turns, taken), settings.slots_total)
    await bots.start(directory / "agent.sock", open_to_all=settings.bot_uid_first is not None)
    relay = Relay(keeper)
    version = os.environ.get("FLOTILLA_IMAGE_VERSION")
    desk = Desk(settings, tokens, datetime.now(UTC), keeper, ring, sampler, relay, risk, watcher, checks, version)
    runner = web.AppRunner(build(desk), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    listener = _listen(directory, settings)
    await web.SockSite(runner, listener).start()
    _tell_endpoint(directory, listener, keeper.init_pid)
    logger.info("listening on {}, incarnation {}", listener.getsockname(), keeper.incarnation)
    try:
        beside = (sampler.measure(), risk.watch(), watcher.watch_prices(), turns.tend(), mapping.run())
        return await _live(keeper, [*beside, _forget_old(tokens)], link, settings)
    finally:
        bots.stop()
        await relay.close()
        await runner.cleanup()


def _heard(frame: Wire, sampler: Sampler, checks: Checks, keeper: Keeper) -> None:
    """A frame of init's, to whom it concerns."""
    if isinstance(frame, Readings):
        sampler.take(frame)
        checks.take(frame)
    elif not checks.took(frame):
        keeper.init_said(frame)


def limits(settings: PoolSettings) -> Limits:
    """What decisions depend on."""
    return Limits(
        restart_backoff=settings.restart_backoff_seconds,
        restart_backoff_limit=settings.restart_backoff_limit_seconds,
        quarantine_crashes=settings.quarantine_crashes,
        quarantine_window=settings.quarantine_window_seconds,
        hang_margin=settings.hang_margin_seconds,
        connect_timeout=settings.connect_timeout_seconds,
        stop_timeout=settings.stop_timeout_seconds,
        starts_at_once=settings.starts_at_once,
    )


async def _live(
    keeper: Keeper, beside: Sequence[Coroutine[Any, Any, None]], link: InitLink, settings: PoolSettings
) -> int:
    terminated = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, terminated.set)
    pulse = asyncio.create_task(_pulse(keeper, link))
    others = [asyncio.create_task(work) for work in beside]
    try:
        done = await _first(
            link.gone.wait(), terminated.wait(), _shut_down(keeper, settings.stop_timeout_seconds), _outcome(pulse)
        )
    finally:
        for task in (pulse, *others):
            task.cancel()
    if link.gone.is_set():
        logger.warning("init has gone; ending at once")
        # The bots are nobody's to stop now: they end themselves, or the next init waits for their locks.
        os._exit(1)
    logger.info("ending{}", ", all bots have stopped" if done == 2 else "; bots go on")
    return 0


async def _first(*waits: Coroutine[Any, Any, Any]) -> int:
    """Index of the first to end; the rest are cancelled. Raises what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    first = next(task for task in tasks if task in done)
    first.result()
    return tasks.index(first)


async def _forget_old(tokens: Tokens) -> None:
    while True:
        await asyncio.sleep(_FORGET_SECONDS)
        tokens.forget()


async def _outcome(task: "asyncio.Task[None]") -> None:
    await task


async def _pulse(keeper: Keeper, link: InitLink) -> None:
    """Decides twice a second and tells init that it does; an error in here ends the agent, and init starts it anew."""
    before = told_at = time.monotonic()
    link.tell_alive()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        now = time.monotonic()
        late = now - before - _TICK_SECONDS
        before = now
        keeper.tick(late if late > _HELD_UP_SECONDS else 0.0)
        if now - told_at >= _ALIVE_SECONDS:
            told_at = now
            link.tell_alive()


async def _shut_down(keeper: Keeper, stop_timeout_seconds: float) -> None:
    """Once init says that the pool ends: until no bot lives, or too long."""
    await keeper.shutdown_asked.wait()
    ended = asyncio.Event()
    keeper.run_ended.append(lambda _bot_id, _run_id: ended.set())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(stop_timeout_seconds + _SHUTDOWN_MARGIN_SECONDS):
            while keeper.living:
                await ended.wait()
                ended.clear()
    await keeper.save()


def _tokens(directory: Path) -> Tokens:
    try:
        return Tokens(directory)
    except BadToken as problem:
        raise CannotStart(str(problem)) from problem


def _listen(directory: Path, settings: PoolSettings) -> socket.socket:
    """A bound socket: on the port of the settings, else on that of the last agent, else on any."""
    wanted = [settings.agent_port] if settings.agent_port else [_last_port(directory), 0]
    for port in wanted:
        try:
            return _bind(settings.agent_host, port)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE and port != wanted[-1]:
                continue
            place = f"{settings.agent_host}:{port}"
            raise CannotStart(f"the agent cannot listen on {place}: {problem.strerror}") from problem
    raise CannotStart("the agent found no port to listen on")


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _last_port(directory: Path) -> int:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        port = int(json.loads((directory / "endpoint.json").read_text())["port"])
        if 0 < port < 65536:
            return port
    return 0


def _tell_endpoint(directory: Path, listener: socket.socket, init_pid: int) -> None:
    host, port = listener.getsockname()[:2]
    endpoint = {"host": host, "port": port, "pid": init_pid, "started_at": datetime.now(UTC).isoformat()}
    write_atomically(directory / "endpoint.json", json.dumps(endpoint).encode(), mode=0o644)
