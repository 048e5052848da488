"""Carries out what the table decided on a slot: files, frames to init and to the bot, events."""

import asyncio
import secrets
import signal
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger
from pydantic import SecretStr

from pool.agent import files, table
from pool.agent.announcer import Announcer
from pool.agent.bot_link import command_frame
from pool.agent.entry import Entry
from pool.agent.facts import (
    Action,
    Announce,
    Archive,
    Kill,
    Limits,
    LookUpTrades,
    Start,
    Tell,
    Withdraw,
    WriteFiles,
)
from pool.contract.events import EventType
from pool.contract.frames import Forget, Fork, Signal

ToInit = Callable[[Fork | Signal | Forget], None]


class Actor:
    """Calls `archived` with a slot whose directory has gone, `reconsider` with one that must be decided on again."""

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        announcer: Announcer,
        send_to_init: ToInit,
        archived: Callable[[Entry], None],
        reconsider: Callable[[Entry], None],
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._announcer = announcer
        self._send_to_init = send_to_init
        self._archived = archived
        self._reconsider = reconsider
        self._tasks: set[asyncio.Task[None]] = set()

    def act(self, entry: Entry, action: Action, now: float) -> None:
        """One action; failures on our side make the slot wait and are logged."""
        match action:
            case Start():
                self._start(entry, now)
            case WriteFiles():
                self._write_files(entry, now)
            case Tell():
                if entry.connection is not None:
                    entry.connection.send(command_frame(action.name))
            case Kill():
                self._kill(entry, action.signal)
            case Withdraw():
                if entry.run_id is not None:
                    self._send_to_init(Forget(run_id=entry.run_id))
            case LookUpTrades():
                self.spawn(self._look_up_trades(entry))
            case Archive():
                self._archive(entry, now)
            case Announce():
                self._announce(entry, action, now)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Runs `work` beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start(self, entry: Entry, now: float) -> None:
        if not self._write_files(entry, now):
            return
        run_id, nonce = secrets.token_hex(8), secrets.token_hex(16)
        entry.facts = table.requested(entry.facts, run_id, now)
        entry.new_run(nonce, datetime.now(UTC), now)
        self._send_to_init(
            Fork(
                bot_id=entry.bot_id,
                run_id=run_id,
                epoch=entry.facts.spec.epoch,
                nonce=SecretStr(nonce),
                directory=str(files.bot_directory(self._directory, entry.bot_id)),
                uid=entry.facts.uid,
            )
        )

    def _write_files(self, entry: Entry, now: float) -> bool:
        try:
            files.write_slot_files(self._directory, entry.bot_id, entry.facts.spec)
        except OSError as problem:
            logger.error("cannot write the files of bot {}: {}", entry.bot_id, problem)
            entry.facts = table.later(entry.facts, now, self._limits)
            return False
        return True

    def _kill(self, entry: Entry, number: int) -> None:
        if entry.run_id is not None:
            logger.info("sending {} to bot {}", signal.Signals(number).name, entry.bot_id)
            self._send_to_init(Signal(run_id=entry.run_id, signal=number))

    async def _look_up_trades(self, entry: Entry) -> None:
        directory = files.bot_directory(self._directory, entry.bot_id)
        try:
            count = await asyncio.to_thread(files.count_open_trades, directory, entry.facts.spec.trading)
        except (sqlite3.Error, OSError) as problem:
            logger.warning("cannot count the open trades of bot {}: {}", entry.bot_id, problem)
            facts = table.later(entry.facts, time.monotonic(), self._limits)
            entry.facts = replace(facts, looking_up_trades=False)
            return
        if entry.facts.run is None and entry.facts.looking_up_trades:
            entry.facts = replace(entry.facts, open_trades=count, looking_up_trades=False, flattened=count == 0)
            self._reconsider(entry)

    def _archive(self, entry: Entry, now: float) -> None:
        try:
            files.archive(self._directory, entry.bot_id, datetime.now(UTC))
        except OSError as problem:
            logger.error("cannot archive the directory of bot {}: {}", entry.bot_id, problem)
            entry.facts = table.later(entry.facts, now, self._limits)
            return
        logger.info("bot {} is gone", entry.bot_id)
        self._archived(entry)

    def _announce(self, entry: Entry, action: Announce, now: float) -> None:
        match action.event:
            case "started":
                pid = entry.facts.run.pid if entry.facts.run is not None else None
                data = {"pid": pid, "start_milliseconds": round((now - entry.requested_at) * 1000, 1)}
                self._announcer.announce(entry, EventType.STARTED, data)
            case "hung":
                logger.warning("bot {} hangs: {}", entry.bot_id, action.message)
                self._announcer.announce(entry, EventType.HUNG, {"reason": action.message})
