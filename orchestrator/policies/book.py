"""What every bot is to be told of its policy, kept at hand: versions never change, so each is read and resolved once.

`PolicyBook.read` asks the database only which versions are the latest, and reads those that it does not know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import Conflict
from orchestrator.policies import repository, service
from orchestrator.policies.models import PolicyVersionModel
from orchestrator.policies.subjects import GUARDRAILS, Content, default_of, override_of
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.rules.resolve import Resolved, Versions, in_force

NOTHING = in_force(Resolved(PolicyDocument(), {}), Versions())
"""Of a bot that nobody wrote a policy for. It is told only to those that keep another one."""


@dataclass(frozen=True, slots=True)
class _Known:
    row: PolicyVersionModel
    content: Content | None


class PolicyBook:
    """One per task: nothing in here may be asked from two at once."""

    def __init__(self) -> None:
        self._known: dict[int, _Known | None] = {}
        self._resolved: dict[tuple[int, int, int], PolicyInForce] = {}
        self.unreadable: frozenset[str] = frozenset()
        """Of the bots that were asked for last, those with a policy that this Flotilla cannot read."""

    async def read(
        self, session: AsyncSession, bots: Sequence[tuple[str, str]], *, these_only: bool = False
    ) -> Mapping[str, PolicyInForce]:
        """By bot, of these (bot, owner). A bot is absent where nobody wrote a policy that concerns it, and where one
        does that this Flotilla cannot read: those are `unreadable`. `these_only`: they are few, nothing of others need
        be read."""
        heads = await repository.heads(session, _subjects(bots) if these_only else None)
        await self._learn(session, set(heads.values()))
        found: dict[str, PolicyInForce] = {}
        used: dict[tuple[int, int, int], PolicyInForce] = {}
        unreadable: set[str] = set()
        rails = heads.get(GUARDRAILS.key, 0)
        for bot_id, owner_id in bots:
            key = (
                heads.get(default_of(owner_id).key, 0),
                heads.get(override_of(owner_id, bot_id).key, 0),
                rails,
            )
            if any(number and self._known[number] is None for number in key):
                unreadable.add(bot_id)
                continue
            if not any(key):
                continue
            used[key] = found[bot_id] = used.get(key) or self._resolved.get(key) or self._resolve(key)
        self._resolved, self.unreadable = used, frozenset(unreadable)
        return found

    async def _learn(self, session: AsyncSession, numbers: set[int]) -> None:
        self._known = {number: known for number, known in self._known.items() if number in numbers}
        missing = numbers - self._known.keys()
        if not missing:
            return
        for row in await repository.rows(session, missing):
            try:
                known = _Known(row, service.told(row))
            except Conflict as error:
                # Of a newer Flotilla: its bots keep what they have rather than something that nobody wrote.
                logger.error("a policy cannot be read: {}", error)
                known = None
            self._known[row.number or 0] = known

    def _resolve(self, key: tuple[int, int, int]) -> PolicyInForce:
        known = [self._known[number] for number in key if number]
        rows = {one.row.kind: one.row for one in known if one is not None}
        contents = {one.row.kind: one.content for one in known if one is not None}
        return in_force(service.resolve_contents(contents), service.versions_of(rows))


def _subjects(bots: Sequence[tuple[str, str]]) -> set[str]:
    found = {GUARDRAILS.key}
    for bot_id, owner_id in bots:
        found |= {default_of(owner_id).key, override_of(owner_id, bot_id).key}
    return found
