"""Moving a bot's directory to another pool: sent by the source's agent, kept by the target's.

Sending fences first: the directory is marked with the epoch under which its bot was stopped, and the slot refuses
lower ones, so whoever is late with a start finds that it is not his any more. Both sides hold the slot's lock and the
directory's own, so no process can begin meanwhile. What arrives is unpacked beside, compared, and put into place by one
rename; whatever was there before goes to the archive. The same parcel may be sent again and again.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from loguru import logger

from pool.agent import parcel
from pool.agent.files import archive, bot_directory, read_epoch, sync_directory, write_atomically
from pool.agent.keeper import Keeper
from pool.agent.parcel import BadParcel, InUse, Parcel
from pool.agent.problems import Refused, slot_not_found, stale_epoch
from pool.contract.errors import AgentErrorCode
from pool.contract.slots import DesiredState
from pool.contract.transfer import DIGEST_HEADER, DirectoryReport

_FOR_THE_BOT = 0o644
"""It reads the file as neither owner nor group; none but agent and bot enter the directory."""
_WRITE_SECONDS = 30.0
_READ_SECONDS = 30.0
_SLACK_BYTES = 64 * 2**20
"""Beyond what a bot may hold: its log and what came before the limit."""


async def send(keeper: Keeper, bot_id: str, epoch: int, limit_bytes: int, request: web.Request) -> web.StreamResponse:
    """Streams the directory of a bot that is stopped under just this epoch. Raises Refused, OSError."""
    async with keeper.lock(bot_id):
        _check_at_rest(keeper, bot_id, epoch)
        directory = bot_directory(keeper.directory, bot_id)
        async with _held(directory):
            packed = await asyncio.to_thread(_fence_and_survey, directory, bot_id, epoch, limit_bytes + _SLACK_BYTES)
            response = web.StreamResponse(headers={"Content-Type": "application/x-tar", DIGEST_HEADER: packed.digest})
            await response.prepare(request)
            await _stream(response, directory, packed, request)
            return response


async def receive(keeper: Keeper, bot_id: str, epoch: int, limit_bytes: int, request: web.Request) -> DirectoryReport:
    """Keeps a directory, marked with this epoch, for a bot that has no slot here. Raises Refused, OSError."""
    expected = request.headers.get(DIGEST_HEADER, "")
    async with keeper.lock(bot_id):
        _check_free(keeper, bot_id, epoch)
        with _staging(keeper.directory, bot_id) as staging:
            await _take_in(request, staging / "tar", 2 * (limit_bytes + _SLACK_BYTES))
            _check_free(keeper, bot_id, epoch)
            try:
                unpacked = await asyncio.to_thread(
                    parcel.unpack, staging / "tar", staging / bot_id, limit_bytes + _SLACK_BYTES
                )
            except BadParcel as problem:
                raise _refused(f"what was sent is not right: {problem}") from problem
            if unpacked.digest != expected:
                raise _refused("what arrived is not what was sent; send it again")
            await asyncio.to_thread(_put_in_place, keeper.directory, bot_id, epoch, staging / bot_id)
    logger.info("keeping the directory of bot {} under epoch {}: {} files", bot_id, epoch, len(unpacked.files))
    return DirectoryReport(
        epoch=epoch, files=len(unpacked.files), size_bytes=unpacked.size_bytes, digest=unpacked.digest
    )


async def put_away(keeper: Keeper, bot_id: str, epoch: int) -> bool:
    """Archives the directory of a bot that has no slot; False where there is none. The slot's lock must be held.
    Raises Refused, OSError."""
    directory = bot_directory(keeper.directory, bot_id)
    if not await asyncio.to_thread(directory.is_dir):
        return False
    known = max(await asyncio.to_thread(read_epoch, directory), keeper.deleted.get(bot_id, 0))
    if known > epoch:
        raise stale_epoch(bot_id, epoch, known)
    await asyncio.to_thread(_archive, keeper.directory, bot_id)
    keeper.deleted[bot_id] = epoch
    await keeper.save()
    return True


# ---- sending


def _check_at_rest(keeper: Keeper, bot_id: str, epoch: int) -> None:
    entry = keeper.entries.get(bot_id)
    if entry is None:
        raise slot_not_found(bot_id)
    facts = entry.facts
    if epoch < facts.spec.epoch:
        raise stale_epoch(bot_id, epoch, facts.spec.epoch)
    stopped = facts.spec.desired is DesiredState.STOPPED and facts.spec.epoch == epoch
    if not stopped or facts.run is not None or facts.is_wanted or facts.deleting:
        raise _in_use(f"bot {bot_id} is not at rest under epoch {epoch}: stop it first, keeping its trades")


def _fence_and_survey(directory: Path, bot_id: str, epoch: int, limit_bytes: int) -> Parcel:
    known = read_epoch(directory)
    if known > epoch:
        raise stale_epoch(bot_id, epoch, known)
    if known < epoch:
        write_atomically(directory / "epoch", f"{epoch}\n".encode(), mode=0o644)
    try:
        return parcel.survey(directory, limit_bytes)
    except BadParcel as problem:
        raise _refused(f"the directory of bot {bot_id} cannot be moved: {problem}") from problem


async def _stream(response: web.StreamResponse, directory: Path, packed: Parcel, request: web.Request) -> None:
    chunks = parcel.pack(directory, packed)
    try:
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(chunk)
        await response.write_eof()
    except (OSError, BadParcel, TimeoutError) as problem:
        # The answer has begun: cutting it off is the only way to say so.
        logger.warning("sending {} broke off: {}", directory.name, problem)
        if request.transport is not None:
            request.transport.abort()


# ---- receiving


def _check_free(keeper: Keeper, bot_id: str, epoch: int) -> None:
    if bot_id in keeper.entries:
        raise _in_use(f"bot {bot_id} has a slot in this pool already")
    if epoch <= keeper.deleted.get(bot_id, 0):
        raise stale_epoch(bot_id, epoch, keeper.deleted[bot_id])
    directory = bot_directory(keeper.directory, bot_id)
    known = read_epoch(directory) if directory.is_dir() else 0
    if known > epoch:
        raise stale_epoch(bot_id, epoch, known)


@contextlib.contextmanager
def _staging(pool: Path, bot_id: str) -> Iterator[Path]:
    """A place beside, gone afterwards; also what an agent left there that was killed."""
    shelf = pool / "staging"
    shelf.mkdir(mode=0o700, exist_ok=True)
    for old in shelf.glob(f"{bot_id}.*"):
        shutil.rmtree(old, ignore_errors=True)
    staging = shelf / f"{bot_id}.{secrets.token_hex(8)}"
    staging.mkdir(mode=0o700)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


async def _take_in(request: web.Request, tar: Path, limit_bytes: int) -> None:
    taken = 0
    with tar.open("xb") as file:
        while True:
            async with asyncio.timeout(_READ_SECONDS):
                chunk = await request.content.read(parcel.CHUNK_BYTES)
            if not chunk:
                break
            taken += len(chunk)
            if taken > limit_bytes:
                raise _refused(f"what was sent is over the limit of {limit_bytes} bytes")
            await asyncio.to_thread(file.write, chunk)


def _put_in_place(pool: Path, bot_id: str, epoch: int, staged: Path) -> None:
    write_atomically(staged / "epoch", f"{epoch}\n".encode())
    directory = bot_directory(pool, bot_id)
    directory.parent.mkdir(mode=0o700, exist_ok=True)
    if directory.is_dir():
        _archive(pool, bot_id)
    staged.rename(directory)
    sync_directory(directory.parent)


# ---- both


def _archive(pool: Path, bot_id: str) -> None:
    descriptor = _hold(bot_directory(pool, bot_id))
    try:
        archive(pool, bot_id, datetime.now(UTC))
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _held(directory: Path) -> AsyncIterator[None]:
    """Of a bot that never ran the directory is made, so that the fence has a place."""
    descriptor = await asyncio.to_thread(_made_and_held, directory)
    try:
        yield
    finally:
        os.close(descriptor)


def _made_and_held(directory: Path) -> int:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _hold(directory)


def _hold(directory: Path) -> int:
    try:
        return parcel.hold(directory)
    except InUse as problem:
        raise _in_use(f"{problem}; it is tried again") from problem


def _refused(message: str) -> Refused:
    return Refused(AgentErrorCode.INVALID_SPEC, message, field="directory")


def _in_use(message: str) -> Refused:
    return Refused(AgentErrorCode.IN_USE, message)
