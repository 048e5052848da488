"""`python -m pool.packing --to DIRECTORY POOL…`: the bots of pools that do not run, packed for another home.

One file a bot, `<bot_id>.parcel` (see `pool.contract.transfer`), mode 0600, in a new DIRECTORY that is there whole or
not at all. Each pool's own lock and each bot's are held meanwhile, so nothing runs and nothing can begin to. Then every
directory is marked with an epoch above all that its bot ever had here: from now on no pool of this home can run it, so
that it never trades in two places. Of a bot that left a directory in several pools (a move was under way), the one that
may have traded last is packed: that of the slot with the highest epoch.

Standard output has what was packed: a JSON list of `ParcelHeader`. Exit codes: 0, or 1 where nothing was packed, told
in a sentence on standard error.
"""

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pool.agent import parcel, store
from pool.agent.files import bot_directory, read_epoch, sync_directory, write_atomically
from pool.agent.parcel import BadParcel, InUse
from pool.agent.store import CorruptSlots
from pool.contract.model import BotId
from pool.contract.transfer import PARCEL_SUFFIX, ParcelHeader

_BOT_ID: TypeAdapter[str] = TypeAdapter(BotId)
_NO_LIMIT = sys.maxsize
"""A directory that is too large for a pool is refused where it arrives, with nothing lost."""


class CannotPack(Exception):
    """Says in a sentence why nothing was packed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bot's directory in one pool."""

    pool: Path
    bot_id: str
    has_slot: bool
    epoch: int
    """The highest that the pool knows of it."""

    @property
    def directory(self) -> Path:
        return bot_directory(self.pool, self.bot_id)


def pack(pools: Sequence[Path], target: Path) -> list[ParcelHeader]:
    """Writes `target`, which must not exist, and fences what it packed. Raises CannotPack, OSError."""
    if target.exists():
        raise CannotPack(f"{target} exists already: name a new directory.")
    draft = target.with_name(f".{target.name}.new")
    if draft.exists():
        shutil.rmtree(draft)  # of a packing that was killed
    with ExitStack() as held:
        for pool in pools:
            held.callback(os.close, _hold_pool(pool))
        bots = _bots(pools)
        if not bots:
            raise CannotPack("There is no bot to pack.")
        for places in bots.values():
            for place in places:
                held.callback(os.close, _hold_bot(place))
        draft.mkdir(mode=0o700, parents=True)
        try:
            headers = [_write(places, draft) for places in bots.values()]
            sync_directory(draft)
            with _fenced(bots, headers):
                draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        sync_directory(target.parent)
    return headers


def _hold_pool(pool: Path) -> int:
    """The lock that its init holds while it runs."""
    descriptor = os.open(pool / "init.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CannotPack(
            f"{pool.name} still runs: stop Flotilla and its pools first (Ctrl-C in `flotilla up`, which stops both)."
        ) from None
    return descriptor


def _hold_bot(place: Place) -> int:
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return parcel.hold(place.directory)
    except InUse:
        raise CannotPack(f"A process of {place.bot_id} still runs in {place.pool.name}: wait until it ended.") from None


def _bots(pools: Sequence[Path]) -> dict[str, list[Place]]:
    """All places of each bot, the one to pack first. Of what has a slot but never ran, the directory is made later."""
    found: dict[str, list[Place]] = {}
    for pool in pools:
        try:
            slots = {slot.bot_id: slot for slot in store.load(pool / "slots.json").slots}
        except CorruptSlots as problem:
            raise CannotPack(str(problem)) from problem
        going = {bot_id for bot_id, slot in slots.items() if slot.deleting}
        for bot_id in sorted((slots.keys() | _directories(pool / "bots")) - going):
            slot = slots.get(bot_id)
            epoch = max(slot.spec.epoch if slot is not None else 0, read_epoch(bot_directory(pool, bot_id)))
            found.setdefault(bot_id, []).append(Place(pool, bot_id, slot is not None, epoch))
    for places in found.values():
        places.sort(key=lambda place: (place.has_slot, place.epoch), reverse=True)
    return found


def _directories(shelf: Path) -> set[str]:
    found: set[str] = set()
    for entry in os.scandir(shelf) if shelf.is_dir() else ():
        if entry.is_dir(follow_symlinks=False):
            try:
                found.add(_BOT_ID.validate_python(entry.name))
            except ValidationError:
                continue  # no bot's
    return found


def _write(places: Sequence[Place], draft: Path) -> ParcelHeader:
    source = places[0]
    try:
        packed = parcel.survey(source.directory, _NO_LIMIT)
        header = ParcelHeader(
            bot_id=source.bot_id,
            epoch=max(place.epoch for place in places) + 1,
            files=len(packed.files),
            size_bytes=packed.size_bytes,
            digest=packed.digest,
        )
        descriptor = os.open(
            draft / f"{source.bot_id}{PARCEL_SUFFIX}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(header.to_json() + b"\n")
            for chunk in parcel.pack(source.directory, packed):
                file.write(chunk)
            file.flush()
            os.fsync(descriptor)
    except BadParcel as problem:
        raise CannotPack(f"The directory of {source.bot_id} cannot be packed: {problem}.") from problem
    return header


@contextmanager
def _fenced(bots: dict[str, list[Place]], headers: Sequence[ParcelHeader]) -> Iterator[None]:
    """Marks all directories before what follows; where that fails they are as they were."""
    epochs = {header.bot_id: header.epoch for header in headers}
    done: list[tuple[Path, int]] = []
    try:
        for place in (place for places in bots.values() for place in places):
            done.append((place.directory / "epoch", read_epoch(place.directory)))
            write_atomically(place.directory / "epoch", f"{epochs[place.bot_id]}\n".encode(), mode=0o644)
        yield
    except BaseException:
        for file, before in done:
            if before:
                write_atomically(file, f"{before}\n".encode(), mode=0o644)
            else:
                file.unlink(missing_ok=True)
        raise


def main(arguments: list[str] | None = None) -> int:
    """Answers the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pool.packing", description="Pack the bots of pools at rest.")
    parser.add_argument("--to", type=Path, required=True, help="directory to make; must not exist")
    parser.add_argument("pools", type=Path, nargs="+", help="directories of pools")
    told = parser.parse_args(arguments)
    os.umask(0o077)
    try:
        headers = pack([pool.absolute() for pool in told.pools], told.to.absolute())
    except CannotPack as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem.filename or told.to}: {problem.strerror or problem}; nothing was packed.", file=sys.stderr)
        return 1
    print(TypeAdapter(list[ParcelHeader]).dump_json(headers).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
