"""Parcels of bots that come from another home: `arrivals/<bot_id>.parcel` in this one, put there by an administrator.

`flotilla bots pack` made them (see `pool.packing`). One is handed to the agent of the bot's pool, which compares it
with its digest, and then renamed to `….placed-<epoch>`, so that it is not handed over again; the file stays until
somebody deletes it. A crash in between repeats the hand-over, which replaces the same by the same: the bot has no slot
before. What fails a digest is not sent again until another file is in its place.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from loguru import logger
from pydantic import ValidationError

from orchestrator.errors import AgentUnreachable, Error, InvalidSpec
from orchestrator.pools.client import AgentClient, Parcel
from orchestrator.reconcile.actions import Arrival, Arrivals
from pool.contract.transfer import PARCEL_HEADER_LIMIT, PARCEL_SUFFIX, ParcelHeader

_CHUNK_BYTES = 256 * 1024
_PLACED = f"{PARCEL_SUFFIX}.placed-"
_Stamp = tuple[int, int, int]
"""Inode, size and time of the last change: another one is another parcel."""


class ArrivalsDirectory:
    """`directory` need not exist."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, tuple[_Stamp, Arrival]] = {}
        self._looked = Arrivals()
        self._told: str | None = None

    async def look(self) -> Arrivals:
        """What there is; what was there last while the directory cannot be read."""
        try:
            self._looked = await asyncio.to_thread(self._look)
            problem = None
        except OSError as error:
            problem = f"{error.filename or self._directory}: {error.strerror or error}"
        if problem is not None and problem != self._told:
            logger.error("parcels that wait in the home cannot be seen: {}", problem)
        self._told = problem
        return self._looked

    async def hand_over(self, agent: AgentClient, bot_id: str, epoch: int) -> None:
        """Has the agent keep the directory under this epoch. Raises Error where that fails; the parcel then stays."""
        file = self._directory / f"{bot_id}{PARCEL_SUFFIX}"
        try:
            stream = await asyncio.to_thread(file.open, "rb")
            try:
                header = await asyncio.to_thread(_header, stream)
                kept = await agent.put_directory(bot_id, epoch, Parcel(header.digest, _chunks(stream)))
            finally:
                await asyncio.to_thread(stream.close)
            if kept.digest != header.digest:
                raise AgentUnreachable(f"{agent.pool_id} keeps something else; it is handed over again.")
            await asyncio.to_thread(self._put_aside, file, epoch)
        except InvalidSpec as error:
            self._refuse(bot_id, error.message)
            raise
        except (OSError, ValueError) as error:
            raise Error(f"{file.name} cannot be handed over: {error}.") from error
        logger.info("bot {} arrived in {} with {} files under epoch {}", bot_id, agent.pool_id, kept.files, epoch)

    def _look(self) -> Arrivals:
        try:
            names = os.listdir(self._directory)
        except FileNotFoundError:
            return Arrivals()
        found: dict[str, tuple[_Stamp, Arrival]] = {}
        placed: set[tuple[str, int]] = set()
        for name in names:
            bot_id, _, epoch = name.partition(_PLACED)
            if epoch.isdecimal():
                placed.add((bot_id, int(epoch)))
            elif name.endswith(PARCEL_SUFFIX):
                bot_id = name.removesuffix(PARCEL_SUFFIX)
                known = self._known.get(bot_id)
                try:
                    stamp = _stamp(self._directory / name)
                    found[bot_id] = known if known and known[0] == stamp else (stamp, self._read(name, bot_id))
                except FileNotFoundError:
                    continue  # handed over or taken away meanwhile
        self._known = found
        return Arrivals({bot_id: arrival for bot_id, (_, arrival) in found.items()}, frozenset(placed))

    def _read(self, name: str, bot_id: str) -> Arrival:
        try:
            with (self._directory / name).open("rb") as stream:
                header = _header(stream)
        except FileNotFoundError:
            raise
        except OSError as error:
            return Arrival(name, 0, f"It cannot be read ({error.strerror}).")
        except ValueError:
            return Arrival(name, 0, "It is damaged, or no parcel.")
        if header.bot_id != bot_id:
            return Arrival(name, 0, f"It is the parcel of {header.bot_id}.")
        return Arrival(name, header.epoch)

    def _refuse(self, bot_id: str, why: str) -> None:
        """The parcel is not right: it is not sent again until another one is in its place."""
        known = self._known.get(bot_id)
        if known is not None:
            self._known[bot_id] = (known[0], Arrival(known[1].file, known[1].epoch, f"{why.rstrip('.')}."))

    def _put_aside(self, file: Path, epoch: int) -> None:
        file.rename(file.with_name(f"{file.name.removesuffix(PARCEL_SUFFIX)}{_PLACED}{epoch}"))
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _stamp(file: Path) -> _Stamp:
    about = file.stat()
    return about.st_ino, about.st_size, about.st_mtime_ns


def _header(stream: BinaryIO) -> ParcelHeader:
    """Raises ValueError where there is none. The stream stands behind it then."""
    line = stream.readline(PARCEL_HEADER_LIMIT)
    try:
        return ParcelHeader.model_validate_json(line)
    except ValidationError:
        raise ValueError("it is damaged, or no parcel") from None


async def _chunks(stream: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(stream.read, _CHUNK_BYTES):
        yield chunk
