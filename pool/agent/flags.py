"""Flag files: `HALT` in the pool's directory and in the bots', looked at twice a second, and written for the bots.

A bot reads its own before every order, so it is halted whatever else is dead. The agent copies the pool's into the
directories of all of its bots, and takes the copies away with it.

Where an order halts a bot it leaves a flag, so that one that is started meanwhile stays halted; a later order that does
not halt takes it away. What a person wrote stays, whatever is ordered, until an administrator releases the bot
(`RiskOrder.released_number`) or somebody removes the file by hand. A release counts only if it was decided after the
control plane knew of the flag: `seen` notes the number of the last one that was not, once there is an order that was
read from the database after the agent had told of the flag.

A bot may put anything in its own directory: what is no plain file, or no flag, halts it as well.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger
from pydantic import ValidationError

from pool.agent.files import bot_directory, open_plain, write_atomically
from pool.bot.universal.standing import boot_clock
from pool.contract.risk import HALT_FLAG, Flag, Mode, RiskOrder

_MOST_BYTES = 256 * 1024
UNREADABLE = Flag(why="the flag file cannot be read")


@dataclass(frozen=True, slots=True)
class Bot:
    """A slot, and the last order about it, with `RiskOrders.looked` of that."""

    bot_id: str
    order: RiskOrder | None = None
    looked: float | None = None


class Flags:
    """The flag files below a pool's directory. `clock` is the one that the agent tells the control plane."""

    def __init__(self, pool: Path, pool_id: str, clock: Callable[[], float] = boot_clock) -> None:
        self._pool = pool
        self._pool_id = pool_id
        self._clock = clock
        self._since: dict[tuple[Path, str], float] = {}
        """When a person's flag was first seen, by file and bot, as long as its note is not made."""
        self._since_before = self._since
        self._troubled: set[Path] = set()
        """What could not be written at the last look, and was logged."""

    def look(self, bots: Sequence[Bot]) -> dict[str, Flag]:
        """Reads all flags, and writes and removes what belongs in the bots' directories; the flags that hold now, by
        bot. What cannot be written is tried again at the next look."""
        self._since_before, self._since = self._since, {}
        flag = _read(self._pool / HALT_FLAG)
        if flag is not None:
            flag = self._noted(flag, bots)
        held: dict[str, Flag] = {}
        for bot in bots:
            of_pool = flag if flag is not None and not _is_released(flag, bot.bot_id) else None
            found = self._keep(bot, of_pool)
            if found is not None:
                held[bot.bot_id] = found
        return held

    def _noted(self, flag: Flag, bots: Sequence[Bot]) -> Flag | None:
        """The pool's flag with what is known of each bot; None once all were released, and it is removed."""
        file, seen = self._pool / HALT_FLAG, dict(flag.seen)
        for bot in bots:
            if _is_released(flag, bot.bot_id):
                continue
            before = seen.get(bot.bot_id)
            if before is None:
                note = self._note(file, bot)
                seen |= {} if note is None else {bot.bot_id: note}
            elif _is_freed(bot, before):
                seen[bot.bot_id] = None
        noted = flag.model_copy(update={"seen": seen})
        if bots and all(_is_released(noted, bot.bot_id) for bot in bots):
            logger.info("all bots were released: the pool's flag file is removed")
            self._remove(file, flag)
        elif noted != flag:
            self._write(file, flag, noted)
        return noted

    def _note(self, file: Path, bot: Bot) -> int | None:
        """The number of the last release that does not count for a flag; None while that is not known."""
        since = self._since_before.get((file, bot.bot_id), self._clock())
        if bot.order is not None and bot.looked is not None and since < bot.looked:
            return bot.order.released_number
        self._since[file, bot.bot_id] = since
        return None

    def _keep(self, bot: Bot, of_pool: Flag | None) -> Flag | None:
        """The bot's flag as it is to be, written where it is not."""
        directory = bot_directory(self._pool, bot.bot_id)
        file = directory / HALT_FLAG
        found = _read(file)
        wanted = self._wanted(bot, found, of_pool)
        if wanted is None:
            return found if found is not None and not self._remove(file, found) else None
        if wanted != found and directory.is_dir():  # there is none of a bot that never ran; what starts it makes it
            self._write(file, found, wanted)
        return wanted

    def _wanted(self, bot: Bot, found: Flag | None, of_pool: Flag | None) -> Flag | None:
        own = self._own(bot, found if found is None or found.pool != self._pool_id else None)
        if of_pool is None:
            return own
        if own is not None:
            return own.model_copy(update={"flatten": own.flatten or of_pool.flatten})
        note = of_pool.seen.get(bot.bot_id)
        seen = {} if note is None else {bot.bot_id: note}
        return Flag(flatten=of_pool.flatten, why=of_pool.why, at=of_pool.at, pool=self._pool_id, seen=seen)

    def _own(self, bot: Bot, found: Flag | None) -> Flag | None:
        """The bot's flag but for the pool's, after the last order."""
        order = bot.order
        if order is None:
            return found
        if found is not None and found.ordered is None:  # a person's, or it came with the bot from another pool
            before = found.seen.get(bot.bot_id)
            if before is None:
                file = bot_directory(self._pool, bot.bot_id) / HALT_FLAG
                note = self._note(file, bot)
                return found if note is None else found.model_copy(update={"seen": {bot.bot_id: note}})
            if not _is_freed(bot, before):
                return found
            found = None
        before = None if found is None else found.ordered
        if order.mode is Mode.HALTED:
            if before is not None and before >= order.number:
                return found
            return Flag(flatten=order.flatten, why=order.why, at=datetime.now(UTC), ordered=order.number)
        if found is not None and before == order.number:
            # The same number halts no more: its database was restored from before the halt. A person has to decide.
            return found.model_copy(update={"ordered": None})
        return None if before is None or order.number > before else found

    def _write(self, file: Path, before: Flag | None, flag: Flag) -> None:
        """Not where somebody has written or removed it meanwhile: that is seen at the next look."""
        if _read(file) == before:
            self._try(file, lambda: write_atomically(file, flag.to_json(), mode=0o644))

    def _remove(self, file: Path, flag: Flag) -> bool:
        """Nor where somebody has written another one meanwhile."""
        return _read(file) in (flag, None) and self._try(file, lambda: file.unlink(missing_ok=True))

    def _try(self, file: Path, change: Callable[[], None]) -> bool:
        try:
            change()
        except OSError as problem:
            if file not in self._troubled:
                logger.error("cannot change the flag file in {}: {}", file.parent.name, problem.strerror)
                self._troubled.add(file)
            return False
        self._troubled.discard(file)
        return True


def _is_released(flag: Flag, bot_id: str) -> bool:
    return bot_id in flag.seen and flag.seen[bot_id] is None


def _is_freed(bot: Bot, before: int) -> bool:
    return bot.order is not None and bot.order.released_number > before


def _read(file: Path) -> Flag | None:
    try:
        descriptor = open_plain(file)
    except FileNotFoundError:
        return None
    except OSError:
        return UNREADABLE
    with os.fdopen(descriptor, "rb") as stream:
        try:
            return Flag.model_validate_json(stream.read(_MOST_BYTES))
        except (OSError, ValidationError):
            return UNREADABLE
