"""`slots.json`: what a restarted agent must know. No credentials; written durably before a request is acknowledged.

Saves are grouped: while one write is under way, all changes that arrive share the next one.
"""

import asyncio
import json
from collections.abc import Callable, Collection
from pathlib import Path

from loguru import logger
from pydantic import Field, ValidationError

from pool.agent.facts import Blocked, SlotFacts
from pool.agent.files import write_atomically
from pool.contract.model import BotId, Wire
from pool.contract.slots import Exit, SlotSpec


class CorruptSlots(Exception):
    """`slots.json` cannot be read; it is left as it is, for a person to look at."""


class StoredSlot(Wire):
    """What outlives the agent of one slot."""

    bot_id: BotId
    spec: SlotSpec
    deleting: bool
    blocked: Blocked | None
    flattened: bool
    starts: int
    last_generation: int
    last_run_id: str | None
    last_exit: Exit | None
    uid: int | None = None

    @classmethod
    def of(cls, facts: SlotFacts) -> "StoredSlot":
        return cls(
            bot_id=facts.bot_id,
            spec=facts.spec.model_copy(update={"credentials": None}),
            deleting=facts.deleting,
            blocked=facts.blocked,
            flattened=facts.flattened,
            starts=facts.starts,
            last_generation=facts.last_generation,
            last_run_id=facts.last_run_id,
            last_exit=facts.last_exit,
            uid=facts.uid,
        )

    def facts(self) -> SlotFacts:
        return SlotFacts(
            bot_id=self.bot_id,
            spec=self.spec,
            deleting=self.deleting,
            blocked=self.blocked,
            flattened=self.flattened,
            starts=self.starts,
            last_generation=self.last_generation,
            last_run_id=self.last_run_id,
            last_exit=self.last_exit,
            uid=self.uid,
        )


class StoredSlots(Wire):
    """The whole file."""

    version: int = 1
    slots: list[StoredSlot] = Field(default_factory=list)
    deleted: dict[BotId, int] = Field(default_factory=dict)
    """Epoch under which each of the last deleted bots went: an older or equal one must not bring it back."""


def load(file: Path) -> StoredSlots:
    """The stored slots, none where the file does not exist. Raises CorruptSlots, or OSError.

    A policy that this version does not take is left out, so that it keeps no other bot from being managed: the control
    plane sends what it wants again, and until then the bot finds its own `policy.json`, and denies entries.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return StoredSlots()
    try:
        return StoredSlots.model_validate_json(content)
    except ValidationError as problem:
        reduced = _without_policies(content, {one["loc"][1] for one in problem.errors() if _of_a_policy(one["loc"])})
    try:
        return StoredSlots.model_validate_json(reduced)
    except ValidationError as problem:
        where = ".".join(str(part) for part in problem.errors()[0]["loc"]) or "the file as a whole"
        raise CorruptSlots(f"{file} is corrupt (at {where}); mend it, or move it away to start empty.") from problem


def _of_a_policy(where: tuple[int | str, ...]) -> bool:
    return len(where) > 3 and (where[0], *where[2:4]) == ("slots", "spec", "policy")


def _without_policies(content: bytes, places: Collection[int | str]) -> bytes:
    if not places:
        return content
    stored = json.loads(content)
    for place in places:
        slot = stored["slots"][place]
        logger.error("the stored policy of bot {} is not taken by this version; it is waited for anew", slot["bot_id"])
        slot["spec"]["policy"] = None
    return json.dumps(stored).encode()


class SlotStore:
    """Writes what `current` answers."""

    def __init__(self, file: Path, current: Callable[[], StoredSlots]) -> None:
        self._file = file
        self._current = current
        self._lock = asyncio.Lock()
        self._asked = 0
        self._written = 0

    async def save(self) -> None:
        """Returns when everything up to this call is on disk. Raises OSError where that fails."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._written >= mine:
                return
            covers = self._asked
            await asyncio.to_thread(write_atomically, self._file, self._current().to_json())
            self._written = covers
